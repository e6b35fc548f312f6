"""Threads are shared evenly: by subjects, however they connect, and by the connections of callers who have none."""

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from activity_session import v1
from activity_session_server.app import App
from activity_session_server.live import waiting_calls
from activity_session_server.live.pools import Pool, SharedPool
from activity_session_server.live.waiting_calls import WaitingCalls
from activity_session_server.rules.access.callers import Grant
from activity_session_server.rules.access.roles import Role
from activity_session_testing.access import serving_callers
from activity_session_testing.moments import before, eventually
from activity_session_testing.servers import Client, Failure, connected, failure, serving
from activity_session_testing.steps import get_session, new_session

THREADS = 4
# How a query starts, here on SQLite.
QUERY = "SELECT"
SECONDS = 20.0


def calls_of(*owners: str, at_once: int = 1, most_waiting: int = 100, most_aside: int = 0) -> WaitingCalls[str]:
    """Calls, of which the first of each owner is named a1, b1."""
    calls: WaitingCalls[str] = WaitingCalls(at_once, most_waiting, most_aside)
    for number, owner in enumerate(owners):
        calls.put(owner, f"{owner}{owners[: number + 1].count(owner)}")
    return calls


def order_of(calls: WaitingCalls[str], first: str) -> list[str]:
    """The calls that begin one after the other, once the first one is over."""
    order, following = [], calls.done(first)
    while following is not None:
        order.append(following.call)
        following = calls.done(following.owner)
    return order


def begun(calls: WaitingCalls[str], owner: str, call: str) -> str | None:
    """Which call begins when another one comes."""
    one, _ = calls.put(owner, call)
    return one and one.call


