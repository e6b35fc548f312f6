"""Each field behaves as the protos say (AIP-203), for every field that the descriptors have."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from google.api import field_behavior_pb2
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from activity_session import v1
from activity_session_testing.servers import Client, failure
from activity_session_testing.steps import (
    AGENT,
    append,
    get_session,
    make_namespace,
    make_participant,
    new_memory,
    new_participant,
    new_session,
)

pytestmark = pytest.mark.one_node


def make_memory(client: Client, namespace: str) -> v1.Memory:
    session = new_session(client, namespace).name
    append(client, session, "first", "second")
    agent = new_participant(client, namespace, participant_type=AGENT)
    return new_memory(client, session, agent, first_sequence=1, last_sequence=2)


def make_session(client: Client, namespace: str) -> v1.Session:
    member = new_participant(client, namespace)
    session = new_session(client, namespace, participants=[v1.SessionParticipant(participant=member, role="host")])
    append(client, session.name, "first")
    client.sessions.MarkRead(v1.MarkReadRequest(session=session.name, participant=member, sequence=1))
    return get_session(client, session.name)


class Kind(NamedTuple):
    """A kind of resource: its message, how one is made under a namespace, and how it is updated."""

    message: type[Message]
    make: Callable[[Client, str], Any]
    request: type[Message]
    update: Callable[[Client], Any]

    @property
    def field(self) -> str:
        return self.message.DESCRIPTOR.name.lower()

    def updating(self, given: Message, *paths: str) -> Message:
        return self.request(**{self.field: given, "update_mask": FieldMask(paths=paths)})


KINDS = (
    Kind(
        v1.Namespace,
        lambda client, _: make_namespace(client),
        v1.UpdateNamespaceRequest,
        lambda client: client.namespaces.UpdateNamespace,
    ),
    Kind(
        v1.Participant,
        make_participant,
        v1.UpdateParticipantRequest,
        lambda client: client.participants.UpdateParticipant,
    ),
    Kind(v1.Session, make_session, v1.UpdateSessionRequest, lambda client: client.sessions.UpdateSession),
    Kind(v1.Memory, make_memory, v1.UpdateMemoryRequest, lambda client: client.memories.UpdateMemory),
)


def annotated(behavior: int) -> list[Any]:
    return [
        pytest.param(kind, field, id=f"{kind.field}.{field.name}")
        for kind in KINDS
        for field in kind.message.DESCRIPTOR.fields
        if behavior in field.GetOptions().Extensions[field_behavior_pb2.field_behavior]
    ]


_VALUES: dict[str, dict[str, Any]] = {
    "Timestamp": {"seconds": 1},
    "TurnLease": {"token": 9},
    "Event": {"text": "mine"},
    "SessionOrigin": {"sequence": 9},
}


def other_value(field: Any, current: Any) -> dict[str, Any]:
    """A value for a field that it does not have, as a keyword argument."""
    value: Any = getattr(current, field.name)
    if field.enum_type is not None:
        return {field.name: 1 if value != 1 else 2}
    if field.name == "participants":
        member = current.participants[0]
        return {field.name: [v1.SessionParticipant(participant=member.participant, role="guest")]}
    if field.name == "agent":
        return {field.name: value + "-other"}
    if field.message_type is not None:
        return {field.name: _VALUES[field.message_type.name]}
    return {field.name: value + 1 if isinstance(value, int) else "mine"}


@pytest.mark.parametrize(("kind", "field"), annotated(field_behavior_pb2.OUTPUT_ONLY))
@pytest.mark.parametrize("mask", ["named", "none"])
def test_an_output_only_field_is_ignored(client: Client, namespace: str, kind: Kind, field: Any, mask: str) -> None:
    current = kind.make(client, namespace)
    given = kind.message(name=current.name, **other_value(field, current))
    updated = kind.update(client)(kind.updating(given, *([field.name] if mask == "named" else [])))
    if field.name == "update_time":
        assert updated.update_time.ToDatetime() > current.update_time.ToDatetime()
    else:
        assert getattr(updated, field.name) == getattr(current, field.name)


@pytest.mark.parametrize(("kind", "field"), annotated(field_behavior_pb2.IMMUTABLE))
def test_an_immutable_field_cannot_be_changed(client: Client, namespace: str, kind: Kind, field: Any) -> None:
    current = kind.make(client, namespace)
    changed = kind.message(name=current.name, **other_value(field, current))
    cleared = kind.message(name=current.name)
    for given, paths in ((changed, []), (changed, ["*"]), (changed, [field.name]), (cleared, [field.name])):
        refusal = failure(kind.update(client), kind.updating(given, *paths))
        assert (refusal.reason, refusal.fields) == ("INVALID_FIELD", [f"{kind.field}.{field.name}"])


@pytest.mark.parametrize(("kind", "field"), annotated(field_behavior_pb2.IMMUTABLE))
def test_an_immutable_field_may_stay_as_it_is(client: Client, namespace: str, kind: Kind, field: Any) -> None:
    current = kind.make(client, namespace)
    for paths in ([], ["*"], [field.name]):
        current = kind.update(client)(kind.updating(current, *paths))
        assert getattr(current, field.name)


def test_what_the_server_says_of_a_member_is_not_compared(client: Client, namespace: str) -> None:
    read = make_session(client, namespace)
    member = read.participants[0].participant
    append(client, read.name, "second")
    client.sessions.MarkRead(v1.MarkReadRequest(session=read.name, participant=member, sequence=2))
    read.description = "changed"
    updated = client.sessions.UpdateSession(v1.UpdateSessionRequest(session=read))
    assert (updated.description, updated.participants[0].last_read_sequence) == ("changed", 2)


def test_members_that_have_changed_since_are_told_by_the_etag(client: Client, namespace: str) -> None:
    read = make_session(client, namespace)
    client.sessions.BindParticipant(
        v1.BindParticipantRequest(session=read.name, participant=new_participant(client, namespace))
    )
    with_etag, without = v1.Session(), v1.Session()
    with_etag.CopyFrom(read)
    without.CopyFrom(read)
    without.ClearField("etag")
    update = client.sessions.UpdateSession
    assert failure(update, v1.UpdateSessionRequest(session=with_etag)).reason == "ETAG_MISMATCH"
    assert failure(update, v1.UpdateSessionRequest(session=without)).fields == ["session.participants"]
