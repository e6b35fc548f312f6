import { useRef } from "preact/hooks";
import { sessions } from "../../api.js";
import { useShared } from "../context.js";
import { namespaceOf } from "../../shared/names.js";
import { Failure } from "../../shared/failure.js";
import { useSending } from "./sending.js";

/** Makes a participant of the namespace a member, or gives a member another role. */
export function Bind() {
  const { live } = useShared();
  const form = useRef<HTMLFormElement>(null);
  const { send, isBusy, error } = useSending(async () => {
    const values = new FormData(form.current!);
    const participant = `${namespaceOf(live.name)}/participants/${String(values.get("id")).trim()}`;
    const { uid } = live.session.peek()!;
    await sessions.bindParticipant({ session: live.name, uid, participant, role: String(values.get("role")) });
    form.current!.reset();
  });
  return (
    <form class="write" ref={form} onSubmit={(event) => (event.preventDefault(), void send())}>
      <label>Participant's id<input name="id" required dir="auto" autocomplete="off" spellcheck={false} /></label>
      <label>Role, if any<input name="role" dir="auto" maxLength={64} autocomplete="off" /></label>
      <button type="submit" disabled={isBusy}>Bind</button>
      {error && <Failure error={error} />}
    </form>
  );
}
