/**
 * The client of Activity Session: a channel, its errors, and watches that survive disconnects. The generated services
 * and messages are in `activity-session/v1/*`.
 */

export type { CallOptions, Token } from "./caller.js";
export { Calls } from "./calls.js";
export { createClient, type ServiceClient } from "./client.js";
export { connect, type Channel, type ConnectOptions } from "./connect.js";
export type { OnDisconnect } from "./disconnects.js";
export { ActivitySessionError, type ErrorKind } from "./errors.js";
export { ErrorReason } from "./gen/activity_session/v1/error_reason_pb.js";
export * from "./loop/index.js";
export { watch, type Watch, type WatchOptions } from "./watch.js";
