/** Servers under test: `activity-session serve` of the checkout, each with the console at its HTTP address. */

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { after } from "node:test";

/** The root of the checkout, from the folder of the built tests. */
export const ROOT = resolve(import.meta.dirname, "../../../..");
/** The command under test. */
export const PROGRAM = join(ROOT, ".venv/bin/activity-session");
const HOST = "127.0.0.1";
// Below the ports that systems give to whoever asks for any: a server that was killed takes its own again.
const [LEAST_PORT, PORTS] = [10_000, 20_000];

/** What a server is started with: flags of `serve` and variables of its environment. */
export interface Setting {
  flags?: string[];
  env?: Record<string, string>;
}

/** A running server; it ends with the file of tests. */
export class Server {
  /** Where it serves gRPC. */
  address = "";
  /** Where it serves HTTP. */
  httpAddress = "";
  #process: ChildProcess | undefined;
  readonly #setting: Setting;
  readonly #database: string;

  /** One that is not started yet. */
  constructor(setting: Setting, database: string) {
    this.#setting = setting;
    this.#database = database;
  }

  /** The address of the console, without a slash at its end. */
  get url(): string {
    return `http://${this.httpAddress}`;
  }

  /** Starts it, on the ports that it had before, if it was started before. */
  async start(): Promise<void> {
    const { flags = [], env = {} } = this.#setting;
    this.address ||= await freeAddress();
    this.httpAddress ||= await freeAddress();
    const listening = ["--address", this.address, "--http-address", this.httpAddress, "--database-url", this.#database];
    const process_ = spawn(PROGRAM, ["serve", ...listening, ...flags], {
      env: { ...process.env, ACTIVITY_SESSION_LOG_LEVEL: "warning", ...env },
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#process = process_;
    await untilItListens(process_);
  }

  /** Kills it with SIGKILL, as in a crash. */
  async kill(): Promise<void> {
    if (this.#process?.exitCode !== null || this.#process.signalCode) return;
    this.#process.kill("SIGKILL");
    await once(this.#process, "exit");
  }
}

/** Starts a server for this file of tests, on the database of DATABASE_URL or on an SQLite file of its own. */
export async function serve(setting: Setting = {}): Promise<Server> {
  const server = new Server(setting, process.env["DATABASE_URL"] ?? `sqlite:///${join(folder(), "test.db")}`);
  after(() => server.kill());
  await server.start();
  return server;
}

/** Makes a folder that is removed after the tests of this file. */
export function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "console-"));
  after(() => rmSync(made, { recursive: true }));
  return made;
}

/** Returns an address where nobody listens. */
async function freeAddress(): Promise<string> {
  const port = LEAST_PORT + Math.floor(Math.random() * PORTS);
  const listener = createServer().listen(port, HOST);
  const isFree = await once(listener, "listening").then(() => true, () => false);
  listener.close();
  return isFree ? `${HOST}:${port}` : freeAddress();
}

/** Waits for the lines by which it says where it listens, of which the second is about HTTP. */
async function untilItListens(server: ChildProcess): Promise<void> {
  let lines = 0;
  for await (const line of createInterface({ input: server.stdout! })) {
    if (line.includes(" on ") && ++lines === 2) return;
  }
  throw new Error("the server did not start: see its log above");
}
