import { test } from "node:test";
import { assertAccessible } from "./accessible.js";
import { clients, open, serve } from "./harness.js";
import { scene } from "./scene.js";
import type { Page } from "playwright-core";

const server = await serve();
const seeds = clients(server);
const full = await scene(seeds);

const VIEWS: Record<string, [hash: string, act: (page: Page) => Promise<unknown>]> = {
  namespaces: ["", (page) => page.getByText("what people ask").waitFor()],
  sessions: [`#/${full}?showDeleted=true`, (page) => page.getByText("6 sessions").waitFor()],
  "a mistake": [`#/${full}?filter=x%20%3D%201`, (page) => page.getByText("'x' is not one of").waitFor()],
  "an error": ["#/namespaces/none", (page) => page.getByRole("alert").waitFor()],
  "a copy": [`#/${full}`, (page) => page.getByRole("button", { name: "Copy as…" }).click()],
  keys: ["", (page) => page.getByRole("button", { name: "Keys" }).click()],
  filters: [`#/${full}`, (page) => page.getByRole("button", { name: "How to filter" }).click()],
  "signing in": ["", (page) => page.getByRole("button", { name: "Sign in" }).click()],
};

for (const [view, [hash, act]] of Object.entries(VIEWS)) {
  test(`${view}: nothing keeps anybody out, in light and dark, in narrow and wide windows`, async (t) => {
    const page = await open(t, server, hash, { bypassCSP: true });
    await act(page);
    await assertAccessible(page);
  });
}
