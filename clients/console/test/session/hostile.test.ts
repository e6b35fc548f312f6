import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryType } from "activity-session/v1/memory";
import { clients, newNamespace, serve } from "../harness.js";
import { openSession, row } from "./pages.js";
import { text } from "./scene.js";

const server = await serve();
const seeds = clients(server);
const PLANTED = `<img src=x onerror="globalThis.ran=1"><script>globalThis.ran=1</script>`;
const QUOTED = PLANTED.replaceAll('"', "'");
// Ids and types of media take no quotes and slashes as freely as texts do, so that each gets what it may have.
const ID = "<img src=x onerror=ran=1>";

test("what is planted in any field is shown as text, and never runs", async (t) => {
  const name = await planted();
  const page = await openSession(t, server, name);
  for (const sequence of [1, 2, 3, 4]) await row(page, sequence).waitFor();
  await row(page, 1).getByText(PLANTED).first().waitFor();
  await row(page, 1).getByText(ID, { exact: true }).waitFor();
  await row(page, 2).getByText(QUOTED).last().waitFor();
  await row(page, 3).getByText(`${PLANTED}, 1 byte`).waitFor();
  await row(page, 4).getByRole("button").first().click();
  await row(page, 1).getByRole("button", { name: "Event 1 as JSON" }).click();
  await page.getByRole("dialog").getByText("globalThis.ran=1").first().waitFor();
  await page.keyboard.press("Escape");
  for (const [tab, text] of Object.entries({ Participants: ID, Turn: ID, State: PLANTED, Memories: PLANTED, About: PLANTED })) {
    await page.getByRole("tab", { name: tab }).click();
    await page.getByRole("tabpanel").getByText(text).first().waitFor();
  }
  assert.equal(await page.evaluate(() => "ran" in globalThis), false);
  assert.equal(await page.locator("img, script:not([src])").count(), 0);
});

async function planted(): Promise<string> {
  const parent = await newNamespace(seeds);
  const ensured = await seeds.participants.ensureParticipant({ parent, participantId: ID, participant: { participantType: 2 } });
  const agent = ensured.participant!.name;
  const session = { description: PLANTED, data: PLANTED, labels: { planted: PLANTED }, participants: [{ participant: agent, role: PLANTED.slice(0, 64) }] };
  const { name } = await seeds.sessions.createSession({ parent, sessionId: ID, session });
  await seeds.events.appendEvents({ parent: name, events: events(agent) });
  await seeds.events.updateState({ name, updates: [{ key: PLANTED, change: { case: "valueJson", value: JSON.stringify(PLANTED) } }] });
  const memory = { agent, memoryType: MemoryType.OBSERVATION, content: PLANTED, memo: PLANTED };
  await seeds.memories.createMemory({ parent: name, memory });
  await seeds.sessions.acquireTurn({ session: name, participant: agent });
  return name;
}

function events(agent: string) {
  const json = JSON.stringify({ call_id: PLANTED, name: PLANTED, [PLANTED]: PLANTED });
  return [
    { ...text(agent, PLANTED), type: PLANTED, labels: { planted: PLANTED } },
    { ...text(agent, JSON.stringify([QUOTED])), mediaType: "application/json" },
    { author: agent, mediaType: PLANTED, content: { case: "blob" as const, value: new Uint8Array(1) } },
    { ...text(agent, json), type: "tool_call" },
  ];
}
