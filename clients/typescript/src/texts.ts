import { create, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { reflect, type ReflectMessage } from "@bufbuild/protobuf/reflect";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { Code } from "./codes.js";
import { ActivitySessionError, DOMAIN } from "./errors.js";
import { BadRequestSchema, ErrorInfoSchema } from "./gen/google/rpc/error_details_pb.js";

/**
 * Throws if a request has text that UTF-8 cannot encode, such as half an emoji, which would be sent as U+FFFD.
 *
 * @throws {ActivitySessionError} INVALID_FIELD, as the server throws it for other fields.
 */
export function checkTexts<T extends DescMessage>(schema: T, request: MessageShape<T>): void {
  for (const field of illFormed(reflect(schema, request, false))) throw refusal(field);
}

/** Yields the paths of the texts in a message, and of the maps with keys, that UTF-8 cannot encode. */
function* illFormed(message: ReflectMessage, prefix = ""): Generator<string> {
  for (const field of message.fields) {
    if (!message.isSet(field)) continue;
    const path = prefix + field.name;
    if (field.fieldKind === "list") {
      for (const [index, item] of message.get(field).entries()) yield* illFormedIn(item, `${path}[${index}]`);
    } else if (field.fieldKind === "map") {
      for (const [key, value] of message.get(field)) {
        yield* illFormedIn(key, path);
        yield* illFormedIn(value, `${path}.${String(key)}`);
      }
    } else {
      yield* illFormedIn(message.get(field), path);
    }
  }
}

function* illFormedIn(value: unknown, path: string): Generator<string> {
  if (typeof value === "string" && !value.isWellFormed()) yield path;
  if (isMessage(value)) yield* illFormed(value, `${path}.`);
}

function isMessage(value: unknown): value is ReflectMessage {
  return typeof value === "object" && value !== null && "desc" in value;
}

function refusal(field: string): ActivitySessionError {
  const description = "has a surrogate without its other half, which UTF-8 cannot encode";
  const info = create(ErrorInfoSchema, { domain: DOMAIN, reason: "INVALID_FIELD", metadata: { field } });
  const badRequest = create(BadRequestSchema, { fieldViolations: [{ field, description }] });
  const details = [anyPack(ErrorInfoSchema, info), anyPack(BadRequestSchema, badRequest)];
  return new ActivitySessionError(Code.INVALID_ARGUMENT, `${field}: ${description}`, details);
}
