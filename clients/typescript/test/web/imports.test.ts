import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import ts from "typescript";

/** Adds all that a module imports, and what that imports, to the modules of the package and to the others. */
function collect(module: URL, ours: Set<string>, others: Set<string>): void {
  if (ours.has(module.href)) return;
  ours.add(module.href);
  for (const { fileName } of ts.preProcessFile(readFileSync(fileURLToPath(module), "utf8")).importedFiles) {
    if (fileName.startsWith(".")) collect(new URL(fileName, module), ours, others);
    else others.add(fileName);
  }
}

function importsOf(entry: string): Set<string> {
  const others = new Set<string>();
  collect(new URL(import.meta.resolve(entry)), new Set(), others);
  return others;
}

const isForBrowsers = (name: string) => /^(@bufbuild\/protobuf|@connectrpc\/connect(-web)?)(\/|$)/.test(name);

test("the entry for browsers imports nothing of Node.js, and no gRPC", () => {
  const others = [...importsOf("activity-session/web")];
  assert.ok(others.includes("@connectrpc/connect-web"));
  assert.deepEqual(others.filter((name) => !isForBrowsers(name)), []);
});

test("the entry for Node.js does not need Connect", () => {
  const others = [...importsOf("activity-session")];
  assert.ok(others.includes("@grpc/grpc-js"));
  assert.deepEqual(others.filter((name) => name.startsWith("@connectrpc")), []);
});
