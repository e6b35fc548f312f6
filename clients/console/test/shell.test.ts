import assert from "node:assert/strict";
import { test } from "node:test";
import { clients, newNamespace, open, serve } from "./harness.js";

const server = await serve();
const seeds = clients(server);

test("the address names what is shown", async (t) => {
  const namespace = await newNamespace(seeds);
  const page = await open(t, server, `#/${namespace}`);
  await page.getByText(namespace).waitFor();
});

test("the console needs nothing of other hosts", async (t) => {
  const page = await open(t, server);
  const hosts = await page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => new URL(name).host));
  assert.deepEqual([...new Set(hosts)], [new URL(server.url).host]);
});
