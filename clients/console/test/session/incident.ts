/** A conversation as there are at night, for the pictures. */

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { ensureParticipants, newNamespace, type Clients } from "../seeds.js";

const START = Date.UTC(2026, 10, 26, 22, 41);
const MINUTE_MS = 60_000;
const LINES: [minute: number, author: string, text: string, type?: string][] = [
  [0, "grace", "Payments in eu-west are slow since 22:30. Customers see the wheel for ten seconds."],
  [1, "triage-agent", "I look at latency and at what was released today."],
  [1, "triage-agent", '{"call_id":"m1","name":"query_metrics","arguments":{"service":"payments","region":"eu-west","minutes":60}}', "tool_call"],
  [2, "triage-agent", '{"call_id":"m1","output":{"p99_ms":{"22:20":180,"22:30":240,"22:40":9400},"errors_per_s":0.4}}', "tool_result"],
  [2, "triage-agent", "p99 went from 180 ms to 9.4 s within ten minutes, with almost no errors: calls wait for something.\nRelease 2026.47.3 reached eu-west at 22:28."],
  [4, "layla", "هل نعيد الإصدار السابق الآن، أم ننتظر؟"],
  [5, "grace", "Roll it back in eu-west first. 🙏 I hold the turn while you do."],
  [6, "triage-agent", '{"call_id":"r1","name":"roll_back","arguments":{"release":"2026.47.3","region":"eu-west"}}', "tool_call"],
];

/** Makes the session, and returns its name. */
export async function incident(seeds: Clients): Promise<string> {
  const parent = await newNamespace(seeds, "", "on-call");
  const [grace, layla, agent] = (await ensureParticipants(seeds, parent, "grace", "layla", "triage-agent")) as [string, string, string];
  const participants = [{ participant: grace, role: "on call" }, { participant: layla, role: "payments" }, { participant: agent, role: "triage" }];
  const session = { description: "Payments are slow in eu-west", labels: { team: "payments", severity: "1" }, participants };
  const { name } = await seeds.sessions.createSession({ parent, sessionId: "incident-4711", session });
  const events = LINES.map(([minute, author, value, type = "message"]) => ({
    author: `${parent}/participants/${author}`,
    type,
    content: { case: "text" as const, value },
    eventTime: timestampFromMs(START + minute * MINUTE_MS),
  }));
  await seeds.events.appendEvents({ parent: name, events });
  await seeds.sessions.markRead({ session: name, participant: grace, sequence: 8n });
  await seeds.sessions.markRead({ session: name, participant: layla, sequence: 6n });
  return name;
}
