/** JSON as it is, in lines: numbers keep all their digits, and names their order. */

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;
const MOST_CHARACTERS = 2 ** 20;
// What is nested more deeply is not indented further: a megabyte of brackets would become a terabyte of blanks.
const DEEPEST = 40;

/** Returns JSON text in lines, or undefined if it is none, or is neither an object nor a list. */
export function pretty(text: string): string | undefined {
  return isJson(text) ? indented(text) : undefined;
}

/** Returns the value of JSON text that is an object, or undefined. */
export function objectOf(text: string): Record<string, unknown> | undefined {
  if (!/^\s*\{/.test(text)) return undefined;
  const value = parsed(text);
  return value as Record<string, unknown> | undefined;
}

function isJson(text: string): boolean {
  return /^\s*[{[]/.test(text) && text.length <= MOST_CHARACTERS && parsed(text) !== undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function indented(text: string): string {
  let [out, depth, before] = ["", 0, ""];
  for (const [token] of text.matchAll(TOKEN)) {
    if (closes(token)) depth -= 1;
    if (isLineBetween(before, token)) out += `\n${"  ".repeat(Math.min(depth, DEEPEST))}`;
    if (opens(token)) depth += 1;
    out += token === ":" ? ": " : token;
    before = token;
  }
  return out;
}

function isLineBetween(before: string, token: string): boolean {
  return opens(before) ? !closes(token) : before === "," || closes(token);
}

function opens(token: string): boolean {
  return token === "{" || token === "[";
}

function closes(token: string): boolean {
  return token === "}" || token === "]";
}
