interface Global {
  process?: { emitWarning?(text: string, options: { type: string }): void };
}

/** Emits a warning of Node.js, of the type `ActivitySessionWarning`; elsewhere, writes it to the console. */
export function warn(text: string): void {
  const { process } = globalThis as Global;
  if (process?.emitWarning) process.emitWarning(text, { type: "ActivitySessionWarning" });
  else console.warn(text);
}
