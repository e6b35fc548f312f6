/** A namespace as operators have them: people and agents, languages, labels, a turn, and what is over or held. */

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { ensureParticipants, newNamespace, say, type Clients } from "./seeds.js";

const SESSIONS = [
  [
    "trip to 京都",
    "in April, with the castle and the river 🏯",
    { team: "travel", state: "planning" },
    ["ada", "planner-agent"],
  ],
  ["رحلة إلى عمّان", "حجز فندق قريب من المدرج الروماني", { team: "travel", language: "ar" }, ["layla", "planner-agent"]],
  [
    "incident-4711",
    "payments are slow in eu-west",
    { team: "payments", severity: "1" },
    ["ada", "grace", "triage-agent"],
  ],
  ["incident-4712", "a disk is full", { team: "storage", severity: "3" }, ["grace", "triage-agent"]],
  [
    "onboarding of a colleague whose first day is next Monday",
    "",
    { team: "people" },
    ["ada", "grace", "layla", "margaret", "joan", "writer-agent"],
  ],
  [
    "release-0.3",
    "what is still missing, and who does it",
    { team: "core", "area/kind": "release" },
    ["margaret", "writer-agent"],
  ],
] as const;

/** Makes the scene, in a namespace with that id or with a new one, and returns the name of its namespace. */
export async function scene(seeds: Clients, id?: string): Promise<string> {
  const parent = await newNamespace(seeds, "what people ask, and what agents do about it", id);
  for (const [sessionId, description, labels, members] of SESSIONS) {
    const names = await ensureParticipants(seeds, parent, ...members);
    const participants = names.map((participant, at) => ({ participant, role: at === 0 ? "asks" : "" }));
    const session = { description, labels, participants };
    const { name } = await seeds.sessions.createSession({ parent, sessionId, session });
    const lines = members.flatMap((member, at) =>
      Array.from({ length: 7 * (at + 1) }, (_, line) => `${member}: line ${line}`),
    );
    await say(seeds, name, ...lines);
    await seeds.sessions.markRead({ session: name, participant: participants[0]!.participant, sequence: 7n });
  }
  await ends(seeds, parent);
  return parent;
}

async function ends({ sessions }: Clients, parent: string): Promise<void> {
  const turn = { session: `${parent}/sessions/incident-4711`, participant: `${parent}/participants/triage-agent` };
  await sessions.acquireTurn({ ...turn, ttl: { seconds: 300n } });
  const held = { name: `${parent}/sessions/incident-4711`, legalHold: true };
  await sessions.updateSession({ session: held, updateMask: { paths: ["legal_hold"] } });
  const expired = { name: `${parent}/sessions/release-0.3`, expireTime: timestampFromMs(Date.UTC(2026, 0, 1)) };
  await sessions.updateSession({ session: expired, updateMask: { paths: ["expire_time"] } });
  await sessions.deleteSession({ name: `${parent}/sessions/incident-4712` });
}
