"""What a watch tells of its disconnects: its caller of each, the log of the first; and what errors of gRPC say."""

import asyncio
import contextlib
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from grpc import StatusCode

import activity_session
from activity_session import aio
from activity_session.v1.event_pb2 import Event
from activity_session.v1.session_service_pb2 import WatchSessionResponse
from activity_session_testing.drivers import CLIENTS, CONNECT_WEB, WITH_ANY_CLIENT, Answers, Client, Driver, driving
from activity_session_testing.mirrors import STAY, Answer, Mirror, error_info, refusal
from activity_session_testing.processes import serving_process
from activity_session_testing.servers import connected
from activity_session_testing.steps import new_session

SESSION, NOWHERE, CUT = (f"namespaces/default/sessions/{name}" for name in ("x", "nowhere", "cut"))
WATCH = "SessionService/WatchSession"
READ = "SessionService/GetSession"
MANY = 1000
FLAGS = ["--database-url", "sqlite:///:memory:", "--http-address", "127.0.0.1:0"]
UNAVAILABLE = StatusCode.UNAVAILABLE.value[0]
MESSAGE = WatchSessionResponse(event=Event(sequence=1))


@pytest.fixture(scope="module")
def nowhere() -> Iterator[str]:
    """An address that is taken, so that nobody else takes it, and on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{taken.getsockname()[1]}"


@pytest.fixture(scope="module")
def log(client: Client, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the standard error of the drivers of a client goes."""
    return tmp_path_factory.mktemp(client.name) / "stderr"


@pytest.fixture(scope="module")
def lonely(client: Client, nowhere: str, log: Path) -> Iterator[Driver]:
    """A driver that finds nobody."""
    with driving(client, nowhere, log=log) as driver:
        yield driver


@pytest.fixture(scope="module")
def driver(client: Client, mirror: Mirror, log: Path) -> Iterator[Driver]:
    with driving(client, mirror.address, log=log) as driver:
        yield driver


def begin_watch(driver: Driver, session: str = SESSION, *, disconnects: int = MANY) -> Answers:
    return driver.begin({"watch": session, "disconnects": disconnects})


def begin_stream(driver: Driver, session: str) -> Answers:
    return driver.begin({"method": WATCH, "request": {"name": session}, "channel": "bare"})


def disconnects(watch: Answers, count: int) -> list[dict[str, Any]]:
    """Return the errors of the next disconnects, and skip the messages between them."""
    errors: list[dict[str, Any]] = []
    while len(errors) < count:
        line = watch.next()
        assert "status" not in line, line
        errors += [line["disconnect"]] if "disconnect" in line else []
    return errors


def warnings(log: Path, session: str) -> list[str]:
    """Return the warnings of the disconnects of a session so far, whatever the language writes before them."""
    return re.findall(rf".*\b{session}\b.*", log.read_text())


def check_that_it_is_of_the_transport(error: dict[str, Any]) -> None:
    """Check that an error says what gRPC said: all that there is to say without a server."""
    whole = error["whole"]
    assert whole["code"] == UNAVAILABLE
    assert whole["message"]
    assert whole["message"] in error["error"]
    told = {key: error[key] for key in ("status", "reason", "metadata", "fields")}
    assert told == {"status": "UNAVAILABLE", "reason": "", "metadata": {}, "fields": []}


class TestAWrongAddress:
    def test_is_told_at_each_attempt_and_logged_once(self, lonely: Driver, nowhere: str, log: Path) -> None:
        watch = begin_watch(lonely, NOWHERE, disconnects=4)
        for error in disconnects(watch, 4):
            check_that_it_is_of_the_transport(error)
        check_that_it_is_of_the_transport(watch.next())
        (warning,) = warnings(log, NOWHERE)
        for part in (nowhere, "(?i:unavailable)", "(?i:refused)", r"attempt.1\b", r"next.*\b(0\.1 s|\d+\.?\d*ms)"):
            assert re.search(part, warning), (part, warning)

    def test_is_told_by_each_call(self, lonely: Driver) -> None:
        check_that_it_is_of_the_transport(lonely.call(READ, {}, channel="bare"))
        check_that_it_is_of_the_transport(begin_stream(lonely, SESSION).end())


@dataclass(frozen=True)
class Lost:
    """The errors of a client whose server was killed: what its watch tells, and how a stream ends."""

    told: dict[str, Any]
    ended: dict[str, Any]


