/** Makes the pictures of the documentation: `npm run pictures`, after `make console`. */

import { join } from "node:path";
import { test } from "node:test";
import { clients, open, ROOT, serve } from "./harness.js";
import { scene } from "./scene.js";

const server = await serve();
const namespace = await scene(clients(server), "support");

for (const colorScheme of ["light", "dark"] as const) {
  test(`sessions, ${colorScheme}`, async (t) => {
    const page = await open(t, server, `#/${namespace}?showDeleted=true`, {
      colorScheme,
      viewport: { width: 1200, height: 640 },
    });
    await page.locator("time").nth(7).waitFor();
    await page.screenshot({ path: join(ROOT, `docs/images/console-sessions-${colorScheme}.png`) });
  });
}
