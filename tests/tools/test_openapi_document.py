"""The OpenAPI document describes each RPC, with all that the protos say of it."""

import copy
import json
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from activity_session_server import __version__
from activity_session_server.http import openapi
from activity_session_server.rpc import status
from activity_session_testing.rpcs import RPCS, modules

ROOT = Path(__file__).parents[2]
PACKAGE = "activity_session.v1"
VERBS = ("get", "post", "patch", "delete")
DECLARED = re.compile(r"(message|enum|service|rpc|oneof) (\w+)")
NUMBERED = re.compile(r"(?:[\w.<>, ]+ )?(\w+) = \d+")

Document = dict[str, Any]


def comments() -> dict[str, str]:
    """Return the comments of the protos by message and field, as their files have them."""
    found: dict[str, str] = {}
    for path in (ROOT / "protos" / PACKAGE.replace(".", "/")).glob("*.proto"):
        scope, pending = "", [""]
        for line in map(str.strip, path.read_text().splitlines()):
            if line.startswith("//"):
                pending.append(line.removeprefix("//"))
                continue
            if declared := DECLARED.match(line):
                scope = declared[2] if declared[1] in ("message", "enum", "service") else scope
                name = scope if declared[2] == scope else f"{scope}.{declared[2]}"
                found[name] = one_line(*pending)
            elif numbered := NUMBERED.match(line):
                found[f"{scope}.{numbered[1]}"] = one_line(*pending)
            pending = []
    return found


def one_line(*texts: str) -> str:
    return " ".join(" ".join(texts).split())


COMMENTS = comments()
OWN = {name: message for module in modules() for name, message in module.DESCRIPTOR.message_types_by_name.items()}


def operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    for path, item in document["paths"].items():
        yield from ((path, verb, item[verb]) for verb in VERBS if verb in item)


def nodes(node: Any) -> Iterator[Document]:
    """Return all objects in a part of a document."""
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            yield from nodes(part)


def resolved(document: Document, reference: str) -> Document:
    found: Any = document
    for word in reference.removeprefix("#/").split("/"):
        found = found[word]
    return dict(found)


def parameters(document: Document, operation: Document) -> list[Document]:
    return [resolved(document, one["$ref"]) if "$ref" in one else one for one in operation.get("parameters", [])]


def is_openapi(document: Document) -> None:
    # The first error will do: to look for all takes seconds.
    assert next(OpenAPIV31SpecValidator(document).iter_errors(), None) is None


def has_each_binding_of_each_rpc(document: Document) -> None:
    annotated = sorted(
        (re.sub(r"{[\w.]+=([^}]+)}", r"\1", getattr(one, verb)).replace("*", "{}"), verb, name)
        for name, rpc in RPCS.items()
        for one in rpc.bindings
        for verb in [one.WhichOneof("pattern")]
    )
    described = sorted(
        (re.sub(r"{\w+}", "{}", path), verb, operation["operationId"].partition("Of")[0])
        for path, verb, operation in operations(document)
    )
    assert described == annotated


def declares_the_ids_in_paths(document: Document) -> None:
    for path, _, operation in operations(document):
        declared = {one["name"]: one for one in parameters(document, operation) if one["in"] == "path"}
        assert list(declared) == re.findall(r"{(\w+)}", path)
        assert all(one["required"] and one["description"] for one in declared.values())


def has_the_comment_of_each_rpc_and_field_of_its_request(document: Document) -> None:
    for _, _, operation in operations(document):
        rpc = RPCS[operation["operationId"].partition("Of")[0]].descriptor
        assert one_line(operation["description"]) == COMMENTS[f"{rpc.containing_service.name}.{rpc.name}"]
        assert operation["description"].startswith(operation["summary"])
        for field in rpc.input_type.fields:
            comment = COMMENTS[f"{rpc.input_type.name}.{field.name}"]
            assert any(text.endswith(comment) for text in said_of(document, operation, field)), field.full_name


