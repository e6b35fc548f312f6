// Interim: takes the place of "activity-session/web" until that is there. To be deleted, imports then name the package.
import type { DescService } from "@bufbuild/protobuf";
import { createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { SessionService } from "activity-session/v1/session_service";

export function connect(baseUrl: string, { token }: { token: () => string }) {
  const authorize: Interceptor = (next) => (request) => {
    if (token()) request.header.set("Authorization", `Bearer ${token()}`);
    return next(request);
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
