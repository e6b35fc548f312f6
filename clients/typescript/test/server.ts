import type { TestContext } from "node:test";
import { fromBinary, toBinary, type DescMessage, type DescMethod, type Message } from "@bufbuild/protobuf";
import {
  Server,
  ServerCredentials,
  type MethodDefinition,
  type ServerUnaryCall,
  type ServerWritableStream,
  type UntypedServiceImplementation,
  type sendUnaryData,
} from "@grpc/grpc-js";
import { connect, type Channel, type ConnectOptions } from "activity-session";
import { EventService } from "activity-session/v1/event_service";
import { SessionService } from "activity-session/v1/session_service";

export type Unary<I, O> = (call: ServerUnaryCall<I, O>, answer: sendUnaryData<O>) => void;
export type Stream<I, O> = (call: ServerWritableStream<I, O>) => void;

const METHODS = [EventService, SessionService].flatMap((service) => service.methods);

/** Returns a channel to a server that has these methods and runs until the test is over. */
export async function connected(
  t: TestContext,
  methods: UntypedServiceImplementation,
  options?: ConnectOptions,
): Promise<Channel> {
  const server = new Server({ "grpc.max_receive_message_length": -1 });
  t.after(() => server.forceShutdown());
  const served = METHODS.filter(({ localName }) => localName in methods);
  server.addService(Object.fromEntries(served.map((method) => [method.localName, definition(method)])), methods);
  const port = await new Promise<number>((resolve, reject) => {
    const bound = (error: Error | null, number: number) => (error ? reject(error) : resolve(number));
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), bound);
  });
  const channel = connect(`127.0.0.1:${port}`, options);
  t.after(() => channel.close());
  return channel;
}

function definition(method: DescMethod): MethodDefinition<Message, Message> {
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    requestStream: false,
    responseStream: method.methodKind === "server_streaming",
    requestSerialize: packer(method.input),
    requestDeserialize: parser(method.input),
    responseSerialize: packer(method.output),
    responseDeserialize: parser(method.output),
  };
}

const packer = (schema: DescMessage) => (message: Message) => Buffer.from(toBinary(schema, message));
const parser = (schema: DescMessage) => (packed: Buffer) => fromBinary(schema, packed);
