/** A session with an event of each kind, and with all that its panels show. */

import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { EventSchema } from "activity-session/v1/event";
import { MemoryType } from "activity-session/v1/memory";
import { ensureParticipants, newNamespace, type Clients } from "../seeds.js";

type NewEvent = MessageInitShape<typeof EventSchema>;

/** A picture of one red pixel. */
export const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC",
  "base64",
);
const SVG = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>top.ran = 1</script><rect width="9" height="9"/></svg>');
const YESTERDAY = Date.now() - 86_400_000;

/** Makes the scene, and returns the name of the session. */
export async function trip(seeds: Clients): Promise<string> {
  const parent = await newNamespace(seeds);
  const [ada, planner, sara] = (await ensureParticipants(seeds, parent, "ada", "planner-agent", "سارة")) as [string, string, string];
  const participants = [{ participant: ada, role: "traveller" }, { participant: planner, role: "guide" }, { participant: sara }];
  const session = { description: "three days in 京都", labels: { team: "travel" }, data: '{"budget":1200}', participants };
  const { name } = await seeds.sessions.createSession({ parent, sessionId: "trip to 京都", session });
  await seeds.events.appendEvents({ parent: name, events: events(ada, planner, sara) });
  await around(seeds, name, ada, planner);
  return name;
}

function events(ada: string, planner: string, sara: string): NewEvent[] {
  return [
    { ...text(ada, "Where is the 🏯?"), eventTime: timestampFromMs(YESTERDAY) },
    text(ada, "two\n  lines"),
    { ...text(planner, '{"call_id":"c1","name":"find","arguments":{"city":"京都"}}'), type: "tool_call" },
    { ...text(planner, '{"call_id":"c1","output":["金閣寺"]}'), type: "tool_result" },
    { ...text(sara, "هل نذهب إلى الغابة؟"), labels: { mood: "curious" } },
    { author: planner, type: "map", mediaType: "image/png", content: { case: "blob", value: PNG } },
    { author: planner, type: "map", mediaType: "image/svg+xml", content: { case: "blob", value: SVG } },
    { author: ada, type: "file", mediaType: "application/pdf", content: { case: "blob", value: new Uint8Array(2048) } },
    { ...text(planner, `{"big":12345678901234567890,"days":[${Array.from({ length: 30 }, (_, day) => 7000 + day).join(",")}]}`), type: "plan" },
    { type: "note" },
    { author: ada, type: "message", content: { case: "text", value: "" } },
  ];
}

/** Returns a message. */
export function text(author: string, value: string): NewEvent {
  return { author, type: "message", content: { case: "text", value } };
}

async function around({ events, memories, sessions }: Clients, name: string, ada: string, planner: string): Promise<void> {
  const [parent] = name.split("/sessions/") as [string];
  const set = (key: string, value: string) => ({ key, change: { case: "valueJson" as const, value } });
  await events.updateState({ name, updates: [set("plan", '{"day 1":"castle"}'), set("days", "3")] });
  await events.updateState({ name: parent, updates: [set("season", '"spring"')] });
  const memory = { agent: planner, memoryType: MemoryType.OBSERVATION, content: "ada likes tea", memo: "green", importance: 7 };
  await memories.createMemory({ parent: name, memory: { ...memory, firstSequence: 1n, lastSequence: 2n } });
  await sessions.markRead({ session: name, participant: ada, sequence: 4n });
}
