"""What outlives a call, where several threads meet."""

import contextlib
import threading
from collections.abc import Callable
from typing import Any

from activity_session.v1.session_pb2 import Session
from activity_session_server.live.feeds import Feed, SessionMessage
from activity_session_server.live.jobs import JobThreads
from activity_session_testing.moments import eventually

COUNT = 2
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

    def read(self, _fn: Callable[[Any], Any]) -> Session:
        return Session(name="namespaces/n/sessions/s", uid="session-1")


def test_a_message_that_is_forgotten_while_it_is_sent_is_sent_all_the_same() -> None:
    feeds: Any = OneSession()
    head: Any = Session(name="namespaces/n/sessions/s", uid="session-1")
    found = ForgetfulFeed(head, feeds).session_message(full=True, is_first=True)
    assert found is not None
    assert b"namespaces/n/sessions/s" in found.raw


class Waiting:
    """A job that waits until it is released."""

    def __init__(self, let_go: threading.Event) -> None:
        self.has_begun = threading.Event()
        self._let_go = let_go

    def has_work(self) -> bool:
        return False

    def work(self) -> bool:
        self.has_begun.set()
        return self._let_go.wait(SECONDS)

    def stuck(self, seconds: float) -> None:
        """Keep waiting."""


class CountedTogether(set[threading.Thread]):
    """A set of threads that lets as many threads as possible read its size at the same time."""

    def __init__(self, threads: set[threading.Thread]) -> None:
        super().__init__(threads)
        self._barrier = threading.Barrier(super().__len__(), timeout=0.3)

    def __len__(self) -> int:
        count = super().__len__()
        with contextlib.suppress(threading.BrokenBarrierError):
            self._barrier.wait()
        return count


def begun(threads: JobThreads, let_go: threading.Event, count: int) -> None:
    """Keep that many more threads busy."""
    jobs = [Waiting(let_go) for _ in range(count)]
    for job in jobs:
        threads.schedule(job)
    assert all(job.has_begun.wait(SECONDS) for job in jobs)


def test_threads_that_are_too_many_leave_some_behind_when_they_end_at_the_same_time() -> None:
    threads, let_go = JobThreads(COUNT), threading.Event()
    threads.start()
    begun(threads, let_go, COUNT)
    threads.tend(0)
    begun(threads, let_go, 2 * COUNT)
    threads.tend(SECONDS)
    threads._threads = CountedTogether(threads._threads)  # noqa: SLF001
    let_go.set()
    eventually(lambda: not threads._running)  # noqa: SLF001
    begun(threads, let_go, COUNT)
    threads.stop()
