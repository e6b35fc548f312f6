import {
  create,
  type DescMessage,
  type DescMethod,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  type DescService,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import type { Caller, CallOptions } from "./caller.js";

/** The methods of a service: a unary one returns a promise, a streaming one an async iterable. */
export type ServiceClient<S extends DescService> = {
  [M in keyof S["method"]]: S["method"][M] extends DescMethodUnary<infer I, infer O>
    ? (request: MessageInitShape<I>, options?: CallOptions) => Promise<MessageShape<O>>
    : S["method"][M] extends DescMethodServerStreaming<infer I, infer O>
      ? (request: MessageInitShape<I>, options?: CallOptions) => AsyncIterable<MessageShape<O>>
      : never;
};

/** Returns a typed client of a generated service. `Channel.client` does so for a channel made by `connect`. */
export function createClient<S extends DescService>(service: S, calls: Caller): ServiceClient<S> {
  const methods = service.methods.map((method) => [method.localName, calling(method, calls)]);
  return Object.fromEntries(methods) as ServiceClient<S>;
}

function calling(method: DescMethod, calls: Caller) {
  return (init: MessageInitShape<DescMessage>, options?: CallOptions) => {
    const request = create(method.input, init);
    return method.methodKind === "unary"
      ? calls.unary(method as DescMethodUnary, request, options)
      : calls.serverStreaming(method as DescMethodServerStreaming, request, options);
  };
}
