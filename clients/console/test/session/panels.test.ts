import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { clients, serve } from "../harness.js";
import { openSession, row } from "./pages.js";
import { trip } from "./scene.js";

const server = await serve();
const seeds = clients(server);
const session = await trip(seeds);
const namespace = session.split("/sessions/")[0]!;

test("participants: who they are, and how far each has read, also when that changes", async (t) => {
  const page = await openSession(t, server, session, "panel=participants");
  const ada = panel(page).getByRole("listitem").filter({ hasText: "ada" });
  await ada.getByText("Person, has read up to 4 of 11").waitFor();
  await panel(page).getByText("Agent, has read nothing").waitFor();
  await panel(page).getByText("guide").waitFor();
  await seeds.sessions.markRead({ session, participant: `${namespace}/participants/ada`, sequence: 9n });
  await ada.getByText("has read up to 9 of 11").waitFor();
});

test("turn: whose it is, its token, and that it ends; a watch tells of it", async (t) => {
  const page = await openSession(t, server, session, "panel=turn");
  await panel(page).getByText("It is nobody's turn.").waitFor();
  const turn = { session, participant: `${namespace}/participants/planner-agent` };
  const { token } = await seeds.sessions.acquireTurn({ ...turn, ttl: { seconds: 3n } });
  await panel(page).getByText("planner-agent").waitFor();
  await panel(page).getByText(/^[123] s$/).waitFor();
  await panel(page).getByText(String(token), { exact: true }).waitFor();
  await panel(page).getByText("It is nobody's turn.").waitFor();
});

test("state: of the session, its namespace and its members, in pages, with revisions", async (t) => {
  const page = await openSession(t, server, session, "panel=state");
  await panel(page).getByText('"day 1": "castle"').waitFor();
  assert.equal(await panel(page).getByText("revision 1").count(), 2);
  await panel(page).getByLabel("State of").selectOption(namespace);
  await panel(page).getByText('"spring"').waitFor();
  const ada = `${namespace}/participants/ada`;
  const keys = Array.from({ length: 60 }, (_, at) => ({ key: `k${at + 100}`, change: { case: "valueJson" as const, value: "1" } }));
  await seeds.events.updateState({ name: ada, updates: keys });
  await panel(page).getByLabel("State of").selectOption(ada);
  await panel(page).getByText("k149").waitFor();
  assert.equal(await panel(page).getByText("k150").count(), 0);
  await panel(page).getByRole("button", { name: "Load more" }).click();
  await panel(page).getByText("k159").waitFor();
});

test("memories: what they are, and the way to their events", async (t) => {
  const page = await openSession(t, server, session, "panel=memories");
  await panel(page).getByText("ada likes tea").waitFor();
  await panel(page).getByText("observation, importance 7").waitFor();
  await panel(page).getByText("green").waitFor();
  await panel(page).getByRole("link", { name: "2" }).click();
  await row(page, 2).and(page.locator(":focus")).waitFor();
  assert.ok(page.url().includes("panel=memories"), "the panel stays");
});

test("about: the metadata of the session, which a watch keeps up to date", async (t) => {
  const page = await openSession(t, server, session, "panel=about");
  await panel(page).getByText("three days in 京都").waitFor();
  await panel(page).getByText("team: travel").waitFor();
  await panel(page).getByText('"budget": 1200').waitFor();
  await panel(page).getByText("memory.getMaxMemories").waitFor();
  await seeds.sessions.updateSession({ session: { name: session, labels: { team: "food" } }, updateMask: { paths: ["labels"] } });
  await panel(page).getByText("team: food").waitFor();
  await panel(page).getByText('"budget": 1200').waitFor();
});

test("the arrow keys go from tab to tab, and the address names the open one", async (t) => {
  const page = await openSession(t, server, session);
  await page.getByRole("tab", { name: "Participants" }).focus();
  await page.keyboard.press("ArrowLeft");
  await page.getByRole("tab", { name: "About", selected: true }).and(page.locator(":focus")).waitFor();
  await page.keyboard.press("ArrowRight");
  await page.getByRole("tab", { name: "Participants", selected: true }).and(page.locator(":focus")).waitFor();
  assert.ok(page.url().includes("panel=participants"));
});

function panel(page: Page) {
  return page.getByRole("tabpanel");
}
