/** A driver over Connect, by the library that browsers use, with the same stubs; ../../README.md has the protocol. */

import { parseArgs } from "node:util";
import { toJson, type DescMethodServerStreaming, type DescMethodUnary } from "@bufbuild/protobuf";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { BadRequestSchema, ErrorInfoSchema } from "activity-session/google/rpc/error_details";
import { methodOf, parse, run, type Call, type Shown, type Watch } from "./commands.js";

const { values, positionals } = parseArgs({ allowPositionals: true, options: { token: { type: "string" } } });
const authorize: Interceptor = (next) => (request) => {
  if (values.token !== undefined) request.header.set("Authorization", `Bearer ${values.token}`);
  return next(request);
};
const transport = createConnectTransport({ baseUrl: `http://${positionals[0]}`, interceptors: [authorize] });

async function* called(command: Call | Watch, signal: AbortSignal): AsyncGenerator<Shown> {
  if ("watch" in command) throw new Error("it has no watch of its own");
  const [, method] = methodOf(command);
  const request = parse(method, command.request);
  const timeout = command.timeout === undefined ? undefined : command.timeout * 1000;
  if (method.methodKind === "unary") {
    const { message } = await transport.unary(method as DescMethodUnary, signal, timeout, undefined, request);
    yield { message: toJson(method.output, message, { useProtoFieldName: true }) };
    return;
  }
  const streaming = method as DescMethodServerStreaming;
  const { message } = await transport.stream(streaming, signal, timeout, undefined, only(request));
  for await (const one of message) {
    yield { message: toJson(method.output, one, { useProtoFieldName: true }) };
  }
}

async function* only<T>(value: T): AsyncGenerator<T> {
  yield value;
}

function failure(raised: unknown): object {
  const error = ConnectError.from(raised);
  const [info] = error.findDetails(ErrorInfoSchema);
  const [request] = error.findDetails(BadRequestSchema);
  return {
    status: statusOf(error.code),
    error: error.rawMessage,
    reason: info?.reason ?? "",
    metadata: info?.metadata ?? {},
    fields: request?.fieldViolations.map(({ field }) => field) ?? [],
  };
}

/** Returns the name of a code as gRPC has it: Connect says Canceled. */
function statusOf(code: Code): string {
  const name = Code[code]!.replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
  return name === "CANCELED" ? "CANCELLED" : name;
}

await run(called, failure);
