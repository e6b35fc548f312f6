import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { clients, say, serve } from "../harness.js";
import { connected, feed, newSession, openSession, row, shown } from "./pages.js";

const server = await serve();
const seeds = clients(server);

test("what is superseded is out of view, and shown with its marks where the link says so", async (t) => {
  const name = await session(6);
  await supersede(name, 2, 4, "too long", "in short");
  await supersede(name, 6, 6);
  const page = await openSession(t, server, name);
  await row(page, 8).getByText("in short").waitFor();
  assert.deepEqual(await numbers(page), [1, 5, 8]);
  await page.getByLabel("Superseded events").check();
  await row(page, 3).getByText("superseded by 7").waitFor();
  await row(page, 7).getByText("Superseded 2 to 4: too long").waitFor();
  assert.deepEqual(await numbers(page), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.equal(await row(page, 3).getAttribute("aria-label"), "Event 3 by ada, superseded");
  assert.equal(await row(page, 7).getAttribute("aria-label"), "Event 7, a mark");
  assert.ok(page.url().includes("showSuperseded=true"));
  await row(page, 3).locator(".superseded-by").getByRole("link").click();
  await row(page, 7).and(page.locator(":focus")).waitFor();
  await page.reload();
  await row(page, 3).getByText("line 3").waitFor();
  await feed(page).press("s");
  await row(page, 3).waitFor({ state: "detached" });
  assert.deepEqual(await numbers(page), [1, 5, 8]);
});

test("marks that come take events out of view at once, and bring them back", async (t) => {
  const name = await session(40);
  const page = await openSession(t, server, name);
  await row(page, 40).waitFor();
  assert.equal(await page.getByLabel("Superseded events").count(), 0, "there are no marks");
  await supersede(name, 11, 38);
  await row(page, 10).waitFor();
  await row(page, 38).waitFor({ state: "detached" });
  assert.deepEqual(await numbers(page), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 39, 40]);
  await page.getByText("Superseded events 28").waitFor();
  await supersede(name, 41, 41);
  await row(page, 38).getByText("line 38").waitFor();
  await row(page, 40).waitFor();
  assert.ok((await toEnd(page)) < 2, "the list is at its end");
  await page.getByLabel("Superseded events").check();
  await row(page, 42).getByText("Back in view: 11 to 38").waitFor();
  await row(page, 41).getByText("superseded by 42").waitFor();
  await row(page, 42).press("ArrowUp");
  await row(page, 41).and(page.locator(":focus")).waitFor();
});

test("a reader stays where he is while events before him, and those that he reads, go and come back", async (t) => {
  const name = await session(400);
  const page = await openSession(t, server, name, "at=200");
  await row(page, 200).waitFor();
  await supersede(name, 300, 300);
  await page.getByText("Superseded events 1", { exact: true }).waitFor();
  const before = await row(page, 200).boundingBox();
  await supersede(name, 1, 100);
  await page.getByText("Superseded events 101").waitFor();
  assert.deepEqual(await row(page, 200).boundingBox(), before);
  await supersede(name, 402, 402);
  await page.getByText("Superseded events 1", { exact: true }).waitFor();
  assert.deepEqual(await row(page, 200).boundingBox(), before);
  await supersede(name, 150, 250);
  await row(page, 251).waitFor();
  const [top, next] = await Promise.all([feed(page).boundingBox(), row(page, 251).boundingBox()]);
  assert.ok(Math.abs(next!.y - top!.y) < 50, `the next one is ${next!.y - top!.y} pixels below the top`);
});

test("the end is followed when what is there is summed up", async (t) => {
  const name = await session(300);
  const page = await openSession(t, server, name);
  await row(page, 300).waitFor();
  await supersede(name, 1, 290, "", "in short");
  await row(page, 302).getByText("in short").waitFor();
  assert.deepEqual(await numbers(page), [291, 292, 293, 294, 295, 296, 297, 298, 299, 300, 302]);
  assert.ok((await toEnd(page)) < 2, "the list is at its end");
  await supersede(name, 291, 300);
  await supersede(name, 302, 302);
  await page.getByText("All events are superseded.").waitFor();
  await say(seeds, name, "ada: a new start");
  await row(page, 305).getByText("a new start").waitFor();
});

test("marks of which nobody told while the page was cut off are known after it", async (t) => {
  const name = await session(10);
  const page = await openSession(t, server, name);
  await server.kill();
  await connected(page, "Cut off");
  await server.start();
  await say(seeds, name, "ada: line 11", "ada: line 12");
  await supersede(name, 3, 11);
  await connected(page, "Live");
  await row(page, 12).waitFor();
  await row(page, 5).waitFor({ state: "detached" });
  assert.deepEqual(await numbers(page), [1, 2, 12]);
});

test("a link to an event that is out of view says so, and goes there when it is shown", async (t) => {
  const name = await session(90);
  await supersede(name, 20, 60);
  const page = await openSession(t, server, name, "at=40");
  await page.getByText("Event 40 is superseded by 91, and out of view.").waitFor();
  await row(page, 61).and(page.locator(":focus")).waitFor();
  await page.keyboard.press("s");
  await row(page, 40).and(page.locator(":focus")).getByText("line 40").waitFor();
});

/** Makes a session with so many events. */
async function session(count: number): Promise<string> {
  const name = await newSession(seeds, "ada");
  await say(seeds, name, ...Array.from({ length: count }, (_, at) => `ada: line ${at + 1}`));
  return name;
}

async function supersede(parent: string, first: number, last: number, reason = "", ...texts: string[]): Promise<void> {
  const events = texts.map((value) => ({ type: "summary", content: { case: "text" as const, value } }));
  await seeds.events.supersedeEvents({ parent, fromSequence: BigInt(first), toSequence: BigInt(last), reason, events });
}

async function numbers(page: Page): Promise<number[]> {
  return (await shown(page)).map(([sequence]) => sequence);
}

async function toEnd(page: Page): Promise<number> {
  return feed(page).evaluate((list) => list.scrollHeight - list.clientHeight - list.scrollTop);
}
