"""An RPC by one of its HTTP bindings (AIP-127)."""

from collections.abc import Iterator
from typing import Any

from google.api import annotations_pb2
from google.protobuf.descriptor import FieldDescriptor

from openapi_document.bounds import ID, Schema
from openapi_document.comments import summary
from openapi_document.examples import EXAMPLES
from openapi_document.headers import has_copies, headers_of, parameters_of
from openapi_document.schemas import Schemas, is_required
from openapi_document.templates import Template, told

_STREAM = """\
Server-sent events. The data of each is the message below, as JSON; its id, if it has one, is the number to go on after.
An error ends the stream, as an event of the type `error`.

"""


# Methods are of any type here: the types of their descriptors have None where there is always a message.
def bindings_of(method: Any) -> list[tuple[Any, str, str]]:
    """The HTTP bindings of an RPC, each with its verb and its path as annotated."""
    rule = method.GetOptions().Extensions[annotations_pb2.http]
    verbs = [(binding, binding.WhichOneof("pattern")) for binding in (rule, *rule.additional_bindings)]
    return [(binding, verb, getattr(binding, verb)) for binding, verb in verbs]


def operation(method: Any, binding: Any, template: Template, schemas: Schemas, *, is_first: bool) -> Schema:
    """What a binding takes and returns. Its id is the RPC's name; the others of an RPC add what they are about."""
    comment = schemas.comment(method.full_name)
    query = _query(method, binding, template, schemas)
    parameters = [*_ids(method, template, schemas), *query, *parameters_of(method, binding)]
    body = _body(method, binding, template, schemas)
    return {
        "operationId": method.name if is_first else f"{method.name}Of{template.ids[-1].title()}",
        "tags": [method.containing_service.name],
        "summary": summary(comment),
        "description": comment,
        "parameters": parameters,
        **({"requestBody": body} if body else {}),
        "responses": {
            "200": _response(method, schemas),
            **({"304": {"$ref": "#/components/responses/NotModified"}} if has_copies(method, binding) else {}),
            "default": {"$ref": "#/components/responses/Error"},
        },
    }


def _ids(method: Any, template: Template, schemas: Schemas) -> Iterator[Schema]:
    comment = schemas.comment(_field_at(method.input_type, template.field).full_name) if template.field else ""
    for name, description in told(template, comment):
        schema = {"type": "string", "minLength": 1, **ID}
        yield {"name": name, "in": "path", "required": True, "description": description, "schema": schema}


def _field_at(message: Any, path: str) -> FieldDescriptor:
    first, _, rest = path.partition(".")
    field: FieldDescriptor = message.fields_by_name[first]
    return _field_at(field.message_type, rest) if rest else field


def _query(method: Any, binding: Any, template: Template, schemas: Schemas) -> Iterator[Schema]:
    """The fields that are neither in the path nor in the body."""
    for field in method.input_type.fields:
        if binding.body not in ("*", field.name) and field.name != template.field:
            parameter = {"name": field.json_name, "in": "query", "description": schemas.comment(field.full_name)}
            yield parameter | ({"required": True} if is_required(field) else {}) | {"schema": schemas.value(field)}


def _body(method: Any, binding: Any, template: Template, schemas: Schemas) -> Schema:
    if not binding.body:
        return {}
    if binding.body == "*":
        comment = schemas.comment(method.input_type.full_name)
        schema = schemas.message(method.input_type, without=template.field)
    else:
        field = method.input_type.fields_by_name[binding.body]
        comment = schemas.comment(field.full_name)
        schema = schemas.message(field.message_type) if binding.patch else schemas.value(field)
    content = {"schema": schema} | ({"example": EXAMPLES[method.name]} if method.name in EXAMPLES else {})
    return {"description": comment, "required": True, "content": {"application/json": content}}


def _response(method: Any, schemas: Schemas) -> Schema:
    made, description = method.output_type, schemas.comment(method.output_type.full_name)
    kind = "text/event-stream" if method.server_streaming else "application/json"
    return {
        "description": _STREAM + description if method.server_streaming else description,
        "headers": headers_of(method),
        "content": {kind: {"schema": schemas.message(made)}},
    }
