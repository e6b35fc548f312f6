"""Free text is kept as it came, in whatever Unicode form, and a filter finds it by what people read."""

from typing import Any

import pytest

from activity_session.v1.event_pb2 import Event
from activity_session.v1.memory_pb2 import Memory
from activity_session.v1.namespace_service_pb2 import ListNamespacesRequest
from activity_session.v1.participant_service_pb2 import ListParticipantsRequest
from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_service_pb2 import CreateSessionRequest, EnsureSessionRequest, ListSessionsRequest
from activity_session.v1.state_pb2 import StateUpdate
from activity_session_testing.rpcs import RPCS
from activity_session_testing.servers import Client, failure
from activity_session_testing.steps import (
    AGENT,
    append,
    get_session,
    list_events,
    make_namespace,
    make_participant,
    members,
    new_memory,
    new_participant,
    new_session,
    read_state,
    refused,
    update_session,
    update_state,
)

# A title as macOS names its file, and as others write it; the same in Korean, in Vietnamese, and a sign of its own.
DECOMPOSED = ["cafe\u0301", "\u1112\u1161\u11ab\u1100\u1173\u11af", "Vie\u0323\u0302t", "A\u030a"]
COMPOSED = ["caf\xe9", "\ud55c\uae00", "Vi\u1ec7t", "\xc5"]
SIGN = "\u212b"
# Neither of the forms: one letter is composed and one is not.
MIXED = "e\u0301 \xe9"
ANY_FORM = [*DECOMPOSED, *COMPOSED, SIGN, MIXED]


@pytest.mark.parametrize("text", ANY_FORM, ids=ascii)
def test_texts_come_back_as_they_came(client: Client, namespace: str, text: str) -> None:
    assert make_namespace(client, description=text).description == text
    agent = make_participant(client, namespace, description=text, participant_type=AGENT)
    assert agent.description == text
    fields: dict[str, Any] = {"description": text, "labels": {"title": text}, "data": text}
    session = new_session(client, namespace, participants=members(agent.name, role=text), **fields)
    session = get_session(client, session.name)
    assert (session.description, session.labels["title"], session.data) == (text, text, text)
    assert [member.role for member in session.participants] == [text]
    given = Event(event_id="e", type=text, text=text, media_type=text, labels={"title": text}, author=agent.name)
    append(client, session.name, given)
    (event,) = list_events(client, session.name)
    assert (event.type, event.text, event.media_type, event.labels["title"]) == (text, text, text, text)
    memory = new_memory(client, session.name, agent.name, content=text, memo=text)
    assert (memory.content, memory.memo) == (text, text)
    update_state(client, session.name, StateUpdate(key="title", value_json=f'"{text}"'))
    assert read_state(client, session.name)["title"].value_json == f'"{text}"'


def test_an_update_keeps_the_form_that_it_brings(client: Client, namespace: str) -> None:
    name = new_session(client, namespace, description=COMPOSED[0]).name
    updated = update_session(client, Session(name=name, description=DECOMPOSED[0]), "description")
    assert updated.description == get_session(client, name).description == DECOMPOSED[0]


FILTERS = ['{} = "{}"', '{}:"{}"', '{} = "{}*"', '{} = "*{}"', 'NOT {} != "{}"']


@pytest.mark.parametrize("filter_", FILTERS)
@pytest.mark.parametrize("forms", list(zip(DECOMPOSED, COMPOSED, strict=True)), ids=ascii)
def test_either_form_finds_both(client: Client, namespace: str, forms: tuple[str, str], filter_: str) -> None:
    stored = [
        new_session(client, namespace, f"s{index}", description=text, labels={"title": text}).name
        for index, text in enumerate((*forms, "another"))
    ]
    log = stored[0]
    append(client, log, *(Event(type=text, labels={"title": text}) for text in (*forms, "another")))
    for literal in forms:
        for field in ("description", "labels.title"):
            request = ListSessionsRequest(parent=namespace, filter=filter_.format(field, literal))
            assert [one.name for one in client.sessions.ListSessions(request).sessions] == stored[:2]
        for field in ("type", "labels.title"):
            found = list_events(client, log, filter=filter_.format(field, literal))
            assert [event.sequence for event in found] == [1, 2]


