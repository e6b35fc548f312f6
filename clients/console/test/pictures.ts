/** Makes the pictures of the documentation: `npm run pictures`, after `make console`. */

import { join } from "node:path";
import { test } from "node:test";
import { clients, open, ROOT, serve } from "./harness.js";
import { scene } from "./scene.js";
import { openSession, row } from "./session/pages.js";
import { incident } from "./session/incident.js";

const server = await serve();
const namespace = await scene(clients(server), "support");
const session = await incident(clients(server));

for (const colorScheme of ["light", "dark"] as const) {
  test(`sessions, ${colorScheme}`, async (t) => {
    const page = await open(t, server, `#/${namespace}?showDeleted=true`, {
      colorScheme,
      viewport: { width: 1200, height: 640 },
    });
    await page.locator("time").nth(7).waitFor();
    await page.screenshot({ path: join(ROOT, `docs/images/console-sessions-${colorScheme}.png`) });
  });

  test(`a session, ${colorScheme}`, async (t) => {
    const options = { colorScheme, viewport: { width: 1200, height: 760 } };
    const page = await openSession(t, server, session, "", options);
    await row(page, 8).getByRole("button", { name: "roll_back" }).waitFor();
    await page.screenshot({ path: join(ROOT, `docs/images/console-session-${colorScheme}.png`) });
  });
}
