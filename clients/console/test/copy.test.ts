import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { clients, folder, newNamespace, open, PROGRAM, ROOT, serve, type Server } from "./harness.js";

const tokens = join(folder(), "tokens.json");
const TOKEN = execFileSync(PROGRAM, ["token", "new", "ada", "--tokens-file", tokens], { encoding: "utf8" }).trim();
const grants = join(folder(), "grants.toml");
writeFileSync(grants, '[[grant]]\nsubject = "ada"\nrole = "system"\n');
const [server, guarded] = [await serve(), await serve({ flags: ["--tokens-file", tokens, "--grants-file", grants] })];
// In the shell, in Python and in JSON, each of these could mean something else.
const ODD = `it's "so" \\ $HOME \`x\` 🏯 京都`;

/** Returns the copied texts of a list with one session, of which the filter has the odd text. */
async function copied(t: TestContext, of: Server, token?: string): Promise<string[]> {
  const seeds = clients(of, token ? { token } : {});
  const parent = await newNamespace(seeds);
  await seeds.sessions.createSession({ parent, sessionId: "found", session: { description: ODD } });
  await seeds.sessions.createSession({ parent, sessionId: "other", session: {} });
  const filter = encodeURIComponent(`description = ${JSON.stringify(ODD)}`);
  const page = await open(t, of, `#/${parent}?filter=${filter}`, {
    permissions: ["clipboard-read", "clipboard-write"],
  });
  if (token) await page.getByLabel("Token").fill(token);
  if (token) await page.keyboard.press("Enter");
  await page.getByText("1 session: these are all.").waitFor();
  await page.getByRole("button", { name: "Copy as…" }).click();
  const texts = [];
  for (const name of ["grpcurl", "curl", "Python"]) {
    await page.getByRole("button", { name: `Copy ${name}`, exact: true }).click();
    await page.getByText(`The call for ${name} is in the clipboard.`).waitFor();
    texts.push(await page.evaluate(() => navigator.clipboard.readText()));
  }
  return texts;
}

function run(program: string, ...given: string[]): string {
  const env = { ...process.env, PATH: `${process.env["PATH"]}:${process.env["HOME"]}/go/bin`, TOKEN };
  return execFileSync(program, given, { encoding: "utf8", env: { ...env, ADDRESS: addressed.address } });
}

let addressed = server;

for (const [name, of, token] of [
  ["without a token", server, undefined],
  ["with a token", guarded, TOKEN],
] as const) {
  test(`what is copied ${name} is run as it is`, async (t) => {
    addressed = of;
    const [grpcurl = "", curl = "", python = ""] = await copied(t, of, token);
    const found = [run("bash", "-c", curl), run(join(ROOT, ".venv/bin/python"), "-c", python)];
    if (hasGrpcurl()) found.push(run("bash", "-c", grpcurl));
    else t.diagnostic("grpcurl is not installed: what is copied for it is not run");
    for (const output of found) {
      assert.match(output, /found/);
      assert.doesNotMatch(output, /sessions\/other/);
    }
    assert.ok(![grpcurl, curl, python].some((text) => text.includes(TOKEN)));
  });
}

function hasGrpcurl(): boolean {
  try {
    return run("grpcurl", "--version") === "" || true;
  } catch {
    return false;
  }
}