def test_the_other_lists_find_both_forms(client: Client, namespace: str) -> None:
    names = [new_participant(client, namespace, description=text) for text in (DECOMPOSED[0], COMPOSED[0])]
    homes = [make_namespace(client, description=f"{namespace} {text}").name for text in (DECOMPOSED[0], COMPOSED[0])]
    for literal in (DECOMPOSED[0], COMPOSED[0]):
        listing = ListParticipantsRequest(parent=namespace, filter=f'description="{literal}"')
        found = client.participants.ListParticipants(listing).participants
        assert sorted(one.name for one in found) == sorted(names)
        everywhere = ListNamespacesRequest(filter=f'description="{namespace} {literal}"')
        listed = client.namespaces.ListNamespaces(everywhere).namespaces
        assert sorted(one.name for one in listed) == sorted(homes)


@pytest.mark.parametrize("text", ANY_FORM, ids=ascii)
def test_a_text_is_found_as_it_came(client: Client, namespace: str, text: str) -> None:
    name = new_session(client, namespace, description=text).name
    request = ListSessionsRequest(parent=namespace, filter=f'description="{text}"')
    assert [one.name for one in client.sessions.ListSessions(request).sessions] == [name]
    request.filter = f'description!="{text}"'
    assert not client.sessions.ListSessions(request).sessions


def test_ids_are_found_by_either_form(client: Client, namespace: str) -> None:
    person = new_participant(client, namespace, "Zo\xeb")
    name = new_session(client, namespace, "caf\xe9", participants=members(person)).name
    new_session(client, namespace, "cafe")
    append(client, name, Event(author=person), Event())
    for filter_ in ('session_id="cafe\u0301"', 'session_id:"e\u0301"', 'session_id="cafe\u0301*"'):
        request = ListSessionsRequest(parent=namespace, filter=filter_)
        assert [one.name for one in client.sessions.ListSessions(request).sessions] == [name]
    decomposed = f"{namespace}/participants/Zoe\u0308"
    request = ListSessionsRequest(parent=namespace, filter=f'participants:"{decomposed}"')
    assert [one.name for one in client.sessions.ListSessions(request).sessions] == [name]
    assert [event.sequence for event in list_events(client, name, filter=f'author="{decomposed}"')] == [1]


def test_a_retry_is_the_same_to_the_last_byte(client: Client, namespace: str) -> None:
    log = new_session(client, namespace).name
    for _ in range(2):
        response = append(client, log, Event(event_id="e", type=DECOMPOSED[0]))
        assert (response.events[0].sequence, response.events[0].type) == (1, DECOMPOSED[0])
    other = RPCS["AppendEvents"].request_class(parent=log, events=[Event(event_id="e", type=COMPOSED[0])])
    refused(client.events.AppendEvents, other, "EVENT_ALREADY_EXISTS")
    request = CreateSessionRequest(parent=namespace, session=Session(description=DECOMPOSED[0]), request_id="once")
    assert client.sessions.CreateSession(request) == client.sessions.CreateSession(request)
    request.session.description = COMPOSED[0]
    refused(client.sessions.CreateSession, request, "REQUEST_ID_REUSED")


def test_ids_and_keys_stay_nfc(client: Client, namespace: str) -> None:
    session = new_session(client, namespace).name
    for call, request, field in (
        (client.sessions.EnsureSession, EnsureSessionRequest(parent=namespace, session_id="e\u0301"), "session_id"),
        (
            client.events.UpdateState,
            RPCS["UpdateState"].request_class(name=session, updates=[StateUpdate(key="e\u0301", value_json="1")]),
            "updates[0].key",
        ),
        (client.events.GetState, RPCS["GetState"].request_class(name=session, key_prefix="e\u0301"), "key_prefix"),
        (
            client.memories.CreateMemory,
            RPCS["CreateMemory"].request_class(parent=session, memory_id="e\u0301", memory=Memory(content="x")),
            "memory_id",
        ),
    ):
        failed = failure(call, request)
        assert failed.reason == "INVALID_FIELD"
        assert field in failed.fields
        assert "NFC" in failed.message