def said_of(document: Document, operation: Document, field: Any) -> Iterator[str]:
    """Return what is said where a field of a request can be: in the path, the query or the body."""
    for one in parameters(document, operation):
        if one["in"] == "path" or one["name"] == field.json_name:
            yield one_line(one["description"])
    if body := operation.get("requestBody"):
        yield one_line(body["description"])
        reference = body["content"]["application/json"]["schema"]["$ref"]
        if reference.endswith(f"/{field.containing_type.name}"):
            yield one_line(resolved(document, reference)["properties"].get(field.json_name, {}).get("description", ""))


def has_the_comment_of_each_message_and_field(document: Document) -> None:
    schemas = document["components"]["schemas"]
    own = set(OWN) & set(schemas)
    assert {"Session", "Event", "AppendEventsRequest", "StateConflict"} < own
    for name in own:
        assert one_line(schemas[name]["description"]).startswith(COMMENTS[name])
        for field in OWN[name].fields:
            is_in_path = name.endswith("Request") and field.name in ("name", "parent", "session")
            if not is_in_path or field.json_name in schemas[name]["properties"]:
                described = schemas[name]["properties"][field.json_name]["description"]
                assert one_line(described) == COMMENTS[f"{name}.{field.name}"]


def has_the_headers_that_mean_fields(document: Document) -> None:
    for _, verb, operation in operations(document):
        rpc = RPCS[operation["operationId"].partition("Of")[0]].descriptor
        request, response = rpc.input_type.fields_by_name, rpc.output_type.fields_by_name
        is_update = verb == "patch" and "update_mask" in request
        told = {one["name"] for one in parameters(document, operation) if one["in"] == "header"}
        assert ("If-Match" in told) == ("etag" in request or is_update)
        assert ("Idempotency-Key" in told) == ("request_id" in request)
        assert ("Last-Event-ID" in told) == (rpc.name == "WatchSession")
        assert ("ETag" in operation["responses"]["200"]["headers"]) == ("etag" in response)
        assert ("304" in operation["responses"]) == ("If-None-Match" in told) == (verb == "get" and "etag" in response)


def has_each_reason_with_its_status(document: Document) -> None:
    sent = {status.name_of(reason): code.name for reason, code in status.CODES.items()}
    schema = document["components"]["schemas"]["ErrorReason"]
    assert sorted(schema["enum"]) == sorted(sent)
    rows = re.findall(r"\| \d+ \| (\w+) \| (.+) \|", document["components"]["responses"]["Error"]["description"])
    assert {reason: code for code, reasons in rows for reason in reasons.split(", ")} == sent


def has_no_reference_to_nothing(document: Document) -> None:
    references = {node["$ref"] for node in nodes(document) if isinstance(node.get("$ref"), str)}
    assert len(references) > 40
    for reference in references:
        assert resolved(document, reference), reference


def has_examples_that_are_valid(document: Document) -> None:
    for schema in [node for node in nodes(document) if isinstance(node.get("examples"), list)]:
        for example in schema["examples"]:
            assert OAS31Validator(schema).is_valid(example), example
    for _, _, operation in operations(document):
        if body := operation.get("requestBody"):
            content = body["content"]["application/json"]
            schema = {**content["schema"], "components": document["components"]}
            assert OAS31Validator(schema).is_valid(content["example"]), operation["operationId"]


Check = Callable[[Document], None]
CHECKS: list[Check] = [
    is_openapi,
    has_each_binding_of_each_rpc,
    declares_the_ids_in_paths,
    has_the_comment_of_each_rpc_and_field_of_its_request,
    has_the_comment_of_each_message_and_field,
    has_the_headers_that_mean_fields,
    has_each_reason_with_its_status,
    has_no_reference_to_nothing,
    has_examples_that_are_valid,
]
SESSION = "/v1/namespaces/{namespace}/sessions/{session}"


@pytest.fixture(scope="module")
def document() -> Document:
    read: Document = json.loads(openapi.document())
    return read


