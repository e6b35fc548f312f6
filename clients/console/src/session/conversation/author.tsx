import { ParticipantType } from "activity-session/v1/participant";
import { useShared } from "../context.js";
import { idOf } from "../../shared/names.js";

const HUES = 24;

/** Returns a hue in degrees that a name always has: FNV-1a of it, in 24 steps. */
export function hueOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  return ((hash >>> 0) % HUES) * (360 / HUES);
}

/** An author: a mark in a colour of its own, round for a person and square for an agent, and the id. */
export function Author({ name, marked = true }: { name: string; marked?: boolean }) {
  const type = useShared().people.typeOf(name);
  if (!name) return <span class="author nobody">no author</span>;
  return (
    <span class="author" style={{ "--hue": hueOf(name) }}>
      {marked && <Mark name={name} />}
      <bdi class="author-id">{idOf(name)}</bdi>
      {type === ParticipantType.AGENT && <span class="author-type">agent</span>}
    </span>
  );
}

/** The mark of an author, which says nothing that the text beside it does not say. */
export function Mark({ name }: { name: string }) {
  const isAgent = useShared().people.typeOf(name) === ParticipantType.AGENT;
  if (!name) return <span class="face face-nobody" aria-hidden="true">–</span>;
  return (
    <span class={isAgent ? "face face-agent" : "face"} style={{ "--hue": hueOf(name) }} aria-hidden="true">
      {initialOf(name)}
    </span>
  );
}

function initialOf(name: string): string {
  const [first] = new Intl.Segmenter().segment(idOf(name));
  return first?.segment.toUpperCase() ?? "?";
}
