"""What the protos promise and what the server has are the same, down to the last field."""

import re
from collections.abc import Iterator
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import grpc
import pytest
from google.api import field_behavior_pb2
from google.protobuf import json_format
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from pydantic import BaseModel

from activity_session.v1.info_service_pb2 import GetServerInfoRequest, ServerLimits
from activity_session.v1.session_settings_pb2 import MemorySettings, SessionSettings
from activity_session_server import __version__
from activity_session_server.app import App
from activity_session_server.rpc.field_rules import RULES
from activity_session_server.rpc.list_rules import LISTS
from activity_session_server.rpc.routes import ROUTES, Streamed
from activity_session_server.rules import session_settings
from activity_session_server.rules.calls import Stream
from activity_session_server.rules.limits import Limits
from activity_session_server.rules.session_settings import MemoryResourceSettings, SessionResourceSettings
from activity_session_server.store.codec.encoded import Encoded
from activity_session_testing.rpcs import COUNTED, IDEMPOTENT, MUTATING, RPCS, WITH_REQUEST_ID, Rpc
from activity_session_testing.servers import Client, connected, serving

PROTOS = Path(__file__).parents[2] / "protos" / "activity_session" / "v1"
MODELS: list[tuple[type[Message], type[BaseModel]]] = [
    (SessionSettings, SessionResourceSettings),
    (MemorySettings, MemoryResourceSettings),
]
READING = re.compile("(Get|BatchGet|List|Watch)[A-Z]")
STANDARD_VERBS = {"Update": "patch", "Delete": "delete"}

UNSENT = {field_behavior_pb2.OUTPUT_ONLY}
# The last one with the settings that it stands in.
LIMITED: set[object] = {*RULES, *LISTS, ("SessionSettings", "collection_overrides")}

every_rpc = pytest.mark.parametrize("rpc", [pytest.param(rpc, id=name) for name, rpc in RPCS.items()])


@pytest.fixture(scope="module")
def server() -> Iterator[App]:
    with serving("sqlite:///:memory:") as server:
        yield server


@pytest.fixture(scope="module")
def client(server: App) -> Iterator[Client]:
    with connected(server.address) as client:
        yield client


def input_messages() -> list[Any]:
    """Return the descriptors of all requests and of our own messages in them."""
    found: dict[str, Any] = {}
    waiting = [rpc.descriptor.input_type for rpc in RPCS.values()]
    while waiting:
        message = waiting.pop()
        if message.full_name not in found and message.file.package == "activity_session.v1":
            found[message.full_name] = message
            waiting += [field.message_type for field in message.fields if field.message_type is not None]
    return [message for message in found.values() if not message.GetOptions().map_entry]


def behaviors(field: Any) -> set[int]:
    return set(field.GetOptions().Extensions[field_behavior_pb2.field_behavior])


@every_rpc
def test_every_rpc_is_served(client: Client, rpc: Rpc) -> None:
    try:
        rpc.on(client.channel)(rpc.request_class())
    except grpc.RpcError as error:
        code = error.code()
        assert code is grpc.StatusCode.INVALID_ARGUMENT


def test_every_rpc_has_its_route_and_no_route_is_without_an_rpc() -> None:
    routed = [(service, name) for service, use_cases in ROUTES.items() for name in use_cases]
    assert sorted(routed) == sorted((rpc.descriptor.containing_service.full_name, name) for name, rpc in RPCS.items())


@every_rpc
def test_a_route_leads_to_the_use_case_of_its_rpc(server: App, rpc: Rpc) -> None:
    route = ROUTES[rpc.descriptor.containing_service.full_name][rpc.name]
    use_case = route.of(server.live) if isinstance(route, Streamed) else route
    assert use_case.__name__ == re.sub("(?<!^)(?=[A-Z])", "_", rpc.name).lower()
    *_, request, response = get_type_hints(use_case).values()
    if isinstance(route, Streamed):
        assert (request, response) == (Stream, type(None))
        *_, request, _, _ = get_type_hints(use_case).values()
    else:
        assert (get_args(response) if get_origin(response) is Encoded else (response,)) == (rpc.answer_class,)
    assert request is rpc.request_class


@pytest.mark.parametrize("message", [pytest.param(message, id=message.name) for message in input_messages()])
def test_every_field_that_callers_send_tells_its_behaviour(message: Any) -> None:
    told = {
        field_behavior_pb2.REQUIRED,
        field_behavior_pb2.OPTIONAL,
        field_behavior_pb2.OUTPUT_ONLY,
        field_behavior_pb2.IDENTIFIER,
    }
    untold = [field.name for field in message.fields if len(behaviors(field) & told) != 1]
    assert untold == []


@pytest.mark.parametrize("message", [pytest.param(message, id=message.name) for message in input_messages()])
def test_every_list_that_callers_send_is_limited(message: Any) -> None:
    lists = [field.name for field in message.fields if field.is_repeated and not behaviors(field) & UNSENT]
    unlimited = [name for name in lists if not {name, (message.name, name)} & LIMITED]
    assert unlimited == []


