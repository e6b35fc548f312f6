import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { SessionService } from "activity-session/v1/session_service";
import type { Call } from "../src/copy/call.js";
import { python } from "../src/copy/python.js";
import { curl, grpcurl } from "../src/copy/shell.js";
import {
  clients,
  ensureParticipants,
  folder,
  newNamespace,
  open,
  PROGRAM,
  ROOT,
  say,
  serve,
  type Server,
} from "./harness.js";

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

const environment = (of: Server) => ({
  ...process.env,
  PATH: `${process.env["PATH"]}:${process.env["HOME"]}/go/bin`,
  PYTHONUNBUFFERED: "1",
  TOKEN,
  ADDRESS: of.address,
});
const PYTHON = join(ROOT, ".venv/bin/python");

function run(of: Server, program: string, ...given: string[]): string {
  return execFileSync(program, given, { encoding: "utf8", env: environment(of) });
}

for (const [name, of, token] of [
  ["without a token", server, undefined],
  ["with a token", guarded, TOKEN],
] as const) {
  test(`what is copied ${name} is run as it is`, async (t) => {
    const [grpcurl = "", curl = "", python = ""] = await copied(t, of, token);
    const found = [run(of, "bash", "-c", curl), run(of, PYTHON, "-c", python)];
    if (hasGrpcurl()) found.push(run(of, "bash", "-c", grpcurl));
    else t.diagnostic("grpcurl is not installed: what is copied for it is not run");
    for (const output of found) {
      assert.match(output, /found/);
      assert.doesNotMatch(output, /sessions\/other/);
    }
    assert.ok(![grpcurl, curl, python].some((text) => text.includes(TOKEN)));
  });
}

test("a stream is followed by what is copied", async () => {
  const seeds = clients(guarded, { token: TOKEN });
  const parent = await newNamespace(seeds);
  await ensureParticipants(seeds, parent, "ada");
  const { name } = await seeds.sessions.createSession({ parent, sessionId: "it's 京都", session: {} });
  await say(seeds, name, "ada: before", "ada: after");
  const call = { method: SessionService.method.watchSession, request: { name, afterSequence: 1n } } as unknown as Call;
  const place = { origin: guarded.url, isSignedIn: true };
  const shell = [curl(call, place), ...(hasGrpcurl() ? [grpcurl(call, place)] : [])].map((text) => [
    "bash",
    "-c",
    text,
  ]);
  for (const command of [...shell, [PYTHON, "-c", python(call, place)]]) {
    assert.doesNotMatch(await outputUntil("after", command), /before/);
  }
});

/** Runs a command until it has written a text; it is ended then. */
async function outputUntil(text: string, [program = "", ...given]: string[]): Promise<string> {
  const running = spawn(program, given, {
    env: environment(guarded),
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  let output = "";
  for await (const part of running.stdout) {
    output += String(part);
    if (output.includes(text)) break;
  }
  process.kill(-running.pid!, "SIGKILL");
  assert.match(output, new RegExp(text));
  return output;
}

function hasGrpcurl(): boolean {
  try {
    return run(server, "bash", "-c", "command -v grpcurl") !== "";
  } catch {
    return false;
  }
}
