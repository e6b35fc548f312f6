import { create } from "@bufbuild/protobuf";
import { AnySchema, type Any } from "@bufbuild/protobuf/wkt";
import { ConnectError } from "@connectrpc/connect";
import { Code } from "../codes.js";
import { ActivitySessionError } from "../errors.js";

/** Makes an error of what a call over Connect has thrown, which becomes its `cause`; `signal` is that of its caller. */
export function errorOf(raised: unknown, signal?: AbortSignal): ActivitySessionError {
  const error = ConnectError.from(raised);
  return new ActivitySessionError(codeOf(error, signal), error.rawMessage, detailsOf(error), { cause: raised });
}

function codeOf({ code, cause }: ConnectError, signal?: AbortSignal): Code {
  if (signal?.aborted) return Code.CANCELLED;
  // That is what fetch throws where there is no server, and what its reader throws when the connection is lost.
  return cause instanceof TypeError ? Code.UNAVAILABLE : (code as number);
}

function detailsOf({ details }: ConnectError): Any[] {
  return details.flatMap((detail) =>
    "type" in detail ? [create(AnySchema, { typeUrl: `type.googleapis.com/${detail.type}`, value: detail.value })] : [],
  );
}
