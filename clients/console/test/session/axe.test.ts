import { test } from "node:test";
import type { Page } from "playwright-core";
import { assertAccessible } from "../accessible.js";
import { open } from "../browsers.js";
import { clients, serve } from "../harness.js";
import { linkTo, newSession, openSession, row } from "./pages.js";
import { trip } from "./scene.js";

const server = await serve({ flags: ["--console", "read-write"] });
const seeds = clients(server);
const [session, superseded, empty] = [await trip(seeds), await trip(seeds), await newSession(seeds)];
await seeds.events.supersedeEvents({ parent: superseded, fromSequence: 1n, toSequence: 9n, reason: "too long" });
await seeds.events.popEvents({ parent: superseded });
await seeds.sessions.acquireTurn({ session, participant: `${session.split("/sessions/")[0]}/participants/ada`, ttl: { seconds: 300n } });

const VIEWS: Record<string, [name: string, query: string, act: (page: Page) => Promise<unknown>]> = {
  "a tool's call": [session, "at=3&panel=turn", (page) => row(page, 3).getByRole("button", { name: "find" }).click()],
  "pictures, and state": [session, "at=6&panel=state", (page) => page.getByText('"castle"').waitFor()],
  "the newest, and memories": [session, "panel=memories", (page) => page.getByText("ada likes tea").waitFor()],
  metadata: [session, "panel=about", (page) => page.getByText("memory.getMaxMemories").waitFor()],
  "an event as JSON": [session, "at=5", (page) => row(page, 5).press("Enter")],
  "superseded events": [superseded, "at=5&showSuperseded=true", (page) => row(page, 5).getByText("superseded by 12").waitFor()],
  marks: [superseded, "at=12&showSuperseded=true", (page) => row(page, 12).getByText("too long").waitFor()],
  "no events": [empty, "", (page) => page.getByText("No event has come yet.").waitFor()],
};

for (const [view, [name, query, act]] of Object.entries(VIEWS)) {
  test(`${view}: nothing keeps anybody out`, async (t) => {
    const page = await openSession(t, server, name, query, { bypassCSP: true });
    await act(page);
    await assertAccessible(page);
  });
}

test("no session: nothing keeps anybody out", async (t) => {
  const page = await open(t, server, linkTo(`${session}-not`), { bypassCSP: true });
  await page.getByText("There is no session").waitFor();
  await assertAccessible(page);
});
