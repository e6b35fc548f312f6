"""What outlives a call, where several threads meet."""

import contextlib
import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any, Self, TypeVar

import pytest

from activity_session.v1.session_pb2 import Session
from activity_session_server.live.feeds import EventMessage, Feed, SessionMessage, Tail
from activity_session_server.live.jobs import MOST_OTHERS, MOST_PROMPT, JobThreads
from activity_session_server.live.lanes import THREADS, Lane
from activity_session_testing.moments import eventually

SECONDS = 10.0


class Forgetful(dict[bool, SessionMessage]):
    """Forgets each message as soon as it has one: the thread that does so does not wait for those that send it."""

    def __setitem__(self, key: bool, value: SessionMessage) -> None:
        """Keep nothing."""


class ForgetfulFeed(Feed):
    """A feed with such messages."""

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, Forgetful() if name == "_messages" else value)


class OneSession:
    """The feeds of one session, which can always be read."""

    def read(self, _fn: Callable[[Any], Any]) -> bytes:
        return Session(name="namespaces/n/sessions/s", uid="session-1").SerializeToString()


def test_a_message_that_is_forgotten_while_it_is_sent_is_sent_all_the_same() -> None:
    feeds: Any = OneSession()
    head: Any = SimpleNamespace(
        name="namespaces/n/sessions/s", uid="session-1", first_sequence=1, last_sequence=0, history_revision=0
    )
    found = ForgetfulFeed(head, feeds).session_message(full=True, is_first=True)
    assert found is not None
    assert b"namespaces/n/sessions/s" in found.raw


class Needing:
    """A follower that still needs everything."""

    def __init__(self, *, is_prompt: bool) -> None:
        self.is_prompt = is_prompt

    def needs(self, _sequence: int, _version: int) -> bool:
        return True


@pytest.mark.parametrize("is_prompt", [True, False])
def test_what_only_clients_that_do_not_read_need_is_not_kept_for_them(*, is_prompt: bool) -> None:
    feeds: Any = OneSession()
    head: Any = SimpleNamespace(
        name="namespaces/n/sessions/s", uid="session-1", first_sequence=1, last_sequence=0, history_revision=0
    )
    feed = Feed(head, feeds)
    followers: Any = feed.followers
    followers.add(Needing(is_prompt=is_prompt))
    feed.session_message(full=True, is_first=True)
    feed._tails = {False: Tail(0, 0, [EventMessage(1, 0, b"event")])}  # noqa: SLF001
    feed.forget_passed()
    assert bool(feed._tails) == bool(feed._messages) == is_prompt  # noqa: SLF001


class Waiting:
    """A job that waits until it is let go."""

    def __init__(self, owner: str = "", *, is_prompt: bool = False) -> None:
        self.owner = owner
        self.is_prompt = is_prompt
        self.has_begun = threading.Event()
        self.let_go = threading.Event()
        self.told: list[bool] = []

    def has_work(self) -> bool:
        return False

    def work(self) -> bool:
        self.has_begun.set()
        return self.let_go.wait(SECONDS)

    def stuck(self, *, is_in_the_way: bool) -> None:
        self.told.append(is_in_the_way)


class Ending(Waiting):
    """A job that ends when others need its thread."""

    def stuck(self, *, is_in_the_way: bool) -> None:
        super().stuck(is_in_the_way=is_in_the_way)
        if is_in_the_way:
            self.let_go.set()


J = TypeVar("J", bound=Waiting)


class Threads:
    """Threads that are tended until something holds."""

    def __init__(self) -> None:
        self.threads = JobThreads()
        self.threads.start()
        self.jobs: list[Waiting] = []

    @classmethod
    @contextlib.contextmanager
    def running(cls) -> Iterator[Self]:
        threads = cls()
        try:
            yield threads
        finally:
            for job in threads.jobs:
                job.let_go.set()
            threads.threads.stop()

    @property
    def count(self) -> int:
        return sum(len(lane.threads) for lane in self.threads._lanes.values())  # noqa: SLF001

    def schedule(self, jobs: Sequence[J]) -> Sequence[J]:
        for job in jobs:
            self.jobs.append(job)
            self.threads.schedule(job)
        return jobs

    def tend_until(self, condition: Callable[[], object]) -> None:
        def tended() -> object:
            self.threads.tend()
            return condition()

        eventually(tended)


