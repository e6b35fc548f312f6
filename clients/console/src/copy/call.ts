import { create, toJsonString, type DescMessage, type DescMethod, type MessageInitShape } from "@bufbuild/protobuf";

/** A call that somebody may want to make outside of the console. */
export interface Call<I extends DescMessage = DescMessage> {
  method: DescMethod & { input: I };
  request: MessageInitShape<I>;
}

/** What else a copied call needs to know: whence the page is, and whether a token goes with calls. */
export interface Place {
  origin: string;
  isSignedIn: boolean;
}

/** Returns the path of a method, without a slash before it. */
export function pathOf({ method }: Call): string {
  return `${method.parent.typeName}/${method.name}`;
}

/** Returns the request as ProtoJSON, in one line. */
export function jsonOf({ method, request }: Call): string {
  return toJsonString(method.input, create(method.input, request));
}

/** Returns where gRPC is served, unless ADDRESS says otherwise: a page knows only of its own address. */
export function guessedAddress({ origin }: Place): string {
  return `${new URL(origin).hostname}:50051`;
}