@pytest.mark.parametrize("check", CHECKS)
def test_the_document(document: Document, check: Check) -> None:
    check(document)


def no_operation(document: Document) -> None:
    del document["paths"][SESSION]["delete"]


def no_additional_binding(document: Document) -> None:
    del document["paths"][f"{SESSION}/state"]


def an_unknown_operation(document: Document) -> None:
    document["paths"][SESSION]["put"] = document["paths"][SESSION].pop("patch")


def an_undeclared_id(document: Document) -> None:
    del document["paths"][SESSION]["get"]["parameters"][0]


def an_undescribed_id(document: Document) -> None:
    document["paths"][SESSION]["get"]["parameters"][1]["description"] = ""


def a_parameter_of_another_comment(document: Document) -> None:
    document["paths"][SESSION]["get"]["parameters"][2]["description"] += " Or not."


def a_body_of_another_comment(document: Document) -> None:
    document["paths"][SESSION]["patch"]["requestBody"]["description"] = "The session."


def a_field_less(document: Document) -> None:
    del document["components"]["schemas"]["Event"]["properties"]["mediaType"]


def a_field_of_a_body_less(document: Document) -> None:
    del document["components"]["schemas"]["MarkReadRequest"]["properties"]["uid"]


def no_etag(document: Document) -> None:
    document["components"]["parameters"]["IfMatch"]["name"] = "If-None-Match"


def a_reason_less(document: Document) -> None:
    document["components"]["schemas"]["ErrorReason"]["enum"].remove("TURN_LOST")


def a_reason_of_another_status(document: Document) -> None:
    response = document["components"]["responses"]["Error"]
    response["description"] = response["description"].replace(", TURN_LOST", "").replace("ETAG_", "TURN_LOST, ETAG_")


def a_schema_less(document: Document) -> None:
    del document["components"]["schemas"]["Bookmark"]


def an_example_of_another_type(document: Document) -> None:
    document["components"]["schemas"]["SessionSettings"]["properties"]["idleTtl"]["examples"] = ["30 seconds"]


def an_example_without_what_is_required(document: Document) -> None:
    del document["paths"][f"{SESSION}/memories"]["post"]["requestBody"]["content"]["application/json"]["example"][
        "agent"
    ]


def no_title(document: Document) -> None:
    del document["info"]["title"]


def a_type_that_is_none(document: Document) -> None:
    document["components"]["schemas"]["Event"]["type"] = "message"


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        (no_title, is_openapi),
        (a_type_that_is_none, is_openapi),
        (no_operation, has_each_binding_of_each_rpc),
        (no_additional_binding, has_each_binding_of_each_rpc),
        (an_unknown_operation, has_each_binding_of_each_rpc),
        (an_undeclared_id, declares_the_ids_in_paths),
        (an_undescribed_id, declares_the_ids_in_paths),
        (a_parameter_of_another_comment, has_the_comment_of_each_rpc_and_field_of_its_request),
        (a_body_of_another_comment, has_the_comment_of_each_rpc_and_field_of_its_request),
        (a_field_of_a_body_less, has_the_comment_of_each_rpc_and_field_of_its_request),
        (a_field_less, has_the_comment_of_each_message_and_field),
        (no_etag, has_the_headers_that_mean_fields),
        (a_reason_less, has_each_reason_with_its_status),
        (a_reason_of_another_status, has_each_reason_with_its_status),
        (a_schema_less, has_no_reference_to_nothing),
        (an_example_of_another_type, has_examples_that_are_valid),
        (an_example_without_what_is_required, has_examples_that_are_valid),
    ],
)
def test_a_planted_fault_is_found(document: Document, fault: Check, check: Check) -> None:
    planted = copy.deepcopy(document)
    fault(planted)
    with pytest.raises((AssertionError, KeyError)):
        check(planted)


def test_the_document_has_the_version_of_the_server_and_is_in_its_package(document: Document) -> None:
    assert document["info"]["version"] == __version__
    data = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    assert "http/openapi.json" in data["activity_session_server"]
