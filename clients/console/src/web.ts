// Interim: takes the place of "activity-session/web" until that is there. To be deleted, imports then name the package.
import type { DescService } from "@bufbuild/protobuf";
import { ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { ErrorReason, ErrorReasonSchema } from "activity-session/v1/error_reason";
import { SessionService } from "activity-session/v1/session_service";
import { ErrorInfoSchema } from "activity-session/google/rpc/error_details";

export { ErrorReason };
export enum Code { OK, CANCELLED, UNKNOWN, INVALID_ARGUMENT, DEADLINE_EXCEEDED, NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED, RESOURCE_EXHAUSTED, FAILED_PRECONDITION, ABORTED, OUT_OF_RANGE, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS, UNAUTHENTICATED }

export class ActivitySessionError extends Error {
  readonly code: number;
  readonly details: string;
  readonly reason: ErrorReason;
  readonly metadata: Readonly<Record<string, string>>;
  constructor(error: ConnectError) {
    super(error.message);
    const [info] = error.findDetails(ErrorInfoSchema);
    this.code = error.cause instanceof TypeError ? Code.UNAVAILABLE : (error.code as number);
    this.details = error.rawMessage;
    this.reason = ErrorReasonSchema.values.find(({ name }) => name === `ERROR_REASON_${info?.reason}`)?.number ?? 0;
    this.metadata = info?.metadata ?? {};
  }
}

export function connect(baseUrl: string, { token }: { token: () => string }) {
  const authorize: Interceptor = (next) => async (request) => {
    if (token()) request.header.set("Authorization", `Bearer ${token()}`);
    try {
      return await next(request);
    } catch (error) {
      throw new ActivitySessionError(ConnectError.from(error));
    }
  };
  const transport = createConnectTransport({ baseUrl, interceptors: [authorize], useBinaryFormat: true });
  return { client: <S extends DescService>(service: S) => createClient(service, transport), target: baseUrl };
}

export function watch(
  channel: ReturnType<typeof connect>,
  session: string,
  { signal, ...from }: { afterSequence?: bigint; uid?: string; signal?: AbortSignal; onDisconnect?: (error: unknown) => void },
) {
  return channel.client(SessionService).watchSession({ name: session, afterSequence: from.afterSequence ?? 0n }, { signal: signal! });
}
