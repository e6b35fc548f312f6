import { test } from "node:test";
import { clients, open, serve } from "./harness.js";
import { scene } from "./scene.js";
import type { Page } from "playwright-core";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const RULES: RunOptions = { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] };
const SCHEMES = ["light", "dark"] as const;
const WIDTHS = [320, 1280, 3840];
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
    await page.addScriptTag({ path: AXE });
    for (const [colorScheme, width] of SCHEMES.flatMap((scheme) => WIDTHS.map((width) => [scheme, width] as const))) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      assert.deepEqual(await violations(page), [], `${colorScheme}, ${width}`);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0, `scrolls at ${width}`);
    }
  });
}
