import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { clients, serve, type Clients } from "../harness.js";
import { callsOf, connected, feed, linkTo, newSession, row } from "./pages.js";
import { open } from "../browsers.js";

const server = await serve();
const seeds = clients(server);
const EVENTS = 100_000;
const BATCH = 100;
const MOST_ROWS = 80;
const ROW_PX = 34;

const name = await newSession(seeds, "ada");

test("a session of 100,000 events opens at the newest, and is read by what is in view", { timeout: 180_000 }, async (t) => {
  await fill(seeds, name);
  const page = await open(t, server);
  const lists = callsOf(page, "ListEvents");
  const toNewest = await timeTo(page, name);
  assert.ok(lists.count <= 2, `${lists.count} pages of events`);
  assert.ok((await page.locator("[data-sequence]").count()) < MOST_ROWS);
  const longest = await longestFrame(page);
  assert.ok((await page.locator("[data-sequence]").count()) < MOST_ROWS);
  const scrolled = lists.count;
  await page.evaluate((hash) => (location.hash = hash), linkTo(name, "at=50000"));
  await row(page, 50_000).getByText("line 50000", { exact: true }).waitFor();
  await goOnFromTop(page);
  await page.keyboard.press("Home");
  await row(page, 1).getByText("line 1", { exact: true }).waitFor();
  await page.keyboard.press("End");
  await row(page, EVENTS).waitFor();
  assert.ok(lists.count - scrolled < 16, `${lists.count - scrolled} pages for four jumps`);
  t.diagnostic(`newest after ${toNewest.toFixed(0)} ms, longest frame while scrolling ${longest.toFixed(0)} ms, ${lists.count} lists`);
});

test("where 90,000 of them are superseded, the others follow each other", async (t) => {
  await seeds.events.supersedeEvents({ parent: name, fromSequence: 5001n, toSequence: 95_000n });
  const page = await open(t, server);
  const lists = callsOf(page, "ListEvents");
  await timeTo(page, name);
  const rows = await feed(page).evaluate((list, height) => list.scrollHeight / height, ROW_PX);
  assert.ok(rows > 9_900 && rows < 10_100, `as high as ${rows} rows`);
  await feed(page).evaluate((list) => (list.scrollTop = list.scrollHeight / 2));
  await row(page, 95_001).getByText("line 95001", { exact: true }).waitFor();
  await row(page, 5000).getByText("line 5000", { exact: true }).waitFor();
  await page.evaluate((hash) => (location.hash = hash), linkTo(name, "at=50000"));
  await page.getByText("Event 50000 is superseded by 100001, and out of view.").waitFor();
  await row(page, 95_001).and(page.locator(":focus")).waitFor();
  await page.getByLabel("Superseded events").check();
  await row(page, 50_000).and(page.locator(":focus")).getByText("superseded by 100001").waitFor();
  assert.ok(lists.count < 12, `${lists.count} lists`);
});

async function fill({ events }: Clients, parent: string): Promise<void> {
  const author = `${parent.split("/sessions/")[0]}/participants/ada`;
  const message = (number: number) => ({ author, type: "message", content: { case: "text" as const, value: `line ${number}` } });
  for (let last = 0; last < EVENTS; last += BATCH) {
    await events.appendEvents({ parent, events: Array.from({ length: BATCH }, (_, at) => message(last + at + 1)) });
  }
}

/** The list has the rows around event 50,000, and goes on from its ends. */
async function goOnFromTop(page: Page): Promise<void> {
  await feed(page).evaluate((list) => (list.scrollTop = 0));
  await page.getByRole("button", { name: "Go on to event 39,999" }).click();
  await row(page, 39_999).and(page.locator(":focus")).getByText("line 39999", { exact: true }).waitFor();
}

/** Returns how many milliseconds it takes from the link to the newest event. */
async function timeTo(page: Page, name: string): Promise<number> {
  const start = performance.now();
  await page.evaluate((hash) => (location.hash = hash), linkTo(name));
  await row(page, EVENTS).waitFor();
  const time = performance.now() - start;
  await connected(page, "Live");
  return time;
}

/** Scrolls up through 200 views, and returns the milliseconds of the longest frame. */
async function longestFrame(page: Page): Promise<number> {
  return feed(page).evaluate(async (list) => {
    let [longest, before] = [0, performance.now()];
    for (let view = 0; view < 200; view++) {
      list.scrollTop -= list.clientHeight / 2;
      const now = await new Promise<number>((told) => requestAnimationFrame(told));
      longest = Math.max(longest, now - before);
      before = now;
    }
    return longest;
  });
}
