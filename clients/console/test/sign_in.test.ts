import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { clients, ensureParticipants, folder, newNamespace, open, PROGRAM, serve } from "./harness.js";

const here = folder();
const tokens = join(here, "tokens.json");
const tokenOf = (subject: string) =>
  execFileSync(PROGRAM, ["token", "new", subject, "--tokens-file", tokens], { encoding: "utf8" }).trim();
const [operator, ada, nobody] = ["operator", "ada", "nobody"].map(tokenOf) as [string, string, string];
const grants = join(here, "grants.toml");
grant();
const server = await serve({ flags: ["--tokens-file", tokens, "--grants-file", grants] });
const seeds = clients(server, { token: operator });

function grant(...lines: string[]): void {
  writeFileSync(grants, ["[[grant]]", 'subject = "operator"', 'role = "system"', ...lines].join("\n"));
}

test("who signs in sees sessions until they sign out", async (t) => {
  const namespace = await newNamespace(seeds);
  await seeds.sessions.createSession({ parent: namespace, sessionId: "secret", session: {} });
  const page = await open(t, server, `#/${namespace}`);
  const form = page.getByRole("alert");
  await form.getByText("sign in with a token").waitFor();
  await form.getByLabel("Token").fill("ast_wrong");
  await page.keyboard.press("Enter");
  await form.getByText("This token does not let you in").waitFor();
  await form.getByLabel("Token").fill(operator);
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "secret" }).waitFor();
  await page.reload();
  await page.getByRole("link", { name: "secret" }).waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await form.getByText("sign in with a token").waitFor();
  assert.equal(await page.getByRole("link", { name: "secret" }).count(), 0);
  assert.equal(await page.evaluate(() => JSON.stringify(sessionStorage).includes("ast_")), false);
});

test("who takes part in sessions finds them by the name of their namespace, and no others", async (t) => {
  const parent = await newNamespace(seeds);
  const [participant = ""] = await ensureParticipants(seeds, parent, "ada");
  await seeds.sessions.createSession({ parent, sessionId: "own", session: { participants: [{ participant }] } });
  await seeds.sessions.createSession({ parent, sessionId: "of-others", session: {} });
  grant("[[grant]]", 'subject = "ada"', `participant = "${participant}"`);
  const page = await open(t, server);
  await page.getByRole("button", { name: "Sign in" }).first().click();
  await page.getByRole("dialog").getByLabel("Token").fill(ada);
  await page.keyboard.press("Enter");
  await page.getByText("You have no role in a namespace").waitFor();
  await page.getByLabel("Another namespace").fill(parent.replace("namespaces/", ""));
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "own" }).waitFor();
  assert.equal(await page.getByRole("link", { name: "of-others" }).count(), 0);
});

test("who has no grant is told whom to ask, and for what", async (t) => {
  const namespace = await newNamespace(seeds);
  const page = await open(t, server, `#/${namespace}`);
  await page.getByLabel("Token").fill(nobody);
  await page.keyboard.press("Enter");
  const told = `Whoever operates the server can give you the role reader for ${namespace}`;
  await page.getByRole("alert").getByText(told).waitFor();
});
