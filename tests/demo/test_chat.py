"""The chatters of the demo, on a real server: how they share threads, and turns."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest

from activity_session.v1.event_service_pb2 import AppendEventsRequest, AppendEventsResponse
from activity_session.v1.session_service_pb2 import AcquireTurnRequest, ReleaseTurnRequest
from activity_session_demo.chat import Chatter, Schedule
from activity_session_demo.connection import Connection, Tally, reason_of
from activity_session_demo.transcript import Line, parse_line
from activity_session_demo.watcher import Watcher
from activity_session_testing.moments import eventually
from activity_session_testing.proxies import proxying
from activity_session_testing.servers import Client, connected, serving
from activity_session_testing.steps import (
    append,
    delete_session,
    get_session,
    list_events,
    make_namespace,
    new_session,
    replaced,
)

ANSWER = parse_line(1, "[09:00] <fernbot> north 31.2 °C")


class Room:
    """An empty session, and a connection to it."""

    def __init__(self, client: Client, connection: Connection) -> None:
        self.client, self.connection = client, connection
        self.namespace = make_namespace(client).name
        self.session = new_session(client, self.namespace).name

    def chatter(self, nick: str) -> Chatter:
        return Chatter(self.connection, self.namespace, self.session, nick)

    def hold_turn(self, nick: str) -> int:
        """Take the turn for a nick, and return the token."""
        request = AcquireTurnRequest(session=self.session, participant=f"{self.namespace}/participants/{nick}")
        return self.client.sessions.AcquireTurn(request).token

    def authors(self) -> list[str]:
        return [event.author.rpartition("/")[2] for event in list_events(self.client, self.session)]


@pytest.fixture
def room() -> Iterator[Room]:
    with (
        serving("sqlite:///:memory:") as server,
        connected(server.address) as client,
        Connection(server.address, Tally()) as connection,
    ):
        yield Room(client, connection)


def line_of(number: int, nick: str) -> Line:
    return Line(number, "", "message", nick)


def run_in_threads(schedule: Schedule, say: Callable[[Line], None], count: int) -> None:
    with ThreadPoolExecutor(count) as threads:
        for running in [threads.submit(schedule.run, say) for _ in range(count)]:
            running.result()


def test_every_line_is_said_once() -> None:
    lines = [line_of(number, f"nick-{number % 7}") for number in range(500)]
    said: list[Line] = []
    run_in_threads(Schedule(lines), said.append, 4)
    assert sorted(said) == lines


def test_nicks_speak_at_the_same_time_but_none_before_its_own_line_is_said() -> None:
    lines = [line_of(1, "kim"), line_of(2, "kim"), line_of(3, "lee")]
    lee_has_spoken = threading.Event()
    said: list[int] = []

    def say(line: Line) -> None:
        if line.number == 1:
            assert lee_has_spoken.wait(20)
        said.append(line.number)
        if line.nick == "lee":
            lee_has_spoken.set()

    run_in_threads(Schedule(lines), say, 2)
    assert said == [3, 1, 2]


def test_a_thread_that_fails_does_not_keep_its_nick() -> None:
    def fail(line: Line) -> None:
        raise ValueError(line.number)

    lines = [line_of(1, "kim"), line_of(2, "kim")]
    schedule, said = Schedule(lines), list[Line]()
    with pytest.raises(ValueError, match="1"):
        schedule.run(fail)
    schedule.run(said.append)
    assert said == lines[1:]


def test_a_nick_joins_before_its_first_word_and_once(room: Room) -> None:
    kim = room.chatter("kim")
    for number in (1, 2):
        kim.say(parse_line(number, "[09:00] <kim> hello"))
    assert [member.participant for member in get_session(room.client, room.session).participants] == [
        f"{room.namespace}/participants/kim"
    ]
    assert room.authors() == ["kim", "kim"]


def test_the_channel_has_no_participant(room: Room) -> None:
    room.chatter("").say(parse_line(1, "=== kim has left #here"))
    assert not get_session(room.client, room.session).participants
    assert room.authors() == [""]


def test_a_line_said_again_is_not_written_twice(room: Room) -> None:
    for _ in range(2):
        room.chatter("").say(parse_line(1, "=== kim has left #here"))
    assert room.authors() == [""]


def test_an_agent_answers_in_a_turn_and_releases_it(room: Room) -> None:
    room.chatter("fernbot").say(ANSWER)
    assert room.authors() == ["fernbot"]
    assert room.connection.tally["turns"] == 1
    assert not get_session(room.client, room.session).HasField("turn")


def test_an_agent_waits_for_its_turn(room: Room) -> None:
    room.chatter("lampbot").say(parse_line(2, "[09:00] <lampbot> off"))
    token = room.hold_turn("lampbot")
    with ThreadPoolExecutor(1) as threads:
        answering = threads.submit(room.chatter("fernbot").say, ANSWER)
        # Others keep talking meanwhile.
        room.chatter("kim").say(parse_line(3, "[09:00] <kim> hello"))
        room.client.sessions.ReleaseTurn(ReleaseTurnRequest(session=room.session, token=token))
        answering.result()
    assert room.authors() == ["lampbot", "kim", "fernbot"]


def test_an_agent_that_has_lost_its_turn_takes_another(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    append = room.connection.events.AppendEvents
    lost: list[int] = []

    def lose_the_first_turn(request: AppendEventsRequest, **options: Any) -> AppendEventsResponse:
        if not lost:
            lost.append(room.hold_turn("fernbot"))
        return append(request, **options)

    monkeypatch.setattr(room.connection.events, "AppendEvents", lose_the_first_turn)
    room.chatter("fernbot").say(ANSWER)
    assert room.authors() == ["fernbot"]
    assert room.connection.tally["turns"] == 2


def test_a_refusal_is_not_tried_again(room: Room) -> None:
    delete_session(room.client, room.session)
    with pytest.raises(grpc.RpcError) as raised:
        room.chatter("").say(parse_line(1, "=== kim has left #here"))
    assert reason_of(raised.value) == "SESSION_DELETED"
    assert room.connection.tally["retries"] == 0


def test_a_watcher_that_disconnects_sees_each_event_once(room: Room) -> None:
    texts = [f"=== {number}" for number in range(1, 12)]
    watcher = Watcher(room.connection, room.session, cut_every=3)
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(watcher.run)
        for number, text in enumerate(texts, start=1):
            room.chatter("").say(parse_line(number, text))
        eventually(lambda: len(watcher.seen) >= len(texts))
        delete_session(room.client, room.session)
        with pytest.raises(grpc.RpcError) as raised:
            running.result(timeout=20)
    assert reason_of(raised.value) == "SESSION_DELETED"
    assert [event.text for event in watcher.seen] == texts
    assert watcher.cuts == 3


def test_a_watcher_does_not_go_on_in_a_later_session_of_the_same_name() -> None:
    with (
        ThreadPoolExecutor(1) as threads,  # ends last: the watcher ends with its connection
        serving("sqlite:///:memory:") as server,
        connected(server.address) as client,
        proxying(server.address) as proxy,
        Connection(proxy.address, Tally()) as connection,
    ):
        session = new_session(client, "namespaces/default")
        append(client, session.name, "first")
        watcher = Watcher(connection, session.name)
        running = threads.submit(watcher.run)
        eventually(lambda: watcher.seen)
        proxy.hold()
        assert proxy.cut() == 1
        append(client, replaced(client, session).name, "another", "one more")
        proxy.release()
        with pytest.raises(grpc.RpcError) as raised:
            running.result(timeout=20)
    assert reason_of(raised.value) == "SESSION_NOT_FOUND"
    assert [event.text for event in watcher.seen] == ["first"]
