import { setMaxListeners } from "node:events";
import {
  fromBinary,
  toBinary,
  type DescMessage,
  type DescMethod,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  type MessageShape,
} from "@bufbuild/protobuf";
import { Metadata, status, type Client, type ServiceError } from "@grpc/grpc-js";
import { current, type Caller, type CallOptions, type Token } from "./caller.js";
import { ActivitySessionError } from "./errors.js";
import { checkTexts } from "./texts.js";

/** Makes calls with a client of grpc-js, without retries, and throws `ActivitySessionError` if they fail. */
export class Calls implements Caller {
  readonly #client: Client;
  readonly #token: Token | undefined;

  constructor(client: Client, token?: Token) {
    this.#client = client;
    this.#token = token;
  }

  async unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageShape<I>,
    options: CallOptions = {},
  ): Promise<MessageShape<O>> {
    const args = await this.#args(method, request, options);
    return new Promise((resolve, reject) => {
      const call = this.#client.makeUnaryRequest(...args, (error, response) => {
        stop();
        if (error) reject(ActivitySessionError.from(error));
        else resolve(response as MessageShape<O>);
      });
      const stop = cancelOnAbort(call, options.signal);
    });
  }

  async *serverStreaming<I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    request: MessageShape<I>,
    options: CallOptions = {},
  ): AsyncGenerator<MessageShape<O>, void, undefined> {
    const call = this.#client.makeServerStreamRequest(...(await this.#args(method, request, options)));
    const stop = cancelOnAbort(call, options.signal);
    try {
      yield* call;
    } catch (error) {
      throw ActivitySessionError.from(error as ServiceError);
    } finally {
      stop();
      call.cancel();
    }
  }

  async #args<I extends DescMessage, O extends DescMessage>(
    method: DescMethod & { input: I; output: O },
    request: MessageShape<I>,
    { timeoutMs = Infinity, signal }: CallOptions,
  ) {
    const deadline = Date.now() + timeoutMs;
    checkTexts(method.input, request);
    // Packed before anything is awaited, so that the caller may change its message from now on.
    const packed = Buffer.from(toBinary(method.input, request));
    const metadata = await this.#metadata();
    // grpc-js would send a call even if it is cancelled as soon as it is made.
    if (signal?.aborted) throw new ActivitySessionError(status.CANCELLED, "Cancelled before it was sent");
    const parse = (answer: Buffer): MessageShape<O> => fromBinary(method.output, answer);
    return [`/${method.parent.typeName}/${method.name}`, same, parse, packed, metadata, { deadline }] as const;
  }

  async #metadata(): Promise<Metadata> {
    const metadata = new Metadata();
    const token = await current(this.#token);
    if (token !== undefined) metadata.set("authorization", `Bearer ${token}`);
    return metadata;
  }
}

function same(packed: Buffer): Buffer {
  return packed;
}

/** Returns a function that removes the listener, so that a signal that outlives the call does not keep the call. */
function cancelOnAbort(call: { cancel(): void }, signal?: AbortSignal): () => void {
  if (signal === undefined) return () => undefined;
  const cancel = () => call.cancel();
  // Any number of calls may share a signal; Node.js would warn of a leak from 11 on.
  setMaxListeners(0, signal);
  signal.addEventListener("abort", cancel);
  return () => signal.removeEventListener("abort", cancel);
}
