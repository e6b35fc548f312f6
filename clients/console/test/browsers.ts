/** Pages in Chromium. A test fails on what they write as an error, and on what their policy forbids. */

import assert from "node:assert/strict";
import { after, type TestContext } from "node:test";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import type { Server } from "./servers.js";

const PATH = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
let running: Promise<Browser> | undefined;

/** Returns the browser of this file of tests, which is started once. */
export function browser(): Promise<Browser> {
  running ??= chromium.launch({ executablePath: PATH, args: ["--no-sandbox"] });
  return running;
}

after(async () => (await running)?.close());

/** Opens a page of the console in a context of its own, such as `open(t, server, "#/namespaces/default")`. */
export async function open(
  t: TestContext,
  server: Server,
  path = "",
  options: BrowserContextOptions = {},
): Promise<Page> {
  const context = await (await browser()).newContext({ reducedMotion: "reduce", locale: "en-GB", ...options });
  const page = await context.newPage();
  const mistakes = watched(page);
  t.after(async () => {
    await page.evaluate(() => new Promise((told) => setTimeout(told))); // errors that are on their way
    await context.close();
    assert.deepEqual(mistakes, []);
  });
  page.setDefaultTimeout(30_000);
  await page.goto(`${server.url}/${path}`);
  return page;
}

/** Collects what a page may not do. That a call fails is an error of the console, which the page itself shows. */
function watched(page: Page): string[] {
  const mistakes: string[] = [];
  page.on("pageerror", (error) => mistakes.push(String(error)));
  page.on("console", (message) => {
    const isOfCall =
      message.text().startsWith("Failed to load resource") && message.location().url.includes("/activity_session.v1.");
    if (message.type() === "error" && !isOfCall) mistakes.push(`${message.text()} (${message.location().url})`);
  });
  return mistakes;
}
