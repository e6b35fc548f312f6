import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { open } from "../browsers.js";
import { clients, folder, PROGRAM, say, serve } from "../harness.js";
import { connected, linkTo, newSession, openSession, row } from "./pages.js";

const server = await serve({ flags: ["--sweep-interval", "1"] });
const seeds = clients(server);

test("a session that is deleted while it is looked at says until when it can be brought back", async (t) => {
  const name = await newSession(seeds, "ada");
  await say(seeds, name, "ada: still here");
  const page = await openSession(t, server, name);
  await seeds.sessions.deleteSession({ name });
  await connected(page, "Ended");
  await page.getByText("This session was deleted").waitFor();
  await page.getByText("It can be brought back until").waitFor();
  await row(page, 1).getByText("still here").waitFor();
  await seeds.sessions.undeleteSession({ name });
  await page.getByRole("button", { name: "Follow it again" }).click();
  await connected(page, "Live");
  await page.getByText("This session was deleted").waitFor({ state: "detached" });
});

test("a session that was deleted before opens, and says so", async (t) => {
  const name = await newSession(seeds, "ada");
  await say(seeds, name, "ada: still here");
  await seeds.sessions.deleteSession({ name });
  const page = await open(t, server, linkTo(name));
  await page.getByText("This session was deleted").waitFor();
  await row(page, 1).getByText("still here").waitFor();
});

test("a session that is expunged while it is looked at stays readable, and says that it is gone", async (t) => {
  const name = await newSession(seeds, "ada");
  await say(seeds, name, "ada: still here");
  const page = await openSession(t, server, name);
  await seeds.sessions.deleteSession({ name });
  await page.getByText("This session was deleted").waitFor();
  await seeds.sessions.expungeSession({ name });
  await page.getByRole("button", { name: "Follow it again" }).click();
  await page.getByText("This session was expunged.").waitFor();
  await row(page, 1).getByText("still here").waitFor();
  await page.getByRole("link", { name: "Back to the sessions" }).click();
  await page.getByRole("main").getByText("talk").waitFor({ state: "detached" });
});

test("a session that is not there leads back to those that are", async (t) => {
  const name = await newSession(seeds, "ada");
  const page = await open(t, server, linkTo(`${name}-not`));
  await page.getByText("There is no session").waitFor();
  await page.getByRole("link", { name: "Back to the sessions" }).click();
  await page.getByRole("main").getByText("talk").waitFor();
});

test("who may not see a session is told what would let them", async (t) => {
  const [tokens, grants] = [join(folder(), "tokens.json"), join(folder(), "grants.toml")];
  const token = execFileSync(PROGRAM, ["token", "new", "nobody", "--tokens-file", tokens], { encoding: "utf8" }).trim();
  writeFileSync(grants, "");
  const closed = await serve({ flags: ["--tokens-file", tokens, "--grants-file", grants] });
  const page = await open(t, closed, linkTo("namespaces/default/sessions/secret"));
  await page.getByRole("alert").getByLabel("Token").fill(token);
  await page.keyboard.press("Enter");
  await page.getByRole("alert").getByText(/You may not see this.*participant/).waitFor();
});

test("events that were purged are said to be, before and while the session is looked at", async (t) => {
  const name = await newSession(seeds, "ada");
  await say(seeds, name, ...Array.from({ length: 30 }, (_, at) => `ada: line ${at + 1}`));
  const watching = await openSession(t, server, name);
  await row(watching, 30).waitFor();
  await seeds.sessions.updateSession({ session: { name, settings: { eventPurgeAge: { seconds: 1n } } } });
  while ((await seeds.sessions.getSession({ name })).firstSequence < 31n); // until the sweep has come by
  await watching.getByText("Events 1 to 30 were purged").waitFor();
  await watching.getByText("No event has come since.").waitFor();
  await seeds.sessions.updateSession({ session: { name }, updateMask: { paths: ["settings.event_purge_age"] } });
  await say(seeds, name, "ada: after that");
  await row(watching, 31).getByText("after that").waitFor();
  const later = await openSession(t, server, name, "at=3");
  await later.getByText("Events 1 to 30 were purged").waitFor();
  await row(later, 31).waitFor();
  assert.equal(await later.locator("[data-sequence]").count(), 1);
});