@every_rpc
def test_every_rpc_can_be_offered_over_http(rpc: Rpc) -> None:
    for binding in rpc.bindings:
        verb, path = way(binding)
        assert path.startswith("/v1/")
        # An id may hold a colon, and only a slash ends it.
        assert not re.search("}[^/]", path)
        assert verb == expected_verb(rpc, path)
        fields = {variable.partition(".")[0] for variable in re.findall(r"{([a-z_.]+)=", path)}
        fields |= {binding.body} - {"", "*"}
        assert fields <= set(rpc.request_class.DESCRIPTOR.fields_by_name)
        assert bool(binding.body) == (verb in ("post", "patch"))


def way(binding: Any) -> tuple[str, str]:
    """Return the verb and the path of an HTTP annotation."""
    verb = binding.WhichOneof("pattern")
    return verb, getattr(binding, verb)


def expected_verb(rpc: Rpc, path: str) -> str:
    if READING.match(rpc.name):
        return "get"
    # A custom method of a collection ends in a word of its own (AIP-136).
    if ":" in path:
        return "post"
    return next((verb for word, verb in STANDARD_VERBS.items() if rpc.name.startswith(word)), "post")


def test_no_two_rpcs_share_a_path() -> None:
    ways = [way(binding) for rpc in RPCS.values() for binding in rpc.bindings]
    assert len(set(ways)) == len(ways)


def test_every_rpc_that_changes_something_takes_a_request_id_or_is_idempotent() -> None:
    assert set(MUTATING) > IDEMPOTENT
    assert set(WITH_REQUEST_ID) == set(MUTATING) - IDEMPOTENT | COUNTED


class TestLimits:
    def test_have_a_field_each(self) -> None:
        # Some are fixed by the width of a column: those are properties, as are two that follow from the others.
        fixed = {name for name, value in vars(Limits).items() if isinstance(value, (property, cached_property))}
        limits = set(Limits.model_fields) | {name for name in fixed if not name.startswith(("_", "largest_"))}
        assert set(ServerLimits.DESCRIPTOR.fields_by_name) == limits

    def test_are_told_as_they_are(self, client: Client) -> None:
        info = client.info.GetServerInfo(GetServerInfoRequest())
        assert info.version == __version__
        assert told(info.limits) == known({})

    def test_are_told_as_they_are_set(self) -> None:
        others = {"data_bytes": 1000, "batch_events": 3, "purge_age": timedelta(seconds=90)}
        with serving("sqlite:///:memory:", **others) as server, connected(server.address) as client:
            limits = told(client.info.GetServerInfo(GetServerInfoRequest()).limits)
        assert limits == known(others)
        assert others.items() <= limits.items()


def told(limits: ServerLimits) -> dict[str, Any]:
    values = {name: getattr(limits, name) for name in ServerLimits.DESCRIPTOR.fields_by_name}
    return {name: value.ToTimedelta() if isinstance(value, Duration) else value for name, value in values.items()}


def known(others: dict[str, Any]) -> dict[str, Any]:
    """Return the limits of a server with other values for some of them."""
    limits = Limits.model_validate(others)
    return {name: getattr(limits, name) for name in ServerLimits.DESCRIPTOR.fields_by_name}


class TestSettings:
    @pytest.mark.parametrize(("message", "model"), MODELS)
    def test_have_the_same_fields_as_message_and_as_model(self, message: type[Message], model: type[BaseModel]) -> None:
        assert list(message.DESCRIPTOR.fields_by_name) == list(model.model_fields)

    @pytest.mark.parametrize(("message", "model"), MODELS)
    def test_have_the_defaults_that_the_protos_tell(self, message: type[Message], model: type[BaseModel]) -> None:
        documented = documented_defaults(message.DESCRIPTOR.name)
        scalars = {name for name, field in message.DESCRIPTOR.fields_by_name.items() if field.message_type is None}
        assert set(documented) == scalars
        defaults = model().model_dump(mode="json")
        assert documented == {name: str(defaults[name]).removesuffix(".0") for name in scalars} | {
            name: str(value).lower() for name, value in defaults.items() if isinstance(value, bool)
        }

    def test_have_the_models_defaults_in_answers(self) -> None:
        answered = json_format.MessageToDict(session_settings.DEFAULTS, preserving_proto_field_name=True)
        expected = SessionResourceSettings().model_dump(mode="json")
        strategy = answered["memory"]["max_memory_strategy"]
        answered["memory"]["max_memory_strategy"] = strategy.removeprefix("MAX_MEMORY_STRATEGY_")
        without = ("collection_overrides", "idle_ttl", "event_purge_age")
        assert answered == {name: value for name, value in expected.items() if name not in without}


def documented_defaults(message: str) -> dict[str, str]:
    """Return the defaults that the comments of a settings message name, as they are written."""
    text = (PROTOS / "session_settings.proto").read_text()
    body = re.search(rf"^message {message} {{\n(.*?)^}}", text, re.DOTALL | re.MULTILINE)
    assert body is not None
    joined = re.sub(r"\n\s*// ", " ", body.group(1))
    # More text may follow the default.
    found = re.findall(r"Default (\S+)\.(?: .*)?\n\s*optional \w+ (\w+) =", joined)
    return {name: value for value, name in found}
