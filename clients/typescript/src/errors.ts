import { create, fromBinary, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { anyIs, type Any } from "@bufbuild/protobuf/wkt";
import { Code } from "./codes.js";
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

/** The error of a failed call, which typed clients throw. */
export class ActivitySessionError extends Error {
  override readonly name = "ActivitySessionError";
  /** The status code: a `status` of grpc-js, or in browsers a `Code`. */
  readonly code: number;
  /** The server's message, for people; it may change. */
  readonly details: string;
  /** Why the call failed. UNSPECIFIED if the server gave no reason, or if the error comes from gRPC or from a proxy. */
  readonly reason: ErrorReason;
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
    this.metadata = info.metadata;
    this.fieldViolations = fieldViolations;
    this.status = status;
  }

  /** Makes one from an error of any grpc-js client; that error, with the trailing metadata, becomes its `cause`. */
  static from(error: CallError): ActivitySessionError {
    return new ActivitySessionError(error.code, error.details, error.metadata, { cause: error });
  }
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
