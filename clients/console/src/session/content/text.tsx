import { useMemo } from "preact/hooks";
import { useFold } from "./folded.js";
import { pretty } from "./json.js";

const LINES = 16;
const CHARACTERS = 4_000;

/** Text, or JSON in lines. */
export function Body({ id, text }: { id: string; text: string }) {
  const lines = useMemo(() => pretty(text), [text]);
  if (!text) return <p class="quiet">This event has an empty text.</p>;
  return <Text id={id} text={lines ?? text} code={lines !== undefined} />;
}

/** Text as it is, of which only the start is shown until somebody asks for all, if it is long. */
export function Text({ id, text, code = false }: { id: string; text: string; code?: boolean }) {
  const [isOpen, toggle] = useFold(id);
  const start = startOf(text);
  const shown = isOpen ? text : start;
  return (
    <>
      <div class={code ? "code" : "text"} dir="auto">{shown}</div>
      {start.length < text.length && (
        <button type="button" class="more" aria-expanded={isOpen} onClick={toggle}>
          {isOpen ? "Show the start only" : `Show all ${text.length.toLocaleString()} characters`}
        </button>
      )}
    </>
  );
}

function startOf(text: string): string {
  let end = -1;
  for (let line = 0; line < LINES; line++) {
    end = text.indexOf("\n", end + 1);
    if (end < 0 || end > CHARACTERS) return wellFormed(text.slice(0, CHARACTERS));
  }
  return text.slice(0, end);
}

/** Takes half an emoji from the end. */
function wellFormed(text: string): string {
  return /[\uD800-\uDBFF]$/.test(text) ? text.slice(0, -1) : text;
}
