import assert from "node:assert/strict";
import { test } from "node:test";
import { clients, say, serve } from "../harness.js";
import { feed, newSession, openSession, row } from "./pages.js";
import { trip } from "./scene.js";

const server = await serve();
const seeds = clients(server);
const session = await trip(seeds);

test("messages have their author, type, labels and day, and those of one author are together", async (t) => {
  const page = await openSession(t, server, session, "at=1");
  await row(page, 1).getByText("Where is the 🏯?").waitFor();
  await row(page, 1).getByText("ada", { exact: true }).waitFor();
  await page.getByText(/^yesterday, /).waitFor();
  await page.getByText(/^today, /).waitFor();
  await row(page, 3).getByText("agent", { exact: true }).waitFor();
  assert.equal(await row(page, 4).locator(".author").count(), 0, "below one of the same author");
  await row(page, 5).getByText("mood: curious").waitFor();
  assert.equal(await row(page, 5).locator(".text").evaluate((text) => getComputedStyle(text).direction), "rtl");
  assert.equal(await row(page, 2).locator(".text").evaluate((text) => (text as HTMLElement).innerText), "two\n  lines");
});

test("a call of a tool opens to itself and its result, which is not shown twice", async (t) => {
  const page = await openSession(t, server, session, "at=3");
  await row(page, 3).getByRole("button", { name: /find.*result 4/ }).click();
  await row(page, 3).getByText('"city": "京都"').waitFor();
  await row(page, 3).getByText('"金閣寺"').last().waitFor();
  await row(page, 4).getByText("The result of call 3").waitFor();
});

test("an event of several parts shows each, and the calls among them with their results", async (t) => {
  const name = await newSession(seeds);
  const parts = (...given: object[]) => ({
    mediaType: "application/vnd.activity-session.parts+json",
    content: { case: "text" as const, value: JSON.stringify({ parts: given }) },
  });
  const call = { id: "c1", name: "search", arguments: { q: "<b>ryokan</b>" } };
  const file = { uri: "javascript:alert(1)", name: "plan.pdf", media_type: "application/pdf" };
  await seeds.events.appendEvents({
    parent: name,
    events: [
      parts({ text: "I look." }, { tool_call: call }, { file }, { film: 1 }),
      parts({ tool_result: { id: "c1", result: "none free", is_error: true } }),
      parts({ tool_result: { id: "of nobody", result: "alone" } }),
    ],
  });
  const page = await openSession(t, server, name);
  await row(page, 1).getByText("I look.").waitFor();
  await row(page, 1).getByText('"film": 1').waitFor();
  await row(page, 1).getByText("javascript:alert(1)").waitFor();
  assert.equal(await row(page, 1).getByRole("link", { name: /plan|javascript/ }).count(), 0);
  await row(page, 1).getByRole("button", { name: /search.*failed 2/ }).click();
  await row(page, 1).getByText('"q": "<b>ryokan</b>"').waitFor();
  await row(page, 1).getByText("none free").last().waitFor();
  await row(page, 2).getByText("The result of call 1").waitFor();
  await row(page, 3).getByText("alone").waitFor();
});

test("pictures are shown, and run nothing; other bytes can be saved", async (t) => {
  const page = await openSession(t, server, session, "at=7");
  for (const sequence of [6, 7]) {
    const width = (image: Element) => (image as HTMLImageElement).decode().then(() => (image as HTMLImageElement).naturalWidth);
    assert.ok((await row(page, sequence).getByRole("img").evaluate(width)) > 0);
  }
  assert.equal(await page.evaluate(() => "ran" in globalThis), false);
  await row(page, 8).getByText("application/pdf, 2 KiB").waitFor();
  const [download] = await Promise.all([page.waitForEvent("download"), row(page, 8).getByRole("link", { name: "Save" }).click()]);
  assert.ok(await download.path());
});

test("JSON is in lines, keeps its digits, and is folded when it is long; what is empty is said", async (t) => {
  const page = await openSession(t, server, session);
  await row(page, 9).getByText('"big": 12345678901234567890').waitFor();
  assert.equal(await row(page, 9).getByText("7029", { exact: false }).count(), 0);
  await row(page, 9).getByRole("button", { name: /Show all/ }).click();
  await row(page, 9).getByText("7029", { exact: false }).waitFor();
  await row(page, 10).getByText("no author").waitFor();
  await row(page, 10).getByText("This event has no content.").waitFor();
  await row(page, 11).getByText("This event has an empty text.").waitFor();
});

test("the keyboard goes through events, to both ends, and to the raw form and back", async (t) => {
  const name = await newSession(seeds, "ada");
  await say(seeds, name, ...Array.from({ length: 120 }, (_, at) => `ada: line ${at + 1}`));
  const page = await openSession(t, server, name);
  await row(page, 120).waitFor();
  await feed(page).focus();
  for (const [key, sequence] of [["Home", 1], ["j", 2], ["ArrowDown", 3], ["k", 2], ["End", 120], ["ArrowUp", 119]] as const) {
    await page.keyboard.press(key);
    await page.locator(`[data-sequence="${sequence}"]:focus`).waitFor();
  }
  await page.keyboard.press("Enter");
  const raw = page.getByRole("dialog", { name: "Event 119" });
  await raw.getByText('"text": "line 119"').waitFor();
  await raw.getByRole("button", { name: "Copy as…" }).click();
  await page.getByText(/EventService\/GetEvent/).first().waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await page.locator('[data-sequence="119"]:focus').waitFor();
  await page.keyboard.press("PageUp");
  await row(page, 119).waitFor({ state: "detached" });
  await feed(page).and(page.locator(":focus")).waitFor();
});

test("both times are shown where an event has the focus", async (t) => {
  const page = await openSession(t, server, session, "at=1");
  const times = row(page, 1).locator(".times time");
  await times.first().waitFor();
  assert.equal(await times.count(), 2);
  assert.notEqual(await times.first().getAttribute("datetime"), await times.last().getAttribute("datetime"));
});

test("events that cannot be loaded are tried again", async (t) => {
  const name = await newSession(seeds, "ada");
  await say(seeds, name, ...Array.from({ length: 300 }, (_, at) => `ada: line ${at + 1}`));
  const page = await openSession(t, server, name);
  const refusal = { status: 403, contentType: "application/json", body: '{"code": "permission_denied", "message": "not now"}' };
  await page.route("**/ListEvents", (route) => route.fulfill(refusal));
  await feed(page).press("Home");
  await page.getByRole("alert").getByText("not now").waitFor();
  await page.unroute("**/ListEvents");
  await page.getByRole("button", { name: "Try again" }).click();
  await row(page, 1).getByText("line 1", { exact: true }).waitFor();
  await page.getByRole("alert").waitFor({ state: "detached" });
});

test("a number that is not there yet is said", async (t) => {
  const page = await openSession(t, server, session, "at=900");
  await page.getByText("There is no event 900 yet: the newest is 11.").waitFor();
});