class TestWaitingCalls:
    def test_of_different_owners_take_turns(self) -> None:
        assert order_of(calls_of(*"aaaabbc"), "a") == ["a2", "b1", "c1", "a3", "b2", "a4"]

    def test_begin_at_once_while_there_are_threads(self) -> None:
        calls = calls_of(at_once=3)
        assert [begun(calls, "a", f"a{number}") for number in range(4)] == ["a0", "a1", "a2", None]
        assert len(calls) == 1

    def test_of_one_owner_leave_half_of_the_threads_to_others_that_call(self) -> None:
        calls = calls_of("b", at_once=4)
        calls.done("b")
        assert [begun(calls, "a", f"a{number}") for number in range(4)] == ["a0", "a1", None, None]
        assert begun(calls, "b", "b2") == "b2"

    def test_of_one_owner_have_all_threads_when_others_have_not_called_for_a_while(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        calls = calls_of("b", at_once=4)
        calls.done("b")
        monkeypatch.setattr(waiting_calls, "RECENT_SECONDS", 0.0)
        assert [begun(calls, "a", f"a{number}") for number in range(4)] == ["a0", "a1", "a2", "a3"]

    def test_of_the_owner_who_has_the_fewest_threads_come_first(self) -> None:
        calls = calls_of(*"aabc", at_once=4)
        assert [begun(calls, owner, f"{owner} waits") for owner in "abc"] == [None, None, None]
        # Then a has two, b and c have one each.
        assert order_of(calls, "c")[:2] == ["c waits", "b waits"]

    def test_give_way_to_those_of_an_owner_who_has_fewer(self) -> None:
        calls = calls_of(*"aaaa", most_waiting=3)
        assert [calls.put("b", "b1")[1], calls.put("a", "a5")[1]] == ["a4", "a5"]
        # Then as many of b wait as of a: no more have to go.
        assert calls.put("b", "b2")[1] == "b2"
        assert order_of(calls, "a") == ["a2", "b1", "a3"]

    def test_begin_although_enough_of_others_wait(self) -> None:
        calls = calls_of(*"baaa", at_once=2, most_waiting=1)
        assert calls.done("b") is None
        assert calls.put("b", "b2") == (("b", "b2"), None)

    def test_let_others_work_while_they_are_aside_and_then_come_first(self) -> None:
        calls = calls_of(*"aaa", most_aside=1)
        assert calls.step_aside("a") == ("a", "a2")
        back = threading.Thread(target=calls.come_back, args=("a",))
        back.start()
        eventually(lambda: calls._returning)  # noqa: SLF001
        assert calls.done("a") is None
        back.join(SECONDS)
        assert not back.is_alive()
        assert order_of(calls, "a") == ["a3"]

    def test_that_are_aside_go_on_even_when_they_have_all_threads(self) -> None:
        calls = calls_of(*"aaaaa", at_once=2, most_aside=1)
        assert calls.step_aside("a") == ("a", "a3")
        # There is no fourth thread.
        assert calls.step_aside("a") is None
        assert calls.step_aside("a") is None
        for _ in range(2):
            calls.come_back("a")
        assert [calls.done("a"), calls.done("a"), calls.done("a")] == [("a", "a4"), ("a", "a5"), None]
        assert calls.come_back("a") is None


class Gate:
    """Holds the queries of a server; those that wait there are counted."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.waiting = 0

    def wait(self) -> None:
        self.waiting += 1
        assert self.opened.wait(SECONDS)


@contextlib.contextmanager
def held_queries(server: App) -> Iterator[Gate]:
    gate = Gate()
    with before(server, QUERY, gate.wait, most=THREADS):
        try:
            yield gate
        finally:
            gate.opened.set()


def get_later(client: Client, session: str) -> Any:
    return client.sessions.GetSession.future(v1.GetSessionRequest(name=session), timeout=SECONDS)


SETTINGS: dict[str, Any] = {"threads": THREADS, "health_interval": 300, "poll_interval": 60}


def served(server: App) -> dict[str, int]:
    """How many reads of each owner have a thread."""
    return dict(server._pools.read._calls._served)  # noqa: SLF001


def test_a_connection_whose_calls_wait_leaves_threads_to_another() -> None:
    with (
        serving("sqlite:///:memory:", **SETTINGS) as server,
        connected(server.address) as noisy,
        connected(server.address) as quiet,
    ):
        session = new_session(quiet, "namespaces/default").name
        get_session(quiet, session)
        with held_queries(server):
            calls = [get_later(noisy, session) for _ in range(10 * THREADS)]
            eventually(lambda: sum(served(server).values()) == THREADS // 2)
            last = get_later(quiet, session)
            eventually(lambda: sorted(served(server).values()) == [1, THREADS // 2])
            assert not any(call.done() for call in calls)
        assert last.result().name == session
        assert {call.result().name for call in calls} == {session}


def test_connections_of_one_subject_share_what_one_has() -> None:
    grants = [Grant(subject, "", Role.ADMIN) for subject in ("noisy", "quiet")]
    with (
        serving_callers("sqlite:///:memory:", grants, **SETTINGS) as access,
        access.client("noisy") as one,
        access.client("noisy") as another,
        access.client("quiet") as quiet,
    ):
        server = access.server
        session = new_session(quiet, "namespaces/default").name
        for client in (one, another, quiet):
            get_session(client, session)
        with held_queries(server):
            calls = [get_later(client, session) for client in (one, another) for _ in range(5 * THREADS)]
            eventually(lambda: len(server._pools.read._calls) == 10 * THREADS - THREADS // 2)  # noqa: SLF001
            assert served(server) == {"subject noisy": THREADS // 2}
            last = get_later(quiet, session)
            eventually(lambda: served(server) == {"subject noisy": THREADS // 2, "subject quiet": 1})
        assert {call.result().name for call in (*calls, last)} == {session}


def test_a_subject_is_told_by_its_credentials_only_when_they_have_shown_to_hold() -> None:
    with (
        serving_callers("sqlite:///:memory:", [Grant("known", "", Role.ADMIN)], **SETTINGS) as access,
        access.client("known") as known,
        connected(access.server.address, token="unknown") as unknown,
    ):
        session = new_session(known, "namespaces/default").name
        owners = access.server._owners._subjects  # noqa: SLF001
        assert failure(unknown.sessions.GetSession, v1.GetSessionRequest(name=session)).reason == "UNAUTHENTICATED"
        assert list(owners.values()) == ["known"]
        # Not by the credentials themselves.
        assert all(isinstance(key, int) for key in owners)


def test_a_line_that_is_full_takes_a_call_of_another_one_instead() -> None:
    most = 6
    with (
        serving("sqlite:///:memory:", max_waiting_calls=most, **SETTINGS) as server,
        connected(server.address) as noisy,
        connected(server.address) as quiet,
    ):
        session = new_session(quiet, "namespaces/default").name
        get_session(quiet, session)
        with held_queries(server):
            calls = [get_later(noisy, session) for _ in range(THREADS // 2 + most)]
            eventually(lambda: len(server._pools.read._calls) == most)  # noqa: SLF001
            # The first ones have a thread, the next ones wait.
            others = [get_later(quiet, session) for _ in range(THREADS // 2 + 2)]
            eventually(lambda: sum(call.done() for call in calls) == 2)
        refused = [Failure(call.exception()) for call in calls if call.exception() is not None]
        assert [failed.reason for failed in refused] == ["SERVER_FULL"] * 2
        assert {call.result().name for call in others} == {session}


def test_a_pool_that_is_shut_down_ends_with_the_calls_that_have_begun() -> None:
    gate = threading.Event()
    ended: list[str] = []
    pool = SharedPool(1, "write", lambda *_: "a", Pool(1, "refusal"), most_waiting=10, most_aside=1)

    def write() -> None:
        with pool.aside():
            assert gate.wait(SECONDS)
        ended.append(threading.current_thread().name)

    pool.submit(write)
    eventually(lambda: pool.stepped_aside)
    pool.shutdown(wait=False)
    # It begins, and can have no thread.
    pool.submit(write)
    gate.set()
    pool.shutdown()
    assert len(ended) == 1


def test_calls_that_wait_are_served_when_a_pool_is_shut_down() -> None:
    gate = threading.Event()
    numbers: list[int] = []
    pool = SharedPool(1, "read", lambda *_: "a", Pool(1, "refusal"), most_waiting=10)
    pool.submit(gate.wait, SECONDS)
    for number in range(5):
        pool.submit(numbers.append, number)
    pool.shutdown(wait=False)
    gate.set()
    pool.shutdown()
    assert numbers == [0, 1, 2, 3, 4]
