"""The error model (AIP-193): one response for all errors, and the reasons that they can have."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from google.protobuf.descriptor import EnumDescriptor
from google.protobuf.descriptor_pool import DescriptorPool

from openapi_document.bounds import Schema
from openapi_document.comments import OWN_PACKAGE
from openapi_document.schemas import Schemas

_REASONS = f"{OWN_PACKAGE}.ErrorReason"
_PREFIX = "ERROR_REASON_"
# By google/rpc/code.proto.
_HTTP = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ABORTED": 409,
    "ALREADY_EXISTS": 409,
    "RESOURCE_EXHAUSTED": 429,
    "CANCELLED": 499,
    "INTERNAL": 500,
    "UNKNOWN": 500,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
_DETAILS = (
    "google.rpc.ErrorInfo",
    "google.rpc.BadRequest",
    "google.rpc.PreconditionFailure",
    "google.rpc.ResourceInfo",
    "google.rpc.RetryInfo",
    f"{OWN_PACKAGE}.Conflict",
)
_TYPE = "type.googleapis.com/"


def add_errors(schemas: Schemas, pool: DescriptorPool) -> Schema:
    """Add the schemas of an error, and return the response that has one."""
    reasons = _reasons(schemas, pool.FindEnumTypeByName(_REASONS))
    reason = schemas.choice("ErrorReason", schemas.comment(_REASONS), reasons)
    details = [_detail(schemas, pool, name) for name in _DETAILS]
    schemas.made["ErrorInfo"]["properties"]["reason"] = reason
    schemas.made["Error"] = _error(details)
    return {
        "description": "\n".join(_table(reasons)),
        "headers": {
            "x-call-id": {"$ref": "#/components/headers/CallId"},
            "Retry-After": {"$ref": "#/components/headers/RetryAfter"},
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
    }


def _reasons(schemas: Schemas, enum: EnumDescriptor) -> Mapping[str, str]:
    """What is said of each reason that is sent; it begins with the status."""
    return {
        value.name.removeprefix(_PREFIX): schemas.comment(f"{enum.full_name}.{value.name}")
        for value in enum.values
        if value.number
    }


def _detail(schemas: Schemas, pool: DescriptorPool, name: str) -> Schema:
    """A reference to a detail, which tells its type beside its fields."""
    reference = schemas.message(pool.FindMessageTypeByName(name))
    schema = schemas.made[name.rpartition(".")[2]]
    schema["properties"] = {"@type": {"const": _TYPE + name}} | schema["properties"]
    schema["required"] = ["@type"]
    return reference


def _error(details: list[Schema]) -> Schema:
    properties = {
        "code": {"type": "integer", "description": "The HTTP status."},
        "message": {"type": "string", "description": "What went wrong, for people. It may change."},
        "status": {"type": "string", "description": "The status of gRPC.", "enum": sorted(_HTTP)},
        "details": {
            "type": "array",
            "description": "One ErrorInfo, whose reason is for programs, and more.",
            "items": {"oneOf": details, "discriminator": {"propertyName": "@type", "mapping": _mapping(details)}},
        },
    }
    error = {"type": "object", "properties": properties, "required": ["code", "message", "status"]}
    return {"type": "object", "title": "Error", "properties": {"error": error}, "required": ["error"]}


def _mapping(details: list[Schema]) -> dict[str, str]:
    return {_TYPE + name: detail["$ref"] for name, detail in zip(_DETAILS, details, strict=True)}


def _table(reasons: Mapping[str, str]) -> Iterator[str]:
    """A table of the reasons by their status, in Markdown."""
    by_status = defaultdict(list)
    for reason, comment in reasons.items():
        by_status[comment.partition(":")[0]].append(reason)
    yield "An error. Its reason says why:\n"
    yield "| HTTP | status | reasons |\n|---|---|---|"
    for status in sorted(by_status, key=lambda one: (_HTTP[one], one)):
        yield f"| {_HTTP[status]} | {status} | {', '.join(by_status[status])} |"
