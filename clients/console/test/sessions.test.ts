import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { clients, ensureParticipants, newNamespace, open, say, serve } from "./harness.js";
import { scene } from "./scene.js";

const server = await serve();
const seeds = clients(server);

const row = (page: Page, name: string) =>
  page.getByRole("row").filter({ has: page.getByRole("link", { name, exact: true }) });
const names = (page: Page) => page.locator("th[scope=row] a").allInnerTexts();
const create = (parent: string, sessionId: string, labels: Record<string, string> = {}) =>
  seeds.sessions.createSession({ parent, sessionId, session: { labels } });

test("a row tells who takes part, what they have not read, whose turn it is, and what is particular", async (t) => {
  const page = await open(t, server, `#/${await scene(seeds)}?showDeleted=true`);
  const incident = row(page, "incident-4711");
  for (const told of [
    "payments are slow",
    "held",
    "ada",
    "35 unread",
    "agent",
    /ends in [45] min/,
    "severity: 1",
    "42",
    "now",
  ]) {
    await incident.getByText(told).first().waitFor();
  }
  await row(page, "incident-4712").getByText("deleted").waitFor();
  await row(page, "release-0.3").getByText("expired").waitFor();
  const onboarding = row(page, "onboarding of a colleague whose first day is next Monday");
  await onboarding.getByText("2 more, each with up to 147 unread").click();
  await onboarding.getByRole("button", { name: "margaret" }).waitFor();
  await onboarding.getByText("free").waitFor();
});

test("labels and participants narrow the list, whatever characters they have", async (t) => {
  const parent = await newNamespace(seeds);
  const odd = 'a "quoted" \\ * 京都 (x OR y)';
  const [participant = ""] = await ensureParticipants(seeds, parent, "ada");
  await seeds.sessions.createSession({
    parent,
    sessionId: "one",
    session: { labels: { "odd/k.e-y": odd }, participants: [{ participant }] },
  });
  await create(parent, "two", { "odd/k.e-y": 'a "quoted" \\ or else' });
  await create(parent, "three", { "odd/k.e-y": odd });
  const page = await open(t, server, `#/${parent}`);
  await row(page, "one").getByRole("button", { name: odd }).click();
  await page.getByText("2 sessions: these are all.").waitFor();
  await row(page, "one").getByRole("button", { name: "ada" }).click();
  await page.getByText("1 session: these are all.").waitFor();
  assert.deepEqual(await names(page), ["one"]);
  await page.goBack();
  await page.getByText("2 sessions: these are all.").waitFor();
  await page.getByRole("button", { name: "Clear" }).click();
  await page.getByText("3 sessions: these are all.").waitFor();
});

test("a mistake in the filter is shown where it is", async (t) => {
  const page = await open(t, server, `#/${await newNamespace(seeds)}`);
  const filter = page.getByLabel("Filter", { exact: true });
  await filter.fill('session_id = "京都 🏯" AND nonsense = 3');
  await page.keyboard.press("Enter");
  await page.getByText("'nonsense' is not one of").waitFor();
  const at = 'session_id = "京都 🏯" AND ';
  assert.equal(await page.locator("#filter-error pre").textContent(), `${at}^nonsense = 3`);
  const place = () => filter.evaluate((field) => (field as HTMLInputElement).selectionStart);
  assert.equal(await place(), at.length);
  assert.equal(await filter.getAttribute("aria-invalid"), "true");
  await filter.fill("a".repeat(2001));
  await page.keyboard.press("Enter");
  await page.locator("#filter-error").getByText("2000").waitFor();
  await page.getByRole("button", { name: "Clear" }).click();
  await page.getByText("No sessions.").waitFor();
});

test("the address has all of the view, and a link shows it again", async (t) => {
  const parent = await newNamespace(seeds);
  for (const id of ["a", "b", "c"]) await create(parent, id);
  await seeds.sessions.deleteSession({ name: `${parent}/sessions/b` });
  const page = await open(t, server, `#/${parent}`);
  await page.getByLabel("Order").selectOption("name, reversed");
  await page.getByLabel("Show deleted").check();
  await page.getByLabel("Filter", { exact: true }).fill('session_id != "a"');
  await page.keyboard.press("Enter");
  await page.getByText("2 sessions: these are all.").waitFor();
  const again = await open(t, server, new URL(page.url()).hash);
  await again.getByText("2 sessions: these are all.").waitFor();
  assert.deepEqual(await names(again), ["c", "b"]);
  assert.equal(await again.getByLabel("Filter", { exact: true }).inputValue(), 'session_id != "a"');
});

