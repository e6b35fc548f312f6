import assert from "node:assert/strict";
import { test } from "node:test";
import { clients, newNamespace, open, serve } from "./harness.js";

const server = await serve();
const seeds = clients(server);

test("the console needs nothing of other hosts", async (t) => {
  const page = await open(t, server);
  await page.getByRole("heading", { name: "Namespaces" }).waitFor();
  const hosts = await page.evaluate(() =>
    performance.getEntriesByType("resource").map(({ name }) => new URL(name).host),
  );
  assert.deepEqual([...new Set(hosts)], [server.httpAddress]);
});

test("namespaces are listed, and chosen by a link, in the header, or by their name", async (t) => {
  const [one, other] = [await newNamespace(seeds, "of the first"), await newNamespace(seeds)];
  const page = await open(t, server);
  await page.getByText("of the first").waitFor();
  await page.getByRole("link", { name: one.replace("namespaces/", ""), exact: true }).click();
  await page.getByRole("heading", { name: `Sessions of ${one.replace("namespaces/", "")}` }).waitFor();
  await page.getByLabel("Namespace").selectOption(other);
  await page.getByRole("heading", { name: `Sessions of ${other.replace("namespaces/", "")}` }).waitFor();
  await page.getByLabel("Namespace").selectOption("all namespaces…");
  await page.getByLabel("Another namespace").fill(one);
  await page.keyboard.press("Enter");
  await page.waitForURL(`${server.url}/#/${one}`);
  assert.equal(await page.title(), `${one.replace("namespaces/", "")} · Activity Session`);
});

test("a theme is kept", async (t) => {
  const page = await open(t, server, "", { colorScheme: "light" });
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await page.getByLabel("Theme").selectOption("dark");
  const dark = await ground();
  assert.notEqual(dark, light);
  await page.reload();
  await page.getByLabel("Theme").waitFor();
  assert.equal(await ground(), dark);
  await page.getByLabel("Theme").selectOption("system");
  assert.equal(await ground(), light);
});

test("keys are shown, and can be off", async (t) => {
  const page = await open(t, server);
  await page.getByRole("heading", { name: "Namespaces" }).waitFor();
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keys" }).getByLabel("These keys are on").uncheck();
  await page.keyboard.press("Escape");
  await page.keyboard.press("?");
  assert.equal(await page.getByRole("dialog").count(), 0);
  await page.getByRole("button", { name: "Keys" }).click();
  assert.equal(await page.getByRole("dialog").getByText("shows the keys").count(), 1);
});

test("the keyboard gets past the header", async (t) => {
  const page = await open(t, server);
  await page.getByRole("heading", { name: "Namespaces" }).waitFor();
  await page.locator("main:focus").waitFor();
  await page.keyboard.press("Shift+Tab");
  await page.getByRole("button", { name: "Sign in" }).and(page.locator(":focus")).waitFor();
  const first = await page.evaluate(() => document.querySelector("a, button, input, select")?.textContent);
  assert.equal(first, "Skip to the page");
  await page.getByRole("button", { name: first }).press("Enter");
  await page.locator("main:focus").waitFor();
  assert.equal(page.url(), `${server.url}/`);
});
