import { useRef, useState } from "preact/hooks";
import { events } from "../../api.js";
import { useShared } from "../context.js";
import { Failure } from "../../shared/failure.js";
import { useSending } from "./sending.js";
import { useAuthor, WhoSelect } from "./who.js";

/** Returns a random id; `crypto.randomUUID` is missing in pages that came without TLS from another machine. */
function newId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Appends a message as a member, with the token of the turn while this page holds it. */
export function Composer() {
  const { live, turn } = useShared();
  const [author, setAuthor] = useAuthor();
  const [text, setText] = useState("");
  // It stays until the event is written, so that one of which nobody knows is not written twice.
  const eventId = useRef("");
  const { send, isBusy, error } = useSending(async () => {
    const event = { eventId: (eventId.current ||= newId()), author, type: "message", content: { case: "text" as const, value: text } };
    const { uid } = live.session.peek()!;
    await events.appendEvents({ parent: live.name, uid, turnToken: turn.token, events: [event] });
    setText("");
    eventId.current = "";
  });
  const change = (value: string) => {
    setText(value);
    eventId.current = "";
  };
  const onKeyDown = (key: KeyboardEvent) => key.key === "Enter" && (key.ctrlKey || key.metaKey) && text && void send();
  return (
    <form class="write composer" onSubmit={(event) => (event.preventDefault(), void send())}>
      <label>Author<WhoSelect value={author} choose={setAuthor} /></label>
      <label class="composer-text">
        Message
        <textarea rows={1} dir="auto" required value={text} onInput={({ currentTarget }) => change(currentTarget.value)} onKeyDown={onKeyDown} />
      </label>
      <button type="submit" class="main" disabled={isBusy}>Append</button>
      {error && <Failure error={error} />}
    </form>
  );
}
