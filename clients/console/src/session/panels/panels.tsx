import type { ComponentType } from "preact";
import { useRef } from "preact/hooks";
import { go, type SessionRoute } from "../../routes.js";
import { About } from "./about.js";
import { Memories } from "./memories.js";
import { Members } from "./members.js";
import { State } from "./state.js";
import { Turn } from "./turn.js";

const PANELS: Record<string, [string, ComponentType]> = {
  participants: ["Participants", Members],
  turn: ["Turn", Turn],
  state: ["State", State],
  memories: ["Memories", Memories],
  about: ["About", About],
};
const NAMES = Object.keys(PANELS);
const STEPS: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1 };

/** What there is to know beside the conversation, in tabs, of which the address names the open one. */
export function Panels({ route }: { route: SessionRoute }) {
  const tabs = useRef<HTMLDivElement>(null);
  const open = NAMES.includes(route.panel) ? route.panel : NAMES[0]!;
  const Panel = PANELS[open]![1];
  const show = (panel: string) => {
    go({ ...route, panel }, { replace: true });
    tabs.current?.querySelector<HTMLElement>(`#tab-${panel}`)?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (step) show(NAMES.at((NAMES.indexOf(open) + step) % NAMES.length)!);
  };
  return (
    <section class="panels" aria-label="About this session">
      <div class="tabs" role="tablist" aria-label="Panels" ref={tabs} onKeyDown={onKeyDown}>
        {NAMES.map((name) => <Tab key={name} name={name} isOpen={name === open} show={show} />)}
      </div>
      <div class="panel" role="tabpanel" id="panel" aria-labelledby={`tab-${open}`} tabIndex={0}>
        <Panel />
      </div>
    </section>
  );
}

function Tab({ name, isOpen, show }: { name: string; isOpen: boolean; show: (name: string) => void }) {
  return (
    <button type="button" role="tab" id={`tab-${name}`} aria-selected={isOpen} aria-controls="panel"
      tabIndex={isOpen ? 0 : -1} onClick={() => show(name)}>
      {PANELS[name]![0]}
    </button>
  );
}
