import { create, fromBinary, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { anyIs, anyPack, type Any } from "@bufbuild/protobuf/wkt";
import { Code } from "./codes.js";
import { ConflictSchema, type Conflict } from "./gen/activity_session/v1/conflict_pb.js";
import { ErrorReason, ErrorReasonSchema } from "./gen/activity_session/v1/error_reason_pb.js";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  type BadRequest_FieldViolation,
  type ErrorInfo,
} from "./gen/google/rpc/error_details_pb.js";
import { StatusSchema, type Status } from "./gen/google/rpc/status_pb.js";

export const DOMAIN = "activity-session";
const DETAILS_KEY = "grpc-status-details-bin";

/** The trailing metadata of a call, such as a `Metadata` of grpc-js. */
interface Trailers {
  get(key: string): (string | Uint8Array)[];
}

/** The error of a call, such as a `ServiceError` of grpc-js. */
interface CallError extends Error {
  code: number;
  details: string;
  metadata: Trailers;
}

const KINDS_BY_REASON = {
  [ErrorReason.NAMESPACE_DELETED]: "Deleted",
  [ErrorReason.PARTICIPANT_DELETED]: "Deleted",
  [ErrorReason.SESSION_DELETED]: "Deleted",
  [ErrorReason.MEMORY_DELETED]: "Deleted",
  [ErrorReason.TURN_HELD]: "TurnHeld",
  [ErrorReason.TURN_LOST]: "TurnLost",
} as const;

const KINDS_BY_CODE = {
  [Code.NOT_FOUND]: "NotFound",
  [Code.ALREADY_EXISTS]: "AlreadyExists",
  [Code.OUT_OF_RANGE]: "Purged",
  [Code.ABORTED]: "Conflict",
  [Code.PERMISSION_DENIED]: "PermissionDenied",
  [Code.UNAVAILABLE]: "Unavailable",
} as const;

type Kinds<T> = T[keyof T];

/**
 * What programs tell apart. `NotFound`: what the call is about is not there. `AlreadyExists`: the name, or the id of an
 * event, is taken. `Deleted`: the session, or what else the call is about, is deleted. `Purged`: what the caller asks for
 * is gone by its age. `Conflict`: somebody else was first, and nothing was written. `PermissionDenied`. `Unavailable`: the
 * server, or its database, could not be reached, also not by retries. `TurnHeld`: another participant holds the turn.
 * `TurnLost`: the turn is over, and somebody else may have it. `Other`: any other.
 */
export type ErrorKind = Kinds<typeof KINDS_BY_REASON> | Kinds<typeof KINDS_BY_CODE> | "Other";

/** The error of a failed call, which typed clients throw. */
export class ActivitySessionError extends Error {
  override readonly name = "ActivitySessionError";
  /** The status code: a `status` of grpc-js, or in browsers a `Code`. */
  readonly code: number;
  /** The server's message, for people; it may change. */
  readonly details: string;
  /** Why the call failed. UNSPECIFIED if the server gave no reason, or if the error comes from gRPC or from a proxy. */
  readonly reason: ErrorReason;
  /** Of which kind it is, of those that programs tell apart. */
  readonly kind: ErrorKind;
  /** The facts that belong to the reason; `ErrorReason` lists the keys of each. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The fields of the request that are wrong, each with `field` (its path) and `description`. */
  readonly fieldViolations: readonly BadRequest_FieldViolation[];
  /**
   * The whole status, for its other details: `anyUnpack(status.details[1], ConflictSchema)`. Its code and message are
   * those of the error, also if that comes from gRPC or from a proxy.
   */
  readonly status: Status;

  /** `given` are the trailers of the call, or the details that were in them. */
  constructor(code: number, details: string, given: Trailers | Any[] = [], options?: ErrorOptions) {
    const packed = Array.isArray(given) ? given : packedIn(given);
    const { status, info, fieldViolations } = parse(code, details, packed);
    const reason = reasonOf(info);
    super(`${Code[code]}${reason ? ` ${ErrorReason[reason]}` : ""}: ${details}`, options);
    this.code = code;
    this.details = details;
    this.reason = reason;
    this.kind = kindOf(reason, code);
    this.metadata = info.metadata;
    this.fieldViolations = fieldViolations;
    this.status = status;
  }

  /**
   * What the caller has missed, where the kind is `Conflict`: the newest number, the first events, or the keys with their
   * revisions and values. Empty after ETAG_MISMATCH, whose metadata `etag` is the current one.
   */
  get missed(): Conflict {
    return detailsOf(this.status, ConflictSchema)[0] ?? create(ConflictSchema);
  }

  /** Makes one from an error of any grpc-js client; that error, with the trailing metadata, becomes its `cause`. */
  static from(error: CallError): ActivitySessionError {
    return new ActivitySessionError(error.code, error.details, error.metadata, { cause: error });
  }
}

/** Returns the error that the server would return for something that is known here: FAILED_PRECONDITION. */
export function refusal(reason: ErrorReason, details: string, metadata: Record<string, string>): ActivitySessionError {
  const info = create(ErrorInfoSchema, { domain: DOMAIN, reason: ErrorReason[reason], metadata });
  return new ActivitySessionError(Code.FAILED_PRECONDITION, details, [anyPack(ErrorInfoSchema, info)]);
}

function kindOf(reason: ErrorReason, code: Code): ErrorKind {
  const byReason: Partial<Record<ErrorReason, ErrorKind>> = KINDS_BY_REASON;
  const byCode: Partial<Record<Code, ErrorKind>> = KINDS_BY_CODE;
  return byReason[reason] ?? byCode[code] ?? "Other";
}

function parse(code: number, message: string, details: Any[]) {
  const status = create(StatusSchema, { code, message, details });
  // A proxy may have added an ErrorInfo of its own.
  const info = detailsOf(status, ErrorInfoSchema).find(({ domain }) => domain === DOMAIN) ?? create(ErrorInfoSchema);
  const fieldViolations = detailsOf(status, BadRequestSchema).flatMap((badRequest) => badRequest.fieldViolations);
  return { status, info, fieldViolations };
}

function packedIn(trailers: Trailers): Any[] {
  const [packed] = trailers.get(DETAILS_KEY);
  try {
    return packed instanceof Uint8Array ? fromBinary(StatusSchema, packed).details : [];
  } catch {
    return []; // not from this server, which sends details with each error
  }
}

function detailsOf<T extends DescMessage>(status: Status, schema: T): MessageShape<T>[] {
  return status.details.filter((any) => anyIs(any, schema)).flatMap((any) => unpacked(any, schema));
}

function unpacked<T extends DescMessage>(any: Any, schema: T): MessageShape<T>[] {
  try {
    return [fromBinary(schema, any.value)];
  } catch {
    return []; // one that cannot be read leaves the others
  }
}

function reasonOf({ reason }: ErrorInfo): ErrorReason {
  const known = ErrorReasonSchema.values.find(({ name }) => name === `ERROR_REASON_${reason}`);
  return known?.number ?? ErrorReason.UNSPECIFIED;
}
