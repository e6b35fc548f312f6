"""After what a watch resumes, what ends it, and how a caller ends it."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from grpc import StatusCode

from activity_session.v1.event_pb2 import Event
from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_service_pb2 import Bookmark, ExpungeSessionRequest, WatchSessionResponse
from activity_session_server.app import App
from activity_session_testing.drivers import WITH_ANY_CLIENT, Answers, Driver, driving
from activity_session_testing.drivers import Client as DrivenClient
from activity_session_testing.mirrors import STAY, Answer, Mirror, error_info, refusal
from activity_session_testing.ports import free_port
from activity_session_testing.processes import ServerProcess
from activity_session_testing.servers import Client, connected
from activity_session_testing.steps import append, delete_session, new_session

PARENT = "namespaces/default"
SESSION = f"{PARENT}/sessions/x"
OVERCOME = {
    "the server is gone": Answer(StatusCode.UNAVAILABLE),
    "the server drains": refusal(StatusCode.UNAVAILABLE, error_info("SERVER_DRAINING")),
    "the server ended it": Answer(StatusCode.CANCELLED),
    "the watch was too slow": refusal(StatusCode.RESOURCE_EXHAUSTED, error_info("WATCH_TOO_SLOW")),
    "the server is full": refusal(StatusCode.RESOURCE_EXHAUSTED, error_info("SERVER_FULL")),
    "a quota is used up": refusal(StatusCode.RESOURCE_EXHAUSTED, error_info("QUOTA_EXCEEDED")),
    "a proxy lost its other side": Answer(StatusCode.INTERNAL),
    "a proxy knows no better": Answer(StatusCode.UNKNOWN),
    "the end of the stream": Answer(StatusCode.OK),
}
FINAL = [code for code in StatusCode if code.name not in ["OK", "UNAVAILABLE", "CANCELLED", "INTERNAL", "UNKNOWN"]]
# The pauses start again each time; if they grew, the last one would be longer than this.
PROMPT = 5.0
# Shorter than the pause after that many failures.
AT_ONCE, FAILURES = 1.5, 6


@pytest.fixture(scope="module")
def at_server(client: DrivenClient, server: App) -> Iterator[Driver]:
    """A driver that is connected to a server."""
    with driving(client, client.target(server)) as driver:
        yield driver


def event(number: int) -> WatchSessionResponse:
    return WatchSessionResponse(event=Event(sequence=number))


def resumed_after(mirror: Mirror) -> list[int]:
    return [attempt.request.after_sequence for attempt in mirror.attempts]


class TestGoesOn:
    def test_after_each_end_that_can_be_overcome_behind_the_last_event(self, driver: Driver, mirror: Mirror) -> None:
        ends = list(OVERCOME.values())
        script = [Answer(end.code, [event(n)], end.trailing) for n, end in enumerate(ends, 1)]
        mirror.play(*script)
        start = time.monotonic()
        watch = driver.begin({"watch": SESSION})
        assert [next(watch.events())["sequence"] for _ in ends] == [str(n) for n in range(1, len(ends) + 1)]
        mirror.wait_for(len(ends) + 1)
        assert resumed_after(mirror) == list(range(len(ends) + 1))
        assert time.monotonic() - start < PROMPT
        watch.cancel()
        assert watch.end()["status"] == "OK"

    def test_after_the_number_it_was_given_while_no_event_has_come(self, driver: Driver, mirror: Mirror) -> None:
        session = WatchSessionResponse(session=Session(name=SESSION))
        bookmark = WatchSessionResponse(bookmark=Bookmark(last_sequence=7))
        mirror.play(Answer(StatusCode.UNAVAILABLE), Answer(StatusCode.UNAVAILABLE, [session, bookmark]), STAY)
        watch = driver.begin({"watch": SESSION, "after_sequence": 7})
        assert watch.next()["message"] == {"session": {"name": SESSION}}
        assert watch.next()["message"] == {"bookmark": {"last_sequence": "7"}}
        mirror.wait_for(3)
        watch.cancel()
        assert resumed_after(mirror) == [7, 7, 7]

    @WITH_ANY_CLIENT
    def test_over_a_restart_and_a_crash_of_the_server(self, client: DrivenClient, tmp_path: Path) -> None:
        addresses = Addresses(f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}")
        with driving(client, client.target(addresses)) as driver:
            seen = list(events_over_restarts(driver, addresses, tmp_path))
        assert seen == ["at first", "after a restart", "after a crash"]


class Addresses(NamedTuple):
    """Where a server listens, each time that it is started."""

    address: str
    http_address: str


def events_over_restarts(driver: Driver, addresses: Addresses, folder: Path) -> Iterator[str]:
    address = addresses.address
    listening = ["--address", address, "--http-address", addresses.http_address]
    flags = [*listening, "--database-url", f"sqlite:///{folder / 'test.db'}"]
    server = ServerProcess(folder / "log", *flags)
    try:
        with connected(address) as stubs:
            session = new_session(stubs, PARENT).name
            watch = driver.begin({"watch": session})
            yield appended_and_seen(stubs, session, "at first", watch)
        server.process.terminate()
        assert server.wait() == 0
        server = ServerProcess(folder / "log", *flags)
        with connected(address) as stubs:
            yield appended_and_seen(stubs, session, "after a restart", watch)
        server.kill()
        server = ServerProcess(folder / "log", *flags)
        with connected(address) as stubs:
            yield appended_and_seen(stubs, session, "after a crash", watch)
    finally:
        server.kill()


def appended_and_seen(stubs: Client, session: str, text: str, watch: Answers) -> str:
    """Append a text to a session, and return what a watch sees next."""
    append(stubs, session, text)
    seen: str = next(watch.events())["text"]
    return seen


class TestEnds:
    @WITH_ANY_CLIENT
    def test_where_there_is_no_session(self, at_server: Driver) -> None:
        end = at_server.begin({"watch": f"{PARENT}/sessions/missing"}).next()
        assert (end["status"], end["reason"]) == ("NOT_FOUND", "SESSION_NOT_FOUND")

    @WITH_ANY_CLIENT
    def test_behind_the_whole_log_where_the_session_is_deleted(self, at_server: Driver, stubs: Client) -> None:
        session = new_session(stubs, PARENT).name
        append(stubs, session, "first", "second", "third")
        watch = at_server.begin({"watch": session, "after_sequence": 1})
        events = watch.events()
        assert next(events)["text"] == "second"
        delete_session(stubs, session)
        assert next(events)["text"] == "third"
        end = watch.end()
        assert (end["status"], end["reason"]) == ("FAILED_PRECONDITION", "SESSION_DELETED")

    @WITH_ANY_CLIENT
    def test_where_the_session_was_expunged(self, at_server: Driver, stubs: Client) -> None:
        session = new_session(stubs, PARENT).name
        delete_session(stubs, session)
        stubs.sessions.ExpungeSession(ExpungeSessionRequest(name=session))
        end = at_server.begin({"watch": session}).next()
        assert (end["status"], end["reason"]) == ("NOT_FOUND", "SESSION_NOT_FOUND")

    def test_by_each_other_status(self, driver: Driver, mirror: Mirror) -> None:
        for code in FINAL:
            mirror.play(code)
            assert driver.begin({"watch": SESSION}).next()["status"] == code.name
            assert len(mirror.attempts) == 1

    def test_by_an_internal_error_of_the_server_s_own(self, driver: Driver, mirror: Mirror) -> None:
        mirror.play(refusal(StatusCode.INTERNAL, error_info("INTERNAL")))
        end = driver.begin({"watch": SESSION}).next()
        assert (end["status"], end["reason"]) == ("INTERNAL", "INTERNAL")
        assert len(mirror.attempts) == 1


class TestIsEndedFromOutside:
    def test_while_it_waits_for_a_message(self, driver: Driver, mirror: Mirror) -> None:
        mirror.play(STAY)
        watch = driver.begin({"watch": SESSION})
        mirror.wait_for(1)
        check_that_it_ends_at_once(watch)
        assert len(mirror.attempts) == 1

    def test_while_it_waits_to_try_again(self, driver: Driver, mirror: Mirror) -> None:
        mirror.play(*[StatusCode.UNAVAILABLE] * 2 * FAILURES)
        watch = driver.begin({"watch": SESSION})
        mirror.wait_for(FAILURES)
        check_that_it_ends_at_once(watch)


def check_that_it_ends_at_once(watch: Answers) -> None:
    start = time.monotonic()
    watch.cancel()
    assert watch.end()["status"] == "OK"
    assert time.monotonic() - start < AT_ONCE
