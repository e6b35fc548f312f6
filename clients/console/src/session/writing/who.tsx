import { signal } from "@preact/signals";
import { useShared } from "../context.js";
import { idOf } from "../../shared/names.js";

const chosen = signal<Record<string, string>>({});

/** Returns as which member this tab writes into the session, and what changes that. */
export function useAuthor(): [string, (author: string) => void] {
  const { live } = useShared();
  const key = `author of ${live.name}`;
  const { participants = [] } = live.session.value ?? {};
  const author = chosen.value[key] ?? sessionStorage.getItem(key) ?? "";
  const isMember = participants.some(({ participant }) => participant === author);
  const choose = (name: string) => {
    sessionStorage.setItem(key, name);
    chosen.value = { ...chosen.peek(), [key]: name };
  };
  return [isMember ? author : (participants[0]?.participant ?? ""), choose];
}

/** The members, one of whom is chosen. */
export function WhoSelect({ value, choose }: { value: string; choose: (name: string) => void }) {
  const { participants = [] } = useShared().live.session.value ?? {};
  return (
    <select value={value} onChange={({ currentTarget }) => choose(currentTarget.value)}>
      {participants.map(({ participant }) => <option key={participant} value={participant}>{idOf(participant)}</option>)}
    </select>
  );
}