def begun(jobs: Sequence[Waiting]) -> list[int]:
    """The numbers of the jobs that have a thread, or had one."""
    return [number for number, job in enumerate(jobs) if job.has_begun.is_set()]


class TestJobThreads:
    def test_are_few_and_end_when_nothing_is_stuck_any_more(self) -> None:
        with Threads.running() as threads:
            jobs = threads.schedule([Waiting(f"{number}", is_prompt=number % 2 == 0) for number in range(50)])
            threads.tend_until(lambda: sum(bool(job.told) for job in jobs) >= MOST_PROMPT + MOST_OTHERS)
            threads.threads.tend()
            assert threads.count == len(begun(jobs)) == MOST_PROMPT + MOST_OTHERS
            for job in jobs:
                job.let_go.set()
            # Without being tended.
            eventually(lambda: len(begun(jobs)) == 50 and threads.count == 2 * THREADS)
            # Those that are left still work.
            for is_prompt in (True, False):
                threads.schedule([Waiting("a", is_prompt=is_prompt) for _ in range(THREADS)])
            eventually(lambda: len(begun(threads.jobs)) == 50 + 2 * THREADS)

    def test_that_wait_for_some_leave_threads_to_those_that_are_prompt(self) -> None:
        with Threads.running() as threads:
            stuck = threads.schedule([Waiting(f"{number}") for number in range(50)])
            threads.tend_until(lambda: len(begun(stuck)) == MOST_OTHERS)
            prompt = threads.schedule([Waiting("0", is_prompt=True) for _ in range(THREADS)])
            eventually(lambda: len(begun(prompt)) == THREADS)

    @pytest.mark.parametrize("is_prompt", [True, False])
    def test_of_a_connection_leave_some_to_others(self, *, is_prompt: bool) -> None:
        most = (MOST_PROMPT if is_prompt else MOST_OTHERS) - THREADS
        with Threads.running() as threads:
            stuck = threads.schedule([Waiting("a", is_prompt=is_prompt) for _ in range(50)])
            threads.tend_until(lambda: len(begun(stuck)) == most)
            threads.tend_until(lambda: all(job.told for job in stuck[:most]))
            others = threads.schedule([Waiting("b", is_prompt=is_prompt) for _ in range(THREADS)])
            eventually(lambda: len(begun(others)) == THREADS)
            assert begun(stuck) == list(range(most))

    def test_end_those_that_are_stuck_for_longest_and_no_more_than_needed(self) -> None:
        most = MOST_OTHERS - THREADS
        with Threads.running() as threads:
            stuck = threads.schedule([Waiting("a") for _ in range(most)])
            threads.tend_until(lambda: all(job.told for job in stuck))
            assert not any(itertools.chain.from_iterable(job.told for job in stuck))
            threads.schedule([Waiting("a")])
            threads.threads.tend()
            assert [job.told[-1] for job in stuck] == [True] + [False] * (most - 1)

    def test_come_to_all_jobs_if_those_in_the_way_end(self) -> None:
        with Threads.running() as threads:
            jobs = threads.schedule([Ending("a") for _ in range(30)])
            threads.tend_until(lambda: len(begun(jobs)) == 30)
            assert threads.count <= 2 * THREADS + MOST_OTHERS


def test_connections_take_turns() -> None:
    lock = threading.Lock()
    lane = Lane(MOST_OTHERS, lock)
    order = ""
    with lock:
        for owner in "aaabbc":
            lane.put(Waiting(owner))
        while (turn := lane.next_owner) is not None:
            order += lane.take(turn).owner
    assert order == "abcaba"
