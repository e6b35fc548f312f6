"""No secret in any output of a server: not what a caller writes, nor its token, nor the password of the database.

A secret is planted in each place of each request where a caller writes text, found from the descriptors.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import grpc
import pytest
from google.protobuf.message import Message
from sqlalchemy import make_url

from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import AppendEventsRequest
from activity_session_server.rules.access.callers import Grant
from activity_session_server.rules.access.roles import Role
from activity_session_server.store import schema
from activity_session_testing.access import Access
from activity_session_testing.backends import KEEPING_BACKENDS
from activity_session_testing.collectors import Collector, attributes, collecting
from activity_session_testing.messages import kind_of
from activity_session_testing.moments import eventually
from activity_session_testing.places import Place, places
from activity_session_testing.processes import ServerProcess, serving_process
from activity_session_testing.rpcs import RPCS
from activity_session_testing.servers import Client, connected
from activity_session_testing.steps import AGENT, append, members, new_memory, new_participant, new_session

PARENT = "namespaces/default"
SECRET = "planted-secret"
# What calls whose text is in order are seen to do.
SUCCEED = {"CreateSession", "UpdateSession", "AppendEvents", "UpdateState", "CreateMemory", "GetMemory"}
TEXTS = [SECRET, f"{SECRET}\t", f'"{SECRET}"', SECRET * 50]
SPECIAL = {
    "filter": [f'description = "{SECRET}"', f"{SECRET} = 1", f"enabled = {SECRET}"],
    "order_by": [f"{SECRET} desc"],
}


@pytest.fixture(params=KEEPING_BACKENDS)
def database_url(request: pytest.FixtureRequest, new_database: Callable[[str], str]) -> str:
    url = new_database(request.param)
    schema.migrate_url(url)
    return url


@pytest.fixture
def audit(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


class Scene(NamedTuple):
    """A server, a client that calls it with a token, and what must not be found in an output besides the secret."""

    server: ServerProcess
    collector: Collector
    client: Client
    hidden: list[str]


@pytest.fixture
def scene(tmp_path: Path, database_url: str, audit: Path) -> Iterator[Scene]:
    access = Access(tmp_path, [Grant("ada", "", Role.SYSTEM)])
    flags = ["--log-format", "json", "--audit-log-file", str(audit)]
    for name, value in access.settings.items():
        flags += [f"--{name.replace('_', '-')}", value]
    url = make_url(database_url)
    # As it is, and as it stands in the URL.
    passwords = [url.password, url.render_as_string(hide_password=False).partition("@")[0]] if url.password else []
    with (
        collecting() as collector,
        serving_process(
            tmp_path / "stderr", *flags, ACTIVITY_SESSION_DATABASE_URL=database_url, **collector.environment
        ) as server,
        connected(server.address, token=access.token("ada")) as client,
    ):
        yield Scene(server, collector, client, [access.token("ada"), *map(str, passwords)])


def names_of(client: Client) -> Mapping[str, str]:
    """Make one of each kind of resource, and return their names, by kind."""
    agent = new_participant(client, PARENT, "agent", participant_type=AGENT)
    session = new_session(client, PARENT, "session", participants=members(agent)).name
    (event,) = append(client, session, "hello").events
    memory = new_memory(client, session, agent).name
    return {
        "Namespace": PARENT,
        "Participant": agent,
        "Session": session,
        "*": session,
        "Event": event.name,
        "Memory": memory,
    }


def variants(place: Place, names: Mapping[str, str]) -> Iterator[Any]:
    for text in SPECIAL.get(place.path, TEXTS):
        request: Any = place.request(text, names.__getitem__, entry="a")
        # Without these, no memory can be made.
        for memory in (getattr(request, "memory", None), *(one.memory for one in getattr(request, "requests", ()))):
            if memory is not None and "memory_type" in memory.DESCRIPTOR.fields_by_name:
                memory.memory_type = memory.memory_type or 1
                memory.content = memory.content or "x"
        if "touch" in request.DESCRIPTOR.fields_by_name:
            request.touch = True
        yield request


def is_name(place: Place) -> bool:
    """Whether the text of a place is the name of a resource, or a part of it: names are no secrets."""
    field = place.field
    return bool(kind_of(field)) or (field.name.endswith("_id") and field.name != "request_id")


def planted(client: Client) -> Mapping[str, bool]:
    """Send all requests with the secret; returns whether it is part of a name, by the ids of the calls."""
    names = names_of(client)
    sent: dict[str, bool] = {}
    for rpc in RPCS.values():
        for place in places(rpc.request_class):
            for request in variants(place, names):
                call_id = f"{rpc.name}-{len(sent)}"
                sent[call_id] = is_name(place)
                send(client, rpc, request, call_id)
    blob = AppendEventsRequest(parent=names["Session"], events=[Event(blob=SECRET.encode())])
    sent["blob"] = False
    client.events.AppendEvents(blob, metadata=(("x-call-id", "blob"),))
    return sent


def send(client: Client, rpc: Any, request: Message, call_id: str) -> None:
    path = f"/{rpc.descriptor.containing_service.full_name}/{rpc.name}"
    # A stream of one response is the same as that response.
    call = client.channel.unary_stream(path, rpc.request_class.SerializeToString, rpc.answer_class.FromString)
    responses = call(request, timeout=20, metadata=(("x-call-id", call_id),))
    try:
        next(responses)
    except (grpc.RpcError, StopIteration):
        pass
    finally:
        responses.cancel()


def test_no_output_has_one(scene: Scene, audit: Path) -> None:
    sent = planted(scene.client)
    logged = eventually(lambda: found(scene.server.log_lines, sent))
    audited = [json.loads(line) for line in audit.read_text().splitlines()]
    # The blob is sent last.
    spans = eventually(lambda: found(lambda: traced(scene.collector), {"blob"}))
    assert {span.get("db.operation.name") for span in spans} >= {None, "SELECT", "INSERT", "UPDATE", "COMMIT"}
    for line in (*logged, *audited, *spans):
        text = json.dumps(line)
        assert not any(hidden in text for hidden in scene.hidden)
        if not sent.get(line.get("call_id", "")):
            assert SECRET not in text
    assert {line["subject"] for line in audited} == {"ada"}
    assert {line["method"].rpartition("/")[2] for line in audited if line["code"] == "OK"} >= SUCCEED


def traced(collector: Collector) -> list[dict[str, Any]]:
    """Return what each span says, with the id of its call where it has one."""
    return [
        {"name": span.name, "call_id": told.get("activity_session.call_id"), "status": str(span.status), **told}
        for span in collector.spans()
        for told in [attributes(span)]
    ]


def found(lines: Callable[[], list[dict[str, Any]]], sent: Collection[str]) -> list[dict[str, Any]]:
    """Return all lines once there is one for each call."""
    logged = lines()
    return logged if {line.get("call_id") for line in logged} >= set(sent) else []
