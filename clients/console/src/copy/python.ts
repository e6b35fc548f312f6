/** The call by the Python client. */

import { create, ScalarType, type DescField } from "@bufbuild/protobuf";
import { reflect, type ReflectList, type ReflectMap, type ReflectMessage } from "@bufbuild/protobuf/reflect";
import { guessedAddress, type Call, type Place } from "./call.js";

/** Returns the call as a program; ADDRESS names the server, and TOKEN the token. */
export function python(call: Call, place: Place): string {
  const { method } = call;
  const options = [
    `os.environ.get("ADDRESS", ${JSON.stringify(guessedAddress(place))})`,
    ...(place.isSignedIn ? [`token=os.environ["TOKEN"]`] : []),
    ...(place.origin.startsWith("https:") ? ["tls=True"] : []),
  ];
  const request = `v1.${method.input.name}(${fieldsOf(call).join(", ")})`;
  const made = `stub.${method.name}(${request})`;
  const lines = [
    `with activity_session.connect(${options.join(", ")}) as channel:`,
    `    stub = v1.${method.parent.name}Stub(channel)`,
    ...(method.methodKind === "unary"
      ? [`    print(${made})`]
      : [`    for message in ${made}:`, "        print(message)"]),
  ];
  return `import os\n\nimport activity_session\nfrom activity_session import v1\n\n${lines.join("\n")}\n`;
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
  return `{${[...(value as ReflectMap)].map(([key, one]) => `${JSON.stringify(key)}: ${literal(field, one)}`).join(", ")}}`;
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
