import type { Event } from "activity-session/v1/event";
import { go, href, toSession } from "../../routes.js";
import { useShared } from "../context.js";
import { Plain } from "./content.js";
import { Fold } from "./folded.js";
import { textOf } from "./kinds.js";
import type { Tool } from "./tools.js";

const PREVIEW = 120;

/** A call of a tool in one line, which opens to the whole of it and of its result. */
export function ToolCall({ event, tool, result }: { event: Event; tool: Tool; result: Event | undefined }) {
  const summary = (
    <>
      <span class="tool-name" dir="auto">{tool.name || event.type}</span>
      <span class="tool-preview" dir="auto">{previewOf(result ?? event)}</span>
      <span class={result ? "tool-state done" : "tool-state"}>{result ? `result ${result.sequence}` : "no result yet"}</span>
    </>
  );
  return (
    <Fold id={`tool ${event.sequence}`} summary={summary}>
      {() => (
        <>
          <h2>Call</h2>
          <Plain event={event} />
          {result && <h2>Result</h2>}
          {result && <Plain event={result} />}
        </>
      )}
    </Fold>
  );
}

/** Stands at the number of a result that is shown with its call. */
export function ToolResultElsewhere({ call, tool }: { call: Event; tool: Tool }) {
  const { live } = useShared();
  const to = toSession(live.name, { at: Number(call.sequence) });
  const show = (click: MouseEvent) => {
    click.preventDefault();
    go(to);
  };
  return (
    <p class="quiet">
      The result of <a href={href(to)} onClick={show}>call {String(call.sequence)}</a>
      {tool.name && <> of <bdi>{tool.name}</bdi></>}, shown with it.
    </p>
  );
}

function previewOf(event: Event): string {
  const text = (textOf(event) ?? "").replace(/\s+/g, " ");
  return text.length > PREVIEW ? `${text.slice(0, PREVIEW)} …` : text;
}
