"""Headers of HTTP that mean something to an RPC, beside its fields."""

from typing import Any

from openapi_document.bounds import REQUEST_ID, Schema


def _parameter(name: str, schema: Schema, description: str) -> Schema:
    return {"name": name, "in": "header", "description": description, "schema": schema}


PARAMETERS: Schema = {
    "IfMatch": _parameter(
        "If-Match",
        {"type": "string"},
        "The etag that the resource must still have, the same as the field `etag`. Otherwise: ETAG_MISMATCH.",
    ),
    "IfNoneMatch": _parameter(
        "If-None-Match",
        {"type": "string"},
        "An etag that the caller has: while it is the resource's, nothing is sent.",
    ),
    "IdempotencyKey": _parameter(
        "Idempotency-Key", {"type": "string", **REQUEST_ID}, "Makes a retry safe; the same as the field `requestId`."
    ),
    "LastEventId": _parameter(
        "Last-Event-ID",
        {"type": "string", "pattern": "^[0-9]+$"},
        "The id of the last event that was seen, to go on after it, as browsers send it. The same as the field "
        "`afterSequence`.",
    ),
    "ServerTimeout": _parameter(
        "X-Server-Timeout",
        {"type": "number", "exclusiveMinimum": 0},
        "Seconds after which the call is to end, with DEADLINE_EXCEEDED.",
    ),
}
HEADERS: Schema = {
    "ETag": {"description": "The etag of the resource, for If-Match and If-None-Match.", "schema": {"type": "string"}},
    "CallId": {"description": "The id of the call in the server's log.", "schema": {"type": "string"}},
    "RetryAfter": {"description": "Seconds after which to try again.", "schema": {"type": "integer"}},
}


def parameters_of(method: Any, binding: Any) -> list[Schema]:
    """The headers that a binding of an RPC takes."""
    fields = method.input_type.fields_by_name
    changed = fields[binding.body].message_type.fields_by_name if binding.patch and binding.body != "*" else {}
    wanted = {
        "IfMatch": "etag" in fields or "etag" in changed,
        "IfNoneMatch": has_copies(method, binding),
        "IdempotencyKey": "request_id" in fields,
        "LastEventId": method.server_streaming,
        "ServerTimeout": True,
    }
    return [{"$ref": f"#/components/parameters/{name}"} for name, is_wanted in wanted.items() if is_wanted]


def has_copies(method: Any, binding: Any) -> bool:
    """Whether a caller may have what a binding returns already, and know it by its etag."""
    return bool(binding.get) and "etag" in method.output_type.fields_by_name


def headers_of(method: Any) -> Schema:
    """The headers of the response."""
    etag = {"ETag": {"$ref": "#/components/headers/ETag"}} if "etag" in method.output_type.fields_by_name else {}
    return etag | {"x-call-id": {"$ref": "#/components/headers/CallId"}}
