"""The whole document."""

from collections.abc import Iterator
from typing import Any

from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool

from openapi_document.bounds import Schema
from openapi_document.comments import comments_of, unwrapped
from openapi_document.errors import add_errors
from openapi_document.headers import HEADERS, PARAMETERS
from openapi_document.operations import bindings_of, operation
from openapi_document.schemas import Schemas
from openapi_document.templates import resources_of, template_of

_DESCRIPTION = """\
A session service for multi-party agent systems. Each operation is an RPC of the protos in `activity_session.v1`, by its
annotation `google.api.http`, and does the same as over gRPC.

Bodies are ProtoJSON: names of fields are in lowerCamelCase, where the comments have them as in the protos (`page_size`
is `pageSize`); whole numbers of 64 bits are texts; what is empty is left out of responses. Fields and parameters that
are not known are refused. A mask is one text, with its paths separated by commas: `description,settings.syncChat`. In a
URL ids are percent-encoded, and a list repeats its parameter.

How much requests may hold depends on the server's settings: GetServerInfo returns the limits that comments name, such
as `data_bytes`.
"""
_BEARER: Schema = {
    "type": "http",
    "scheme": "bearer",
    "description": "A token or a JWT that shows who calls, where the server asks for one.",
}


def document(descriptors: FileDescriptorSet, version: str) -> dict[str, Any]:
    """The document of all services of the descriptors."""
    pool = DescriptorPool()
    for file in descriptors.file:
        pool.Add(file)
    own = [pool.FindFileByName(file.name) for file in descriptors.file if file.service]
    services = sorted((one for file in own for one in file.services_by_name.values()), key=lambda one: one.name)
    resources = resources_of(pool.FindMessageTypeByName(name) for name in _messages(descriptors))
    schemas = Schemas(comments_of(descriptors.file), resources)
    paths = _paths(services, schemas, resources)
    error = add_errors(schemas, pool)
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "Activity Session",
            "version": version,
            "description": unwrapped(_DESCRIPTION),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{}, {"bearerAuth": []}],
        "tags": [{"name": one.name, "description": schemas.comment(one.full_name)} for one in services],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.made.items())),
            "parameters": PARAMETERS,
            "headers": HEADERS,
            "responses": {"Error": error, "NotModified": {"description": "The caller has it already."}},
            "securitySchemes": {"bearerAuth": _BEARER},
        },
    }


def _messages(descriptors: FileDescriptorSet) -> Iterator[str]:
    for file in descriptors.file:
        yield from (f"{file.package}.{message.name}" for message in file.message_type)


def _paths(services: list[ServiceDescriptor], schemas: Schemas, resources: Any) -> dict[str, Schema]:
    paths: dict[str, Schema] = {}
    for method in (method for service in services for method in service.methods):
        for index, (binding, verb, annotated) in enumerate(bindings_of(method)):
            template = template_of(annotated, resources)
            made = operation(method, binding, template, schemas, is_first=not index)
            paths.setdefault(template.path, {})[verb] = made
    return dict(sorted(paths.items()))
