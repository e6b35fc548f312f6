import assert from "node:assert/strict";
import { test } from "node:test";
import { proxyOf } from "./proxies.js";
import { clients, say, serve } from "../harness.js";
import { callsOf, connected, feed, newSession, openSession, row, walk } from "./pages.js";

const server = await serve();
const seeds = clients(server);
const CUTS = 100;

test("what is appended appears at once, and the list stays at its end", async (t) => {
  const name = await newSession(seeds, "ada", "grace");
  await say(seeds, name, ...lines(1, 60));
  const page = await openSession(t, server, name);
  await row(page, 60).waitFor();
  await say(seeds, name, "grace: and one more");
  await row(page, 61).getByText("and one more").waitFor();
  const toEnd = await feed(page).evaluate((list) => list.scrollHeight - list.clientHeight - list.scrollTop);
  assert.ok(toEnd < 2, `${toEnd} pixels to the end`);
});

test("a reader who is elsewhere stays there, and is told how many are new", async (t) => {
  const name = await newSession(seeds, "ada");
  await say(seeds, name, ...lines(1, 200));
  const page = await openSession(t, server, name, "at=40");
  await row(page, 40).waitFor();
  const before = await row(page, 40).boundingBox();
  await say(seeds, name, ...lines(201, 203));
  await page.getByRole("button", { name: "3 new" }).waitFor();
  assert.deepEqual(await row(page, 40).boundingBox(), before);
  await page.getByRole("button", { name: "3 new" }).click();
  await row(page, 203).waitFor();
  await page.getByRole("button", { name: "3 new" }).waitFor({ state: "detached" });
  assert.ok(!page.url().includes("at="));
});

test("nothing is lost or repeated when the server is killed", async (t) => {
  const name = await newSession(seeds, "ada");
  await say(seeds, name, ...lines(1, 30));
  const page = await openSession(t, server, name);
  await server.kill();
  await connected(page, "Cut off");
  await page.getByText("What is shown may be old").waitFor();
  await server.start();
  await say(seeds, name, ...lines(31, 90));
  await connected(page, "Live");
  await row(page, 90).waitFor();
  assert.deepEqual([...(await walk(page, 90)).values()], texts(1, 90));
});

test("nothing is lost or repeated over a hundred cuts", { timeout: 120_000 }, async (t) => {
  const name = await newSession(seeds, "ada");
  await say(seeds, name, ...lines(1, 10));
  const proxy = await proxyOf(t, server);
  const page = await openSession(t, proxy, name);
  const lists = callsOf(page, "ListEvents");
  const watches = callsOf(page, "WatchSession");
  for (let cut = 1; cut <= CUTS; cut++) {
    const opened = page.waitForRequest((request) => request.url().endsWith("/WatchSession"));
    assert.ok(proxy.cut() > 0, "there was a connection to cut");
    await Promise.all([opened, say(seeds, name, ...lines(10 + cut, 10 + cut))]);
    await row(page, 10 + cut).waitFor();
  }
  assert.ok(watches.count >= CUTS, `${watches.count} watches after ${CUTS} cuts`);
  assert.deepEqual([...(await walk(page, 10 + CUTS)).values()], texts(1, 10 + CUTS));
  assert.equal(lists.count, 0, "all of it came by watches");
});

function lines(first: number, last: number): string[] {
  return texts(first, last).map((text) => `ada: ${text}`);
}

function texts(first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, at) => `line ${first + at}`);
}
