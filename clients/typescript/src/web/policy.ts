import type {
  DescMessage,
  DescMethod,
  DescMethodServerStreaming,
  DescMethodUnary,
  MessageShape,
} from "@bufbuild/protobuf";
import type { Caller, CallOptions } from "../caller.js";
import { Code } from "../codes.js";
import { retrying } from "../retrying.js";
import serviceConfig from "../service_config.js";

/** Keeps the service config, as gRPC does for other clients: retries after UNAVAILABLE, and ends calls in time. */
export class ConfiguredCalls implements Caller {
  readonly #calls: Caller;

  constructor(calls: Caller) {
    this.#calls = calls;
  }

  async unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageShape<I>,
    { timeoutMs = Infinity, signal }: CallOptions = {},
  ): Promise<MessageShape<O>> {
    const policy = policyOf(method);
    const limits = { timeoutMs: Math.min(timeoutMs, policy.timeoutMs), signal };
    return retrying((left) => this.#calls.unary(method, request, left), policy, limits);
  }

  serverStreaming<I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    request: MessageShape<I>,
    options?: CallOptions,
  ): AsyncGenerator<MessageShape<O>, void, undefined> {
    return this.#calls.serverStreaming(method, request, options);
  }
}

/** Returns what the config says of a method: under its own name, or else under that of its service. */
function policyOf({ name, parent }: DescMethod) {
  const { timeout, retryPolicy } = configOf(parent.typeName, name) ?? configOf(parent.typeName) ?? {};
  return {
    code: Code.UNAVAILABLE,
    attempts: retryPolicy?.maxAttempts ?? 1,
    firstPauseMs: milliseconds(retryPolicy?.initialBackoff),
    timeoutMs: milliseconds(timeout) ?? Infinity,
  };
}

function configOf(service: string, method?: string) {
  const isNamed = (named: { service: string; method?: string }) =>
    named.service === service && named.method === method;
  return serviceConfig.methodConfig.find(({ name }) => name.some(isNamed));
}

function milliseconds(duration?: string): number | undefined {
  return duration === undefined ? undefined : Number.parseFloat(duration) * 1000;
}
