import { useShared } from "../context.js";
import { EventLink } from "../conversation/event_link.js";
import { Fold } from "./folded.js";
import { Body } from "./text.js";
import { counterpart, type Found } from "./tools.js";

const PREVIEW = 120;

/** A call of a tool, with its result; a result by itself only where its call is not shown. */
export function ToolContent(found: Found) {
  const { log } = useShared().live;
  const isOut = (sequence: number) => log.marks.over(sequence) > 0;
  // What is in view goes together with what is in view only.
  const get = (sequence: number) => (isOut(sequence) && !isOut(Number(found.event.sequence)) ? undefined : log.get(sequence));
  const other = counterpart(get, found);
  if (found.tool.role === "call") return <ToolCall call={found} result={other} />;
  return other ? <ResultElsewhere call={other} /> : <Body id={idOf(found)} text={found.tool.body} />;
}

/** A call in one line, which opens to the whole of it and of its result. */
function ToolCall({ call, result }: { call: Found; result: Found | undefined }) {
  const summary = (
    <>
      <span class="tool-name" dir="auto">{call.tool.name || call.event.type}</span>
      <span class="tool-preview" dir="auto">{previewOf(result ?? call)}</span>
      <span class={result ? "tool-state done" : "tool-state"}>{stateOf(result)}</span>
    </>
  );
  return (
    <Fold id={`tool ${idOf(call)}`} summary={summary}>
      {() => (
        <>
          <p class="fold-title">Call</p>
          <Body id={idOf(call)} text={call.tool.body} />
          {result && <p class="fold-title">Result</p>}
          {result && <Body id={idOf(result)} text={result.tool.body} />}
        </>
      )}
    </Fold>
  );
}

/** Stands at the place of a result that is shown with its call. */
function ResultElsewhere({ call: { event, tool } }: { call: Found }) {
  return (
    <p class="quiet">
      The result of call <EventLink at={Number(event.sequence)} />
      {tool.name && <> of <bdi>{tool.name}</bdi></>}, shown with it.
    </p>
  );
}

function idOf({ event, tool }: Found): string {
  return `${event.sequence} ${tool.role} ${tool.id}`;
}

function stateOf(result: Found | undefined): string {
  if (!result) return "no result yet";
  return `${result.tool.hasFailed ? "failed" : "result"} ${result.event.sequence}`;
}

function previewOf({ tool }: Found): string {
  const text = tool.body.replace(/\s+/g, " ");
  return text.length > PREVIEW ? `${text.slice(0, PREVIEW)} …` : text;
}
