import type { ComponentChildren } from "preact";

/** A list of facts, each by its name. */
export function Facts({ children }: { children: ComponentChildren }) {
  return <dl class="facts">{children}</dl>;
}

/** A fact, such as when something was made. */
export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div class="fact">
      <dt dir="auto">{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
