/** The call by the Python client. */

import { create, ScalarType, type DescField } from "@bufbuild/protobuf";
import { reflect, type ReflectList, type ReflectMap, type ReflectMessage } from "@bufbuild/protobuf/reflect";
import { guessedAddress, type Call, type Place } from "./call.js";

/** Returns the call as a program; ADDRESS names the server, and TOKEN the token. */
export function python(call: Call, place: Place): string {
  const options = [
    `os.environ.get("ADDRESS", ${JSON.stringify(guessedAddress(place))})`,
    ...(place.isSignedIn ? [`token=os.environ["TOKEN"]`] : []),
    ...(place.origin.startsWith("https:") ? ["tls=True"] : []),
  ];
  const lines = call.method.methodKind === "unary" ? printed(call) : watched(call);
  return `import os

import activity_session
from activity_session import v1

with activity_session.connect(${options.join(", ")}) as channel:
${lines.map((line) => `    ${line}\n`).join("")}`;
}

function printed(call: Call): string[] {
  const { input, name, parent } = call.method;
  const request = `v1.${input.name}(${fieldsOf(call).join(", ")})`;
  return [`stub = v1.${parent.name}Stub(channel)`, `print(stub.${name}(${request}))`];
}

/** The only stream is that of a session, which the client's own watch goes on with after it was cut off. */
function watched(call: Call): string[] {
  const given = fieldsOf(call)
    .join(", ")
    .replace(/^name=/, "session=");
  return [`for message in activity_session.watch(channel, ${given}):`, "    print(message)"];
}

function fieldsOf({ method, request }: Call): string[] {
  const message = reflect(method.input, create(method.input, request));
  return setFields(message).map((field) => `${field.name}=${valueOf(field, message)}`);
}

function setFields(message: ReflectMessage): DescField[] {
  return message.desc.fields.filter((field) => message.isSet(field));
}

function valueOf(field: DescField, message: ReflectMessage): string {
  const value: unknown = message.get(field);
  if (field.fieldKind === "list")
    return `[${[...(value as ReflectList)].map((one) => literal(field, one)).join(", ")}]`;
  if (field.fieldKind !== "map") return literal(field, value);
  const pairs = [...(value as ReflectMap)].map(([key, one]) => `${JSON.stringify(key)}: ${literal(field, one)}`);
  return `{${pairs.join(", ")}}`;
}

/** Returns one value. Texts of JSON are texts of Python too; enums take their names, messages take dicts. */
function literal({ message, enum: names, scalar }: DescField, value: unknown): string {
  if (message) return dict(value as ReflectMessage);
  if (names) return JSON.stringify(names.value[value as number]?.name ?? value);
  if (scalar === ScalarType.BOOL) return value ? "True" : "False";
  if (scalar === ScalarType.BYTES) return `bytes([${(value as Uint8Array).join(", ")}])`;
  return scalar === ScalarType.STRING ? JSON.stringify(value) : String(value);
}

function dict(message: ReflectMessage): string {
  return `{${setFields(message)
    .map((field) => `"${field.name}": ${valueOf(field, message)}`)
    .join(", ")}}`;
}
