"""Who follows a session is told of marks in their place in the log, and then shows what all others show."""

import pytest

from activity_session.v1.event_pb2 import Event
from activity_session_testing.servers import Client
from activity_session_testing.steps import append, list_events, new_session, pop, supersede
from activity_session_testing.watches import Watching


@pytest.fixture
def session(client: Client, namespace: str) -> str:
    """The name of a session with five events."""
    name = new_session(client, namespace).name
    append(client, name, "one", "two", "three", "four", "five")
    return name


def marks(watch: Watching) -> list[Event]:
    return [message.mark for message in tuple(watch.messages) if message.HasField("mark")]


def order(watch: Watching) -> list[tuple[str | None, int]]:
    """What of the log has come, in the order in which it came."""
    kinds = ((message.WhichOneof("change"), message) for message in tuple(watch.messages))
    return [(kind, getattr(message, str(kind)).sequence) for kind, message in kinds if kind in ("event", "mark")]


class TestWatch:
    def test_is_told_of_a_mark_before_what_stands_in_its_place(self, client: Client, session: str) -> None:
        with Watching.of(client, session) as watch:
            watch.wait_for_start()
            response = supersede(client, session, 1, 3, "in short", reason="too long")
            watch.wait_for_sequence(7)
            assert marks(watch) == [response.mark]
            assert order(watch)[5:] == [("mark", 6), ("event", 7)]

    def test_that_begins_later_is_told_of_neither_the_mark_nor_what_it_covers(
        self, client: Client, session: str
    ) -> None:
        supersede(client, session, 1, 3, "in short")
        with Watching.of(client, session) as watch:
            watch.wait_for_start()
            assert order(watch) == [("event", 4), ("event", 5), ("event", 7)]
            assert watch.bookmarks == [7]
            append(client, session, "more")
            watch.wait_for_sequence(8)

    def test_that_begins_with_a_mark_as_the_last_event_is_told_where_it_is(self, client: Client, session: str) -> None:
        pop(client, session)
        with Watching.of(client, session) as watch:
            assert watch.wait_for_start().bookmarks == [6]
            assert watch.sequences == [1, 2, 3, 4]

    def test_that_resumes_is_told_of_marks_over_what_it_has_seen(self, client: Client, session: str) -> None:
        mark = supersede(client, session, 4, 5, "FOUR").mark
        later = supersede(client, session, 7, 7).mark
        with Watching.of(client, session, 4) as watch:
            watch.wait_for_start()
            assert marks(watch) == [mark]
            assert order(watch) == [("mark", 6)]
            assert watch.bookmarks == [later.sequence]

    def test_that_resumes_after_a_mark_is_told_of_what_undoes_it(self, client: Client, session: str) -> None:
        supersede(client, session, 1, 3)
        undone = supersede(client, session, 6, 6).mark
        with Watching.of(client, session, 6) as watch:
            watch.wait_for_start()
            assert marks(watch) == [undone]
            assert [(one.first_sequence, one.last_sequence) for one in undone.supersession.restored] == [(1, 3)]

    def test_is_told_of_superseded_events_where_it_asks_for_them(self, client: Client, session: str) -> None:
        supersede(client, session, 1, 3, "in short")
        with Watching.of(client, session, show_superseded=True) as watch:
            watch.wait_for_start()
            assert watch.events == [
                event for event in list_events(client, session, show_superseded=True) if event.sequence != 6
            ]
            assert [event.superseded_by for event in watch.events] == [6, 6, 6, 0, 0, 0]
            append(client, session, "more")
            watch.wait_for_sequence(8)

    def test_of_both_kinds_at_once_are_told_what_each_asks_for(self, client: Client, session: str) -> None:
        with (
            Watching.of(client, session) as plain,
            Watching.of(client, session, show_superseded=True) as whole,
        ):
            plain.wait_for_start()
            whole.wait_for_start()
            for number in range(10):
                append(client, session, f"{number}")
                pop(client, session)
            append(client, session, "last")
            plain.wait_for_sequence(26)
            whole.wait_for_sequence(26)
            for watch in (plain, whole):
                assert [number for _, number in order(watch)] == sorted({number for _, number in order(watch)})
                assert [mark.sequence for mark in marks(watch)] == list(range(7, 26, 2))
            assert whole.sequences == [*range(1, 6), *range(6, 26, 2), 26]

    def test_of_many_hidden_events_passes_over_them(self, client: Client, session: str) -> None:
        for _ in range(3):
            append(client, session, *map(str, range(100)))
        supersede(client, session, 3, 304)
        with Watching.of(client, session) as watch:
            watch.wait_for_start()
            assert watch.sequences == [1, 2, 305]
