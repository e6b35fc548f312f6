import assert from "node:assert/strict";
import { test } from "node:test";
import { open, serve } from "./harness.js";

const server = await serve();

test("the API is read and tried by a page that needs nothing of other hosts", async (t) => {
  const page = await open(t, server, "docs/");
  await page.getByText("/v1/serverInfo").click();
  await page.getByRole("button", { name: "Try it out" }).click();
  await page.getByRole("button", { name: "Execute" }).click();
  const response = page.locator(".live-responses-table");
  await response.getByText('"version"').waitFor();
  assert.match(await response.innerText(), /\b200\b/);
  const hosts = await page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => new URL(name).host));
  assert.deepEqual([...new Set(hosts)], [server.httpAddress]);
});
