import { create, fromBinary, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { anyIs, type Any } from "@bufbuild/protobuf/wkt";
import { Metadata, status as Code, type ServiceError } from "@grpc/grpc-js";
import { ErrorReason, ErrorReasonSchema } from "./gen/activity_session/v1/error_reason_pb.js";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  type BadRequest_FieldViolation,
  type ErrorInfo,
} from "./gen/google/rpc/error_details_pb.js";
import { StatusSchema, type Status } from "./gen/google/rpc/status_pb.js";

export const DOMAIN = "activity-session";
export const DETAILS_KEY = "grpc-status-details-bin";

/** The error of a failed call, which typed clients throw. */
export class ActivitySessionError extends Error {
  override readonly name = "ActivitySessionError";
  /** The status code. */
  readonly code: Code;
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

  constructor(code: Code, details: string, trailers = new Metadata(), options?: ErrorOptions) {
    const { status, info, fieldViolations } = parse(code, details, trailers);
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
  static from(error: ServiceError): ActivitySessionError {
    return new ActivitySessionError(error.code, error.details, error.metadata, { cause: error });
  }
}

function parse(code: Code, message: string, trailers: Metadata) {
  const status = Object.assign(packedIn(trailers), { code, message });
  // A proxy may have added an ErrorInfo of its own.
  const info = detailsOf(status, ErrorInfoSchema).find(({ domain }) => domain === DOMAIN) ?? create(ErrorInfoSchema);
  const fieldViolations = detailsOf(status, BadRequestSchema).flatMap((badRequest) => badRequest.fieldViolations);
  return { status, info, fieldViolations };
}

function packedIn(trailers: Metadata): Status {
  const [packed = ""] = trailers.get(DETAILS_KEY);
  try {
    return fromBinary(StatusSchema, Buffer.from(packed));
  } catch {
    return create(StatusSchema); // not from this server, which sends details with each error
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
