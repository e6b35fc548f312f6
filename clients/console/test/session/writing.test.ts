import assert from "node:assert/strict";
import { test } from "node:test";
import { clients, ensureParticipants, serve } from "../harness.js";
import { newSession, openSession, row } from "./pages.js";

const server = await serve({ flags: ["--console", "read-write"] });
const seeds = clients(server);

test("a message is appended as the member that is chosen, whom the tab remembers", async (t) => {
  const name = await newSession(seeds, "ada", "grace");
  const page = await openSession(t, server, name);
  await page.getByLabel("Author").selectOption({ label: "grace" });
  await page.getByLabel("Message").fill("hello\nthere");
  await page.getByRole("button", { name: "Append" }).click();
  await row(page, 1).getByText("there").waitFor();
  assert.equal(await page.getByLabel("Message").inputValue(), "");
  const { events } = await seeds.events.listEvents({ parent: name });
  assert.deepEqual(events.map(({ author, type, content }) => [author.split("/").at(-1), type, content.value]), [["grace", "message", "hello\nthere"]]);
  await page.reload();
  await page.getByLabel("Message").fill("again");
  await page.keyboard.press("Control+Enter");
  await row(page, 2).getByText("again").waitFor();
  assert.match((await seeds.events.listEvents({ parent: name })).events[1]!.author, /grace$/);
});

test("somebody is bound with a role, and an error is shown where it happens", async (t) => {
  const name = await newSession(seeds, "ada");
  await ensureParticipants(seeds, name.split("/sessions/")[0]!, "grace");
  const page = await openSession(t, server, name);
  const panel = page.getByRole("tabpanel");
  await panel.getByLabel("Participant's id").fill("nobody");
  await panel.getByRole("button", { name: "Bind" }).click();
  await panel.getByRole("alert").getByText("There is no such participant").waitFor();
  await panel.getByLabel("Participant's id").fill("grace");
  await panel.getByLabel("Role, if any").fill("guide");
  await panel.getByRole("button", { name: "Bind" }).click();
  await panel.getByRole("listitem").filter({ hasText: "grace" }).getByText("guide").waitFor();
  await panel.getByRole("alert").waitFor({ state: "detached" });
});

test("the turn is taken, written with, and handed back; one that others have is refused", async (t) => {
  const name = await newSession(seeds, "ada", "grace");
  await seeds.sessions.updateSession({ session: { name, settings: { requireTurn: true } } });
  const page = await openSession(t, server, name, "panel=turn");
  const panel = page.getByRole("tabpanel");
  await page.getByLabel("Message").fill("mine");
  await page.getByRole("button", { name: "Append" }).click();
  await page.getByRole("alert").getByText("take it first").waitFor();
  await panel.getByLabel("Whose turn").selectOption({ label: "ada" });
  await panel.getByRole("button", { name: "Take the turn" }).click();
  await panel.getByText("This page holds the turn for").waitFor();
  await page.getByRole("button", { name: "Append" }).click();
  await row(page, 1).getByText("mine").waitFor();
  await panel.getByRole("button", { name: "Hand back the turn" }).click();
  await panel.getByText("It is nobody's turn.").waitFor();
  await seeds.sessions.acquireTurn({ session: name, participant: `${name.split("/sessions/")[0]}/participants/grace` });
  await panel.getByText("Fencing token").waitFor();
  await panel.getByRole("button", { name: "Take the turn" }).click();
  await panel.getByRole("alert").getByText("Somebody else has the turn").waitFor();
});

test("the turn is renewed while the page holds it, and handed back when it is left", async (t) => {
  const name = await newSession(seeds, "ada");
  const page = await openSession(t, server, name, "panel=turn");
  await page.clock.install();
  const panel = page.getByRole("tabpanel");
  await panel.getByRole("button", { name: "Take the turn" }).click();
  await panel.getByText("This page holds the turn for").waitFor();
  const renewed = page.waitForResponse((response) => response.url().endsWith("/RenewTurn"));
  await page.clock.fastForward(11_000);
  assert.ok((await renewed).ok());
  const released = page.waitForResponse((response) => response.url().endsWith("/ReleaseTurn"));
  await page.getByRole("navigation", { name: "Way back" }).getByRole("link").click();
  assert.ok((await released).ok());
  assert.equal((await seeds.sessions.getSession({ name })).turn, undefined);
});

test("where the console only reads, nothing offers to write", async (t) => {
  const reading = await serve();
  const name = await newSession(clients(reading), "ada");
  const page = await openSession(t, reading, name, "panel=turn");
  await page.getByText("No event has come yet.").waitFor();
  assert.equal(await page.getByRole("button", { name: /Append|Take the turn/ }).count(), 0);
});