test("more rows come when they are asked for, and a link has as many", async (t) => {
  const parent = await newNamespace(seeds);
  await Promise.all(Array.from({ length: 120 }, (_, at) => create(parent, `s${String(at).padStart(3, "0")}`)));
  const page = await open(t, server, `#/${parent}?orderBy=name`);
  await page.getByText("50 sessions so far.").waitFor();
  await page.getByRole("button", { name: "Show more" }).click();
  await page.getByText("100 sessions so far.").waitFor();
  const again = await open(t, server, new URL(page.url()).hash);
  await again.getByText("100 sessions so far.").waitFor();
  await page.getByRole("button", { name: "Show more" }).click();
  await page.getByText("120 sessions: these are all.").waitFor();
  const found = await names(page);
  assert.deepEqual(found, [...new Set(found)].sort());
});

test("the newest event of each row comes with the list, which can be ordered by it", async (t) => {
  const parent = await newNamespace(seeds);
  await ensureParticipants(seeds, parent, "ada");
  const made = [await create(parent, "old"), await create(parent, "new")];
  for (const { name } of [...made].reverse()) await say(seeds, name, "ada: hello");
  await create(parent, "empty");
  const page = await open(t, server, "");
  const asked: string[] = [];
  page.on("request", (request) => request.url().endsWith("/ListEvents") && asked.push(request.url()));
  await page.goto(`${server.url}/#/${parent}`);
  await row(page, "old").getByText("ada: hello").waitFor();
  await row(page, "old").getByText("now").waitFor();
  await row(page, "empty").getByText("no events").waitFor();
  await page.getByLabel("Order").selectOption("newest event, newest first");
  await page.locator("table[aria-busy=false]").waitFor();
  await page.waitForFunction(() => document.querySelector("th[scope=row] a")?.textContent === "empty");
  assert.deepEqual(await names(page), ["empty", "old", "new"]);
  assert.deepEqual(asked, []);
});

test("the keyboard moves along the rows, opens one, and comes back to it", async (t) => {
  const parent = await newNamespace(seeds);
  for (const id of ["a", "b", "c"]) await create(parent, id);
  const page = await open(t, server, `#/${parent}?orderBy=name`);
  await row(page, "a").waitFor();
  const focused = () => page.evaluate(() => document.activeElement?.textContent);
  for (const [key, name] of [
    ["j", "a"],
    ["j", "b"],
    ["ArrowDown", "c"],
    ["j", "c"],
    ["k", "b"],
    ["ArrowUp", "a"],
    ["j", "b"],
  ] as const) {
    await page.keyboard.press(key);
    assert.equal(await focused(), name, key);
  }
  await page.keyboard.press("Enter");
  await page.waitForURL(`${server.url}/#/${parent}/sessions/b`);
  await page.goBack();
  await page.locator("a:focus").getByText("b").waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("session_id = c");
  await page.keyboard.press("Enter");
  await page.getByText("1 session: these are all.").waitFor();
  assert.deepEqual(await names(page), ["c"]);
});

test("the list is refreshed by its key, and when somebody comes back to the tab", async (t) => {
  const parent = await newNamespace(seeds);
  await create(parent, "first");
  const page = await open(t, server, `#/${parent}`);
  await row(page, "first").waitFor();
  await create(parent, "second");
  await page.keyboard.press("r");
  await row(page, "second").waitFor();
  await create(parent, "third");
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange", { bubbles: true })));
  await row(page, "third").waitFor();
});

test("what callers write stays text", async (t) => {
  const parent = await newNamespace(seeds);
  const markup = '<img src=x onerror="document.title=1"><script>document.title=1</script>';
  const [participant = ""] = await ensureParticipants(seeds, parent, "<b>ada");
  const session = { description: markup, labels: { x: markup }, participants: [{ participant, role: "<b>traveller" }] };
  await seeds.sessions.createSession({ parent, sessionId: "<i>id", session });
  const page = await open(t, server, `#/${parent}`);
  await row(page, "<i>id").getByText(markup).first().waitFor();
  assert.equal(await page.locator("main :is(img, script, b, i)").count(), 0);
});

test("a server that is away is told of, and the list comes by itself once it is back", async (t) => {
  const parent = await newNamespace(seeds);
  await create(parent, "kept");
  const page = await open(t, server, `#/${parent}`);
  await row(page, "kept").waitFor();
  await server.kill();
  await page.getByRole("button", { name: "Refresh" }).click();
  await page.getByRole("alert").getByText("The server cannot be reached").waitFor();
  assert.equal(await row(page, "kept").count(), 1);
  await server.start();
  await page.getByRole("alert").waitFor({ state: "detached" });
  await row(page, "kept").waitFor();
});

test("a namespace that is not there is told of, with a way back", async (t) => {
  const page = await open(t, server, "#/namespaces/none");
  await page.getByRole("alert").getByText("namespaces/none does not exist").waitFor();
  await page.getByRole("link", { name: "All namespaces" }).click();
  await page.getByRole("heading", { name: "Namespaces" }).waitFor();
});
