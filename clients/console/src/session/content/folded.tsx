import type { ComponentChildren } from "preact";
import { useShared } from "../context.js";

/** Returns whether a part of an event is unfolded, and what folds or unfolds it. It stays so while rows come and go. */
export function useFold(key: string): [boolean, () => void] {
  const { unfolded } = useShared();
  const isOpen = unfolded.value.has(key);
  const toggle = () => {
    const next = new Set(unfolded.peek());
    if (!next.delete(key)) next.add(key);
    unfolded.value = next;
  };
  return [isOpen, toggle];
}

/** A line that opens and closes what is below it. */
export function Fold({ id, summary, children }: { id: string; summary: ComponentChildren; children: () => ComponentChildren }) {
  const [isOpen, toggle] = useFold(id);
  return (
    <div class="fold">
      <button type="button" class="fold-summary" aria-expanded={isOpen} onClick={toggle}>{summary}</button>
      {isOpen && <div class="fold-body">{children()}</div>}
    </div>
  );
}
