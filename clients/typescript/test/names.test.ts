import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as names from "activity-session/names";

/** The table that the clients of all languages are tested with. */
interface Table {
  escaped: { text: string; id: string; labels: Record<string, string> }[];
  of_no_text: string[];
  names: (names.Name & { name: string })[];
  no_names: string[];
}

const TABLE = JSON.parse(readFileSync(new URL("../../../../tests/clients/names.json", import.meta.url), "utf8")) as Table;
const ILL_FORMED = ["\ud83d", "a\udc00/".repeat(300)];

test("a text has the id and the labels of the table", () => {
  assert.ok(TABLE.escaped.length > 0);
  for (const { text, id, labels } of TABLE.escaped) {
    assert.equal(names.escape(text), id);
    assert.deepEqual(names.labels(text), labels);
    const isTold = !id.includes("~~") || Object.keys(labels).length > 0;
    assert.equal(names.unescape(id, labels), isTold ? text : undefined);
  }
});

test("an id that no text has gives none", () => {
  assert.ok(TABLE.of_no_text.length > 0);
  for (const id of [...TABLE.of_no_text, ...ILL_FORMED]) {
    assert.equal(names.unescape(id), undefined);
    assert.equal(names.unescape(id, names.labels("/".repeat(100))), undefined);
    assert.equal(names.unescape(id, { "original_id.1": "\ud83d" }), undefined);
  }
});

test("what is no text is refused", () => {
  for (const text of ILL_FORMED) {
    assert.throws(() => names.escape(text), RangeError);
    assert.throws(() => names.labels(text), RangeError);
  }
});

test("a name is made of its ids and taken apart again", () => {
  assert.ok(TABLE.names.length > 0);
  for (const { name, ...ids } of TABLE.names) {
    assert.deepEqual(names.parse(name), ids);
    assert.equal(made(ids), name);
  }
});

test("what is no name is refused", () => {
  assert.ok(TABLE.no_names.length > 0);
  for (const name of TABLE.no_names) assert.throws(() => names.parse(name), /is not the name of a resource$/);
});

function made({ namespace, participant, session, event, memory }: names.Name): string {
  if (participant !== undefined) return names.participant(namespace, participant);
  if (session === undefined) return names.namespace(namespace);
  if (event !== undefined) return names.event(namespace, session, event);
  return memory === undefined ? names.session(namespace, session) : names.memory(namespace, session, memory);
}
