/** Who the authors are: members as the session tells, others as the namespace does. */

import { signal, type ReadonlySignal } from "@preact/signals";
import { ParticipantType } from "activity-session/v1/participant";
import type { Session } from "activity-session/v1/session";
import { participants } from "../../api.js";

/** The types of participants, each of whom is looked up at most once. */
export class People {
  readonly #others = signal(new Map<string, ParticipantType>());
  readonly #asked = new Set<string>();

  constructor(readonly session: ReadonlySignal<Session | undefined>) {}

  /** Returns whether somebody is a person or an agent; UNSPECIFIED while that is not known. */
  typeOf(name: string): ParticipantType {
    const member = this.session.value?.participants.find(({ participant }) => participant === name);
    if (member) return member.participantType;
    if (name && !this.#asked.has(name)) void this.#lookUp(name);
    return this.#others.value.get(name) ?? ParticipantType.UNSPECIFIED;
  }

  async #lookUp(name: string): Promise<void> {
    this.#asked.add(name);
    // Who may read the session need not be allowed to read its namespace; then an author has no mark.
    const found = await participants.getParticipant({ name }).catch(() => undefined);
    if (found) this.#others.value = new Map(this.#others.peek()).set(name, found.participantType);
  }
}
