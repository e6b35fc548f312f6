"""The content of an event is removed for good; that there was one, from whom and when, is not."""

from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp

from activity_session.v1.event_pb2 import Event, Redaction
from activity_session.v1.event_service_pb2 import (
    AppendEventsRequest,
    GetEventRequest,
    RedactEventsRequest,
    RedactEventsResponse,
)
from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_service_pb2 import UpdateSessionRequest
from activity_session_testing.servers import Client
from activity_session_testing.steps import (
    append,
    delete_session,
    get_session,
    list_events,
    new_session,
    pop,
    refused,
    supersede,
    update_session,
)
from activity_session_testing.watches import Watching

SECRET = "my password is swordfish"


@pytest.fixture
def session(client: Client, namespace: str, author: str) -> str:
    """The name of a session with six events, of which the third has a secret."""
    name = new_session(client, namespace).name
    secret = Event(
        event_id="secret",
        text=SECRET,
        author=author,
        type="message",
        labels={"topic": SECRET[:20].replace(" ", "-")},
        event_time=Timestamp(seconds=1_700_000_000),
        media_type="text/plain",
    )
    append(client, name, "one", "two", secret, "four", "five", "six")
    return name


def redact(client: Client, session: str, *ids: str, **fields: Any) -> RedactEventsResponse:
    names = [f"{session}/events/{event_id}" for event_id in ids]
    return client.events.RedactEvents(RedactEventsRequest(parent=session, names=names, **fields))


def test_shows_six_events_of_which_five_are_unchanged(client: Client, session: str) -> None:
    before = list_events(client, session)
    response = redact(client, session, "secret", reason="a secret")
    emptied = before[2]
    for field in ("text", "media_type", "labels"):
        emptied.ClearField(field)
    emptied.redaction.CopyFrom(Redaction(reason="a secret", mark_sequence=7, session=session))
    assert list(response.events) == [emptied]
    assert list_events(client, session) == before
    assert [event.sequence for event in before] == [1, 2, 3, 4, 5, 6]
    assert client.events.GetEvent(GetEventRequest(name=emptied.name)) == emptied
    with Watching.of(client, session) as watch:
        assert watch.wait_for_start().events == before
        assert watch.bookmarks == [7]
    assert list_events(client, session, filter="labels.topic:*") == []


def test_tells_watches_by_a_mark(client: Client, session: str) -> None:
    with Watching.of(client, session) as watch:
        watch.wait_for_start()
        mark = redact(client, session, "secret", reason="a secret").mark
        watch.wait(lambda watch: any(message.HasField("mark") for message in watch.messages))
        (told,) = [message.mark for message in watch.messages if message.HasField("mark")]
    assert told == mark
    assert (mark.sequence, list(mark.redacted.sequences), mark.redacted.reason) == (7, [3], "a secret")
    with Watching.of(client, session, 4) as watch:
        watch.wait_for_start()
        assert [message.mark for message in watch.messages if message.HasField("mark")] == [mark]
    assert list_events(client, session, show_superseded=True)[-1] == mark


def test_is_not_undone_by_superseding_its_mark(client: Client, session: str) -> None:
    redact(client, session, "secret")
    supersede(client, session, 7, 7)
    assert [event.text for event in list_events(client, session)] == ["one", "two", "", "four", "five", "six"]


def test_keeps_superseded_events_superseded(client: Client, session: str) -> None:
    supersede(client, session, 2, 4)
    (event,) = redact(client, session, "secret").events
    assert (event.superseded_by, event.text) == (7, "")
    supersede(client, session, 7, 7)
    assert [event.text for event in list_events(client, session)] == ["one", "two", "", "four", "five", "six"]
    assert [event.text for event in pop(client, session)] == ["six"]


def test_of_a_mark_removes_its_reason(client: Client, session: str) -> None:
    mark = supersede(client, session, 1, 2, reason=SECRET, request_id="once").mark
    redact(client, session, mark.event_id)
    assert supersede(client, session, 1, 2, reason=SECRET, request_id="once").mark == mark
    found = client.events.GetEvent(GetEventRequest(name=mark.name))
    assert found.supersession.reason == ""
    assert found.supersession.ranges == mark.supersession.ranges
    assert [event.text for event in list_events(client, session)] == [SECRET, "four", "five", "six"]


def test_is_made_once_and_says_so_the_next_time(client: Client, session: str) -> None:
    first = redact(client, session, "secret", request_id="once")
    assert redact(client, session, "secret", request_id="once") == first
    again = redact(client, session, "secret", reason="another")
    assert not again.HasField("mark")
    assert again.events == first.events
    assert get_session(client, session).last_sequence == 7


def test_keeps_the_id_taken(client: Client, session: str, author: str) -> None:
    redact(client, session, "secret")
    for event in (Event(event_id="secret", text=SECRET, author=author), Event(event_id="secret", type="message")):
        request = AppendEventsRequest(parent=session, events=[event])
        refusal = refused(client.events.AppendEvents, request, "EVENT_ALREADY_EXISTS")
        assert "redacted" in refusal.message
    assert SECRET not in str(list_events(client, session))


def test_works_on_sessions_that_nobody_may_write_to(client: Client, session: str) -> None:
    update_session(client, Session(name=session, enabled=False), "enabled")
    redact(client, session, "secret")
    update_session(client, Session(name=session, enabled=True), "enabled")
    delete_session(client, session)
    one = list_events(client, session)[0].event_id
    redact(client, session, one)
    assert [event.text for event in list_events(client, session)] == ["", "two", "", "four", "five", "six"]


def test_is_refused_while_the_session_is_held(client: Client, session: str) -> None:
    hold = UpdateSessionRequest(
        session=Session(name=session, legal_hold=True), update_mask=FieldMask(paths=["legal_hold"])
    )
    client.sessions.UpdateSession(hold)
    request = RedactEventsRequest(parent=session, names=[f"{session}/events/secret"])
    refused(client.events.RedactEvents, request, "RESOURCE_HELD")
    assert list_events(client, session)[2].text == SECRET


def test_is_of_all_or_none(client: Client, session: str, namespace: str) -> None:
    other = new_session(client, namespace).name
    for names, reason, field in (
        ([f"{session}/events/secret", f"{session}/events/none"], "EVENT_NOT_FOUND", None),
        ([f"{session}/events/secret", f"{other}/events/secret"], "INVALID_FIELD", "names[1]"),
        ([], "INVALID_FIELD", "names"),
        ([f"{session}/events/secret"] * 101, "LIMIT_EXCEEDED", "names"),
    ):
        refused(client.events.RedactEvents, RedactEventsRequest(parent=session, names=names), reason, field)
    assert list_events(client, session)[2].text == SECRET
