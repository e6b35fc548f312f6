/** Whether a page keeps anybody out, by the rules of axe. */

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import type { AxeResults, RunOptions } from "axe-core";
import type { Page } from "playwright-core";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const RULES: RunOptions = { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] };
const SCHEMES = ["light", "dark"] as const;
const WIDTHS = [320, 1280, 3840];

/** Asserts that nothing keeps anybody out, in light and dark, and that nothing is wider than the window. */
export async function assertAccessible(page: Page): Promise<void> {
  await page.addScriptTag({ path: AXE });
  for (const [colorScheme, width] of SCHEMES.flatMap((scheme) => WIDTHS.map((width) => [scheme, width] as const))) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 900 });
    assert.deepEqual(await violations(page), [], `${colorScheme}, ${width}`);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0, `scrolls at ${width}`);
  }
}

async function violations(page: Page): Promise<string[]> {
  const { violations } = await page.evaluate(
    (rules) => (globalThis as unknown as { axe: { run: (rules: RunOptions) => Promise<AxeResults> } }).axe.run(rules),
    RULES,
  );
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}
