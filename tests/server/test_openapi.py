"""What the OpenAPI document says of values is what the server demands, and what it sends."""

import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import grpc
import pytest
from google.api import field_behavior_pb2, resource_pb2
from google.protobuf import message_factory
from google.protobuf.json_format import MessageToDict, ParseDict
from grpc_status import rpc_status

from activity_session_server.rpc.field_rules import RULES
from activity_session_server.rpc.validation import Validator
from activity_session_server.rules.errors import ServiceError
from activity_session_server.rules.limits import Limits
from activity_session_testing.openapi import (
    CALLS,
    DOCUMENT,
    NAMESPACE,
    TRIP,
    UNCALLED,
    is_of,
    operation_of,
    with_example,
)
from activity_session_testing.rpcs import RPCS
from activity_session_testing.servers import Client, connected, serving
from openapi_document.bounds import BOUNDS

VALIDATOR = Validator(Limits.model_validate({}))
FAILING: list[tuple[str, dict[str, Any]]] = [
    ("GetSession", {"name": f"{NAMESPACE}/sessions/none"}),
    ("GetSession", {"name": "none"}),
    ("CreateParticipant", {"parent": NAMESPACE, "participantId": "ada", "participant": {"participantType": 2}}),
]


def is_sent(field: Any) -> bool:
    behaviors = field.GetOptions().Extensions[field_behavior_pb2.field_behavior]
    return field_behavior_pb2.OUTPUT_ONLY not in behaviors and field_behavior_pb2.IDENTIFIER not in behaviors


def sent_fields() -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """Return each field that callers send, with the request that it is in and the fields on the way to it."""
    seen = set()
    waiting: deque[tuple[Any, tuple[Any, ...]]] = deque((rpc.descriptor.input_type, ()) for rpc in RPCS.values())
    while waiting:
        request, way = waiting.popleft()
        message = way[-1].message_type if way else request
        for field in filter(is_sent, message.fields):
            if field.full_name in seen:
                continue
            seen.add(field.full_name)
            yield request, (*way, field)
            if field.message_type is not None and field.message_type.file.package == "activity_session.v1":
                waiting.append((request, (*way, field)))


def bounds_of(field: Any) -> Mapping[str, Any]:
    return BOUNDS.get((field.containing_type.name, field.name), BOUNDS.get(field.name, {}))


FIELDS = [pytest.param(request, way, id=way[-1].full_name) for request, way in sent_fields() if bounds_of(way[-1])]
# By the name of a bound: what breaks it, and what just keeps it, given what the document says.
VALUES: Mapping[str, Callable[[Any], tuple[Any, Any]]] = {
    "maxLength": lambda most: ("a" * (most + 1), "a" * most),
    "minimum": lambda least: (least - 1, least),
    "maximum": lambda most: (most + 1, most),
    "const": lambda value: (not value, value),
    "items": lambda schema: (["a" * (schema["maxLength"] + 1)], ["a" * schema["maxLength"]]),
    "propertyNames": lambda schema: ({"a" * (schema["maxLength"] + 1): ""}, {"a" * schema["maxLength"]: ""}),
    "additionalProperties": lambda schema: (
        {"a": "a" * (schema["maxLength"] + 1)},
        {"a": "a" * schema["maxLength"]},
    ),
    "pattern": {"^[^/]*$": ("a/b", "a b"), "^[0-9]+$": ("-1", "1"), "^[!-~]*$": ("a b", "a-b")}.__getitem__,
}
# Rules of fields that the document leaves to their comments: bounds that are settings, times and whole messages.
UNSAID = {
    *("blob", "content", "data", "description", "filter", "memo", "text", "value_json", "participants", "settings"),
    *("create_time", "event_time", "except_sequences", "expire_time", "reason", "ttl", "update_mask"),
    # Only in responses, and in the names of the states of three kinds of resources.
    *("first_sequence", "last_sequence", "name"),
}


def values_of(bound: str, said: Any, field: Any) -> tuple[Any, Any]:
    """Return a value of a field that breaks a bound, and one that keeps it."""
    return (some_names(field, said + 1), some_names(field, said)) if bound == "maxItems" else VALUES[bound](said)


def some_names(field: Any, number: int) -> list[str]:
    """Return so many names of the kind of resource that a field refers to."""
    kind = field.GetOptions().Extensions[resource_pb2.resource_reference].type.rpartition("/")[2]
    parent = TRIP if kind == "Event" else NAMESPACE
    return [f"{parent}/{kind.lower()}s/{index}" for index in range(number)]


def is_refused(request: Any, way: tuple[Any, ...], value: Any) -> bool:
    """Return whether the server refuses a request with a value in a field because of that field."""
    *outer, last = way
    made = {last.json_name: value}
    if last.containing_type.name == "StateUpdate" and last.name != "delete":
        # A list of changes is looked at more closely when each is one.
        made = {"key": "a", "valueJson": "1"} | made
    for field in reversed(outer):
        made = {field.json_name: [made] if field.is_repeated else made}
    try:
        VALIDATOR.check(ParseDict(made, message_factory.GetMessageClass(request)()))
    except ServiceError as error:
        return any(last.name in re.split(r"[.\[]", violation.path) for violation in error.violations)
    return False


@pytest.mark.parametrize(("request_type", "way"), FIELDS)
def test_the_server_demands_what_the_document_says(request_type: Any, way: tuple[Any, ...]) -> None:
    bounds, component = bounds_of(way[-1]), DOCUMENT["components"]["schemas"].get(way[-1].containing_type.name)
    if component is not None:
        assert bounds.items() <= component["properties"][way[-1].json_name].items()
    for bound, said in bounds.items():
        breaking, keeping = values_of(bound, said, way[-1])
        assert is_refused(request_type, way, breaking), bound
        assert not is_refused(request_type, way, keeping), bound


def test_each_rule_of_a_field_is_in_the_document_or_left_to_its_comment() -> None:
    ruled, said = ({key if isinstance(key, str) else key[1] for key in keys} for keys in (RULES, BOUNDS))
    assert ruled - said == UNSAID
    assert not said & UNSAID


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with serving("sqlite:///:memory:", anonymous_role="system") as server, connected(server.address) as client:
        yield client


def test_each_example_is_taken_and_each_response_is_of_its_schema(client: Client) -> None:
    assert {name for name, _ in CALLS} == set(RPCS) - UNCALLED
    for name, given in CALLS:
        rpc, operation = RPCS[name], operation_of(name)
        request = ParseDict(with_example(given, rpc.http.body, operation), rpc.request_class())
        response = rpc.on(client.channel)(request)
        (content,) = operation["responses"]["200"]["content"].values()
        is_of(content["schema"], MessageToDict(response))


def test_an_error_is_of_its_schema(client: Client) -> None:
    for name, request in FAILING:
        rpc = RPCS[name]
        with pytest.raises(grpc.RpcError) as failed:
            rpc.on(client.channel)(ParseDict(request, rpc.request_class()))
        status = rpc_status.from_call(failed.value)
        error = {**MessageToDict(status), "status": failed.value.code().name}
        assert len(error["details"]) > 1
        is_of({"$ref": "#/components/schemas/Error"}, {"error": error})


def test_what_the_document_does_not_say_is_found() -> None:
    for schema, value in (("Bookmark", {"lastSequence": 1}), ("Bookmark", {"last_sequence": "1"}), ("Event", [])):
        with pytest.raises(AssertionError):
            is_of({"$ref": f"#/components/schemas/{schema}"}, value)
