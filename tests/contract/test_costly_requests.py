"""Small requests that would cost much: refused before the cost is paid."""

from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from activity_session import v1
from activity_session_testing.rpcs import RPCS, Rpc
from activity_session_testing.servers import Client, Failure, failure
from activity_session_testing.steps import append, get_session, new_session, update_session

pytestmark = pytest.mark.one_node

UPDATES = [rpc for rpc in RPCS.values() if "update_mask" in rpc.request_class.DESCRIPTOR.fields_by_name]
MOST_PATHS = 256


def test_every_resource_has_an_update_with_a_mask() -> None:
    assert {rpc.name for rpc in UPDATES} == {"UpdateMemory", "UpdateNamespace", "UpdateParticipant", "UpdateSession"}


@pytest.mark.parametrize("rpc", UPDATES, ids=lambda rpc: rpc.name)
def test_past_update_mask_paths_a_mask_is_refused(client: Client, rpc: Rpc) -> None:
    request = rpc.request_class(update_mask=FieldMask(paths=["description"] * (MOST_PATHS + 1)))
    refusal = failure(rpc.on(client.channel), request)
    assert refusal.reason == "LIMIT_EXCEEDED" or "update_mask" in refusal.fields
    assert f"update_mask: it has {MOST_PATHS + 1} paths, the limit is {MOST_PATHS}" in refusal.message


def test_a_path_that_is_repeated_changes_nothing_more(client: Client, namespace: str) -> None:
    session = new_session(client, namespace)
    updated = update_session(
        client, v1.Session(name=session.name, description="new", data="not named"), *["description"] * MOST_PATHS
    )
    assert (updated.description, updated.data) == ("new", "")


def raw_failure(client: Client, method: str, raw: bytes) -> Failure:
    call: Any = client.channel.unary_unary(f"/activity_session.v1.{method}", None, None)
    return failure(call, raw)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "unit", [b"\x12\x00", b"\x12\x02\x42\x00", b"\xfa\x7f\x00"], ids=["events", "labels", "unknown"]
)
def test_past_request_fields_no_message_is_made(client: Client, namespace: str, unit: bytes) -> None:
    session = new_session(client, namespace)
    most = client.info.GetServerInfo(v1.GetServerInfoRequest()).limits.request_fields
    base = v1.AppendEventsRequest(parent=session.name).SerializeToString()
    refusal = raw_failure(client, "EventService/AppendEvents", base + unit * (4_100_000 // len(unit)))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "LIMIT_EXCEEDED")
    assert refusal.info.metadata["limit"] == str(most)
    assert refusal.fields[0] in ("events", "request")
    assert get_session(client, session.name).last_sequence == 0


def test_a_batch_at_every_limit_has_fewer_fields_than_that(client: Client, namespace: str) -> None:
    limits = client.info.GetServerInfo(v1.GetServerInfoRequest()).limits
    session = new_session(client, namespace)
    labels = {f"label-{number}": "value" for number in range(limits.labels)}
    event = v1.Event(text="x", type="message", labels=labels)
    updates = [v1.StateUpdate(key=f"key-{number}", value_json="1") for number in range(limits.state_updates)]
    response = append(client, session.name, *[event] * limits.batch_events, state_updates=updates)
    assert len(response.events) == limits.batch_events


@pytest.mark.parametrize("view", [v1.SESSION_VIEW_FULL, v1.SESSION_VIEW_BASIC])
def test_a_session_that_is_named_often_counts_each_time(client: Client, namespace: str, view: Any) -> None:
    large: Any = {"data": "x" * 3_000_000} if view == v1.SESSION_VIEW_FULL else {"description": "x" * 65_000}
    session = new_session(client, namespace, **large)
    request = v1.BatchGetSessionsRequest(parent=namespace, names=[session.name] * 100, view=view)
    refusal = failure(client.sessions.BatchGetSessions, request)
    assert (refusal.reason, refusal.fields) == ("LIMIT_EXCEEDED", ["names"])
    assert int(refusal.info.metadata["size"]) > 100 * 65_000 - 1
    request.names[:] = [session.name]
    assert len(client.sessions.BatchGetSessions(request).sessions) == 1
