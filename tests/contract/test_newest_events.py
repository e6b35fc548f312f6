"""What sessions and lists of them tell of the newest event: when it came, in what order, and how it begins."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from activity_session.v1.event_pb2 import Event
from activity_session.v1.participant_service_pb2 import ListParticipantsRequest
from activity_session.v1.session_pb2 import (
    SESSION_VIEW_BASIC,
    SESSION_VIEW_FULL,
    SESSION_VIEW_PREVIEW,
    Session,
    SessionView,
)
from activity_session.v1.session_service_pb2 import (
    BatchGetSessionsRequest,
    EnsureSessionRequest,
    GetSessionRequest,
    ListSessionsRequest,
)
from activity_session_testing.servers import Client, unique
from activity_session_testing.steps import (
    append,
    get_session,
    list_events,
    make_namespace,
    members,
    new_participant,
    new_session,
    refused,
    update_session,
)
from activity_session_testing.watches import Watching

KIB = 1024
NEWEST_FIRST = "last_event_time desc"
TEXT_CHARACTERS = 1024


@pytest.fixture
def parent(client: Client) -> str:
    return make_namespace(client, unique("newest")).name


def listed(client: Client, parent: str, **fields: Any) -> list[Session]:
    """Return all sessions of a namespace, page by page."""
    return [session for page in pages(client, parent, **fields) for session in page]


def pages(client: Client, parent: str, **fields: Any) -> Iterator[list[Session]]:
    request = ListSessionsRequest(parent=parent, **fields)
    while True:
        page = client.sessions.ListSessions(request)
        yield list(page.sessions)
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


def ids(sessions: list[Session]) -> list[str]:
    return [session.name.rpartition("/")[2] for session in sessions]


def preview(client: Client, name: str) -> Event:
    return client.sessions.GetSession(GetSessionRequest(name=name, view=SESSION_VIEW_PREVIEW)).newest_event


def time_of_last(client: Client, name: str) -> Any:
    return list_events(client, name)[-1].create_time


class TestTheTime:
    def test_is_that_of_the_newest_event_and_changes_nothing_else(self, client: Client, parent: str) -> None:
        session = new_session(client, parent, data="as it is")
        assert not session.HasField("last_event_time")
        assert not get_session(client, session.name).HasField("last_event_time")
        append(client, session.name, "one")
        append(client, session.name, "two", "three")
        found = get_session(client, session.name)
        assert found.last_event_time == time_of_last(client, session.name)
        assert found.last_event_time.ToNanoseconds() > session.create_time.ToNanoseconds()
        session.last_event_time.CopyFrom(found.last_event_time)
        session.last_sequence = 3
        assert found == session

    def test_is_in_every_response_with_the_session(self, client: Client, parent: str) -> None:
        name = new_session(client, parent, "told").name
        append(client, name, "one")
        time = time_of_last(client, name)
        views = (SESSION_VIEW_BASIC, SESSION_VIEW_FULL, SESSION_VIEW_PREVIEW)
        gets = [client.sessions.GetSession(GetSessionRequest(name=name, view=view)) for view in views]
        updated = update_session(client, Session(name=name, description="new"), "description")
        ensured = client.sessions.EnsureSession(EnsureSessionRequest(parent=parent, session_id="told")).session
        (listed_,) = listed(client, parent)
        with Watching.of(client, name) as watch:
            watched = watch.wait(lambda watch: watch.sessions)[0]
        for session in (*gets, updated, ensured, listed_, watched):
            assert session.last_event_time == time

    def test_is_not_sent_to_watches_by_itself(self, client: Client, parent: str) -> None:
        name = new_session(client, parent).name
        with Watching.of(client, name) as watch:
            watch.wait_for_start()
            append(client, name, "one")
            append(client, name, "two")
            watch.wait_for_sequence(2)
            update_session(client, Session(name=name, description="changed"), "description")
            changed = watch.wait(lambda watch: watch.sessions[1:])[0]
            kinds = [message.WhichOneof("change") for message in watch.messages]
        assert kinds == ["session", "bookmark", "event", "event", "session"]
        assert changed.last_event_time == time_of_last(client, name)


class TestTheOrder:
    def test_has_the_session_first_that_was_appended_to_last(self, client: Client, parent: str) -> None:
        made = {id_: new_session(client, parent, id_) for id_ in ("old", "mid", "new")}
        for session in made.values():
            append(client, session.name, "first")
        assert ids(listed(client, parent, order_by=NEWEST_FIRST)) == ["new", "mid", "old"]
        append(client, made["old"].name, "again")
        found = listed(client, parent, order_by=NEWEST_FIRST)
        assert ids(found) == ["old", "new", "mid"]
        assert [session.etag for session in found] == [made[id_].etag for id_ in ids(found)]
        assert ids(listed(client, parent, order_by="last_event_time")) == ["mid", "new", "old"]

    def test_has_a_session_without_an_event_where_it_was_made(self, client: Client, parent: str) -> None:
        for id_ in ("a", "b", "c"):
            name = new_session(client, parent, id_).name
            if id_ != "b":
                append(client, name, "first")
        assert ids(listed(client, parent, order_by=NEWEST_FIRST)) == ["c", "b", "a"]

    @pytest.mark.parametrize("order_by", ["last_event_time", "last_event_time asc", NEWEST_FIRST])
    @pytest.mark.parametrize("size", [1, 2, 3, 100])
    def test_is_the_same_in_pages_of_any_size(self, client: Client, parent: str, order_by: str, size: int) -> None:
        for number in range(7):
            name = new_session(client, parent, f"s{number * 5 % 7}").name
            if number % 3:
                append(client, name, "first")
        found = listed(client, parent, order_by=order_by, page_size=size)
        times = [
            (session.last_event_time if session.last_sequence else session.create_time).ToNanoseconds()
            for session in found
        ]
        assert len(set(ids(found))) == 7
        assert times == sorted(times, reverse=order_by == NEWEST_FIRST)

    def test_between_two_pages_moves_only_what_is_appended_to(self, client: Client, parent: str) -> None:
        names = [new_session(client, parent, f"s{number}").name for number in range(6)]
        seen, walk = [], pages(client, parent, order_by=NEWEST_FIRST, page_size=2)
        seen += next(walk)
        append(client, names[0], "moves to the beginning, and is not met")
        append(client, names[5], "has been met")
        for page in walk:
            seen += page
        assert ids(seen) == ["s5", "s4", "s3", "s2", "s1"]
        seen, walk = [], pages(client, parent, order_by="last_event_time", page_size=2)
        seen += next(walk)
        append(client, names[1], "moves to the end, and comes again")
        for page in walk:
            seen += page
        assert ids(seen) == ["s1", "s2", "s3", "s4", "s0", "s5", "s1"]

    def test_goes_with_deleted_ones_and_filters(self, client: Client, parent: str) -> None:
        names = [new_session(client, parent, f"s{number}").name for number in range(4)]
        for name in (names[2], names[0]):
            append(client, name, "one")
        time = get_session(client, names[2]).last_event_time.ToJsonString()
        for filter_, expected in (
            (f"last_event_time = {time}", ["s2"]),
            (f"last_event_time > {time}", ["s0"]),
            (f'last_event_time <= "{time}"', ["s2"]),
            (f"NOT last_event_time > {time}", ["s3", "s2", "s1"]),
            (f"last_event_time != {time}", ["s0", "s3", "s1"]),
            ("last_event_time < 9999-12-31T00:00:00Z", ["s0", "s2"]),
        ):
            found = listed(client, parent, filter=filter_, order_by=NEWEST_FIRST, page_size=1)
            assert sorted(ids(found)) == sorted(expected), filter_

    def test_is_that_of_the_sessions_of_one_namespace_only(self, client: Client, parent: str) -> None:
        append(client, new_session(client, make_namespace(client).name).name, "elsewhere")
        new_session(client, parent, "here")
        assert ids(listed(client, parent, order_by=NEWEST_FIRST)) == ["here"]

    def test_is_no_order_of_other_lists(self, client: Client, parent: str) -> None:
        request = ListParticipantsRequest(parent=parent, order_by="last_event_time")
        refused(client.participants.ListParticipants, request, "INVALID_FIELD", "order_by")


class TestThePreview:
    def test_has_the_newest_event_in_each_of_the_three_calls(self, client: Client, parent: str) -> None:
        ada = new_participant(client, parent, "ada")
        name = new_session(client, parent, "talk", data="not shown", participants=members(ada)).name
        empty = new_session(client, parent, "empty").name
        event = Event(
            event_id="é", author=ada, type="message", text="hé 🏯", media_type="text/plain", labels={"k": "v"}
        )
        event.event_time.GetCurrentTime()
        event.event_time.nanos -= event.event_time.nanos % 1000
        append(client, name, "older")
        append(client, name, event)
        newest = list_events(client, name)[-1]
        batch = client.sessions.BatchGetSessions(
            BatchGetSessionsRequest(parent=parent, names=[name, empty], view=SESSION_VIEW_PREVIEW)
        ).sessions
        both = listed(client, parent, view=SESSION_VIEW_PREVIEW, order_by=NEWEST_FIRST)
        for talk, other in (batch, both):
            assert (talk.name, talk.newest_event, talk.data) == (name, newest, "")
            assert (other.name, other.HasField("newest_event")) == (empty, False)
            assert talk.newest_event.create_time == talk.last_event_time
        assert preview(client, name) == newest
        assert talk.participants == get_session(client, name).participants

    @pytest.mark.parametrize("view", [SESSION_VIEW_BASIC, SESSION_VIEW_FULL, 0])
    def test_is_in_no_other_view(self, client: Client, parent: str, view: SessionView.ValueType) -> None:
        name = new_session(client, parent).name
        append(client, name, "one")
        found = client.sessions.GetSession(GetSessionRequest(name=name, view=view))
        assert not found.HasField("newest_event")
        (found,) = listed(client, parent, view=view)
        assert not found.HasField("newest_event")

    @pytest.mark.parametrize("character", ["x", "é", "京", "🏯"])
    @pytest.mark.parametrize("count", [1023, 1024, 1025, 4 * KIB, 21 * KIB, 90 * KIB])
    def test_ends_a_text_after_so_many_characters(
        self, client: Client, parent: str, character: str, count: int
    ) -> None:
        name = new_session(client, parent).name
        given = Event(
            type="message", text=f"a{character * (count - 1)}", media_type="text/markdown", labels={"k": "é" * 200}
        )
        append(client, name, given)
        expected = list_events(client, name)[-1]
        expected.text = expected.text[:TEXT_CHARACTERS]
        assert preview(client, name) == expected

    @pytest.mark.parametrize(("size", "is_there"), [(0, True), (1024, True), (1025, False), (300 * KIB, False)])
    def test_leaves_a_long_blob_out(self, client: Client, parent: str, size: int, *, is_there: bool) -> None:
        name = new_session(client, parent).name
        append(client, name, Event(blob=b"\xff" * size, media_type="image/png", labels={"k": "v"}))
        expected = list_events(client, name)[-1]
        if not is_there:
            expected.ClearField("blob")
        assert preview(client, name) == expected

    @pytest.mark.parametrize("length", range(10_150, 10_300, 7))
    def test_is_right_wherever_the_part_that_is_read_ends(self, client: Client, parent: str, length: int) -> None:
        name = new_session(client, parent).name
        append(client, name, Event(text="x" * length, media_type="text/plain", labels={"k" * 60: "v" * 255}))
        expected = list_events(client, name)[-1]
        expected.text = expected.text[:TEXT_CHARACTERS]
        assert preview(client, name) == expected

    def test_shows_what_it_has_where_labels_are_long(self, client: Client, parent: str) -> None:
        labels = {f"k{number}": "京" * 255 for number in range(64)}
        long, short = (new_session(client, parent, id_).name for id_ in ("long", "short"))
        append(client, long, Event(type="t", text="京" * 20_000, media_type="text/plain", labels=labels))
        append(client, short, Event(type="t", text="京", media_type="text/plain", labels=labels))
        found = preview(client, long)
        assert (found.type, found.text, found.media_type, dict(found.labels)) == ("t", "京" * TEXT_CHARACTERS, "", {})
        found = preview(client, short)
        assert (found.type, found.text, found.media_type, dict(found.labels)) == ("t", "京", "text/plain", {})

    def test_of_many_long_events_is_one_page(self, client: Client, parent: str) -> None:
        names = [new_session(client, parent, f"s{number:02}").name for number in range(30)]
        for name in names:
            append(client, name, "long " * 100_000)
        page = client.sessions.ListSessions(ListSessionsRequest(parent=parent, view=SESSION_VIEW_PREVIEW))
        assert [session.name for session in page.sessions] == names
        assert page.ByteSize() < 60 * KIB
        assert all(a.newest_event.text == b.newest_event.text for a, b in pairwise(page.sessions))

    def test_of_a_watch_is_the_same_as_basic(self, client: Client, parent: str) -> None:
        name = new_session(client, parent, data="not sent").name
        append(client, name, "one")
        with Watching.of(client, name, view=SESSION_VIEW_PREVIEW) as watch:
            (session,) = watch.wait(lambda watch: watch.sessions)
        assert (session.HasField("newest_event"), session.data) == (False, "")

    def test_can_be_sent_back_as_it_is(self, client: Client, parent: str) -> None:
        name = new_session(client, parent).name
        append(client, name, "one")
        found = client.sessions.GetSession(GetSessionRequest(name=name, view=SESSION_VIEW_PREVIEW))
        found.description = "changed"
        assert update_session(client, found).description == "changed"
        assert preview(client, name) == found.newest_event