@pytest.fixture(scope="module")
def lost(tmp_path_factory: pytest.TempPathFactory) -> dict[Client, Lost]:
    """What all clients have of one server that is killed."""
    log = tmp_path_factory.mktemp("killed") / "log"
    with contextlib.ExitStack() as drivers:
        with serving_process(log, *FLAGS) as server, connected(server.address) as stubs:
            session = new_session(stubs, "namespaces/default").name
            ready = [client for client in (*CLIENTS, CONNECT_WEB) if client.lacks is None and client.is_built]
            running = {client: drivers.enter_context(driving(client, client.target(server))) for client in ready}
            watches = {client: begin_watch(driver, session) for client, driver in running.items()}
            streams = {client: begin_stream(driver, session) for client, driver in running.items()}
            for answers in (*watches.values(), *streams.values()):
                assert any("bookmark" in message for message in answers.messages())
        return {client: Lost(disconnects(watches[client], 1)[0], streams[client].end()) for client in ready}


@WITH_ANY_CLIENT
def test_a_server_that_is_killed_is_told_by_a_watch_and_by_a_stream(client: Client, lost: dict[Client, Lost]) -> None:
    check_that_it_is_of_the_transport(lost[client].told)
    check_that_it_is_of_the_transport(lost[client].ended)


def raise_key_error(error: activity_session.Error) -> None:
    raise KeyError(error.code().name)


class TestOnDisconnect:
    def test_ends_the_watch_with_what_it_raises(self, driver: Driver, mirror: Mirror) -> None:
        mirror.play(*[refusal(StatusCode.UNAVAILABLE, error_info("SERVER_DRAINING"))] * 3)
        watch = begin_watch(driver, disconnects=2)
        told = disconnects(watch, 2)
        assert [error["reason"] for error in told] == ["SERVER_DRAINING"] * 2
        end = watch.next()
        assert {key: end[key] for key in told[-1]} == told[-1]
        assert len(mirror.attempts) == 2

    def test_is_told_of_a_stream_that_ends_without_an_error(self, driver: Driver, mirror: Mirror) -> None:
        mirror.play(Answer(StatusCode.OK, [MESSAGE]), STAY)
        watch = begin_watch(driver)
        check_that_it_is_of_the_transport(disconnects(watch, 1)[0])
        watch.cancel()
        assert watch.end()["status"] == "OK"

    def test_is_not_told_of_the_error_that_ends_the_watch(self, driver: Driver, mirror: Mirror) -> None:
        mirror.play(refusal(StatusCode.NOT_FOUND, error_info("SESSION_NOT_FOUND")))
        assert begin_watch(driver).next()["reason"] == "SESSION_NOT_FOUND"

    def test_is_not_told_when_the_caller_ends_the_watch(self, driver: Driver, mirror: Mirror) -> None:
        mirror.play(STAY)
        watch = begin_watch(driver)
        mirror.wait_for(1)
        watch.cancel()
        assert watch.next()["status"] == "OK"


class TestPython:
    """What the drivers cannot raise: anything else than the error itself."""

    def test_a_watch_ends_with_what_its_caller_raises(self, mirror: Mirror) -> None:
        mirror.play(StatusCode.UNAVAILABLE, StatusCode.NOT_FOUND)
        with activity_session.connect(mirror.address) as channel:
            watch = activity_session.watch(channel, SESSION, on_disconnect=raise_key_error)
            with pytest.raises(KeyError, match="UNAVAILABLE"):
                next(watch)
            assert list(watch) == []
        assert len(mirror.attempts) == 1

    def test_so_does_one_of_asyncio(self, mirror: Mirror) -> None:
        async def watch() -> None:
            async with aio.connect(mirror.address) as channel:
                watch = aio.watch(channel, SESSION, on_disconnect=raise_key_error)
                with pytest.raises(KeyError, match="UNAVAILABLE"):
                    await anext(watch)
                assert [message async for message in watch] == []

        mirror.play(StatusCode.UNAVAILABLE, StatusCode.NOT_FOUND)
        asyncio.run(watch())
        assert len(mirror.attempts) == 1


def test_a_connection_that_is_cut_after_each_message_is_logged_once(driver: Driver, mirror: Mirror, log: Path) -> None:
    mirror.play(*[Answer(StatusCode.UNAVAILABLE, [MESSAGE])] * 5)
    assert len(disconnects(begin_watch(driver, CUT, disconnects=5), 5)) == 5
    assert len(warnings(log, CUT)) == 1
