/** What tests of the page of a session have in common. */

import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { BrowserContextOptions, Locator, Page } from "playwright-core";
import { open } from "../browsers.js";
import { ensureParticipants, newNamespace, type Clients } from "../seeds.js";
import type { Server } from "../servers.js";

/** Makes a session with members, in a namespace of its own, and returns its name. */
export async function newSession(seeds: Clients, ...members: string[]): Promise<string> {
  const parent = await newNamespace(seeds);
  const participants = (await ensureParticipants(seeds, parent, ...members)).map((participant) => ({ participant }));
  return (await seeds.sessions.createSession({ parent, sessionId: "talk", session: { participants } })).name;
}

/** Opens a session, such as with the query `panel=state`, and waits until it is live. */
export async function openSession(
  t: TestContext,
  server: Pick<Server, "url">,
  name: string,
  query = "",
  options: BrowserContextOptions = {},
): Promise<Page> {
  const page = await open(t, server as Server, linkTo(name, query), options);
  await connected(page, "Live");
  return page;
}

/** Returns the address of a session in the console, from its hash on. */
export function linkTo(name: string, query = ""): string {
  return `#/${name.split("/").map(encodeURIComponent).join("/")}${query && `?${query}`}`;
}

/** Waits until the page says of its connection what it should. */
export async function connected(page: Page, text: string): Promise<void> {
  await page.locator(".connected", { hasText: text }).waitFor();
}

/** Returns the row of an event. */
export function row(page: Page, sequence: number): Locator {
  return page.locator(`[data-sequence="${sequence}"]`);
}

/** Returns the feed. */
export function feed(page: Page): Locator {
  return page.getByRole("feed", { name: "Events" });
}

/** Goes through the whole conversation from its start, and returns the text of each event by its number. */
export async function walk(page: Page, last: number): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  await feed(page).focus();
  await page.keyboard.press("Home");
  await row(page, 1).waitFor();
  while (!found.has(last)) {
    const rows = await shown(page);
    assert.deepEqual(rows.map(([sequence]) => sequence), rows.map((_, at) => rows[0]![0] + at), "no repeats, no gaps");
    for (const [sequence, text] of rows) found.set(sequence, text);
    await page.keyboard.press("PageDown");
    await row(page, Math.min(last, rows.at(-1)![0] + 1)).waitFor();
  }
  return found;
}

/** Returns the numbers and the texts of the rows that are in the page now. */
export async function shown(page: Page): Promise<[number, string][]> {
  return page.locator("[data-sequence]").evaluateAll((rows) =>
    rows.map((one) => [Number((one as HTMLElement).dataset["sequence"]), one.querySelector(".text")?.textContent ?? ""]),
  );
}

/** Counts from now on how many calls of a method the page makes. */
export function callsOf(page: Page, method: string): { count: number } {
  const calls = { count: 0 };
  page.on("request", (request) => {
    if (request.url().endsWith(`/${method}`)) calls.count += 1;
  });
  return calls;
}
