"""The threads that handlers run by: some for reads, others for writes, and a few for what must never wait for those.

A write can wait for a lock that somebody else holds; reads have threads of their own, so that they go on.
"""

import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")


class Pool(ThreadPoolExecutor):
    """Threads that take one call after the other.

    While `most_waiting` calls wait for a thread, further ones are handed to the pool `overflow`, which refuses them.
    """

    def __init__(
        self, threads: int, name: str, overflow: ThreadPoolExecutor | None = None, most_waiting: int = sys.maxsize
    ) -> None:
        super().__init__(threads, name)
        self._overflow = overflow
        self.most_waiting = most_waiting
        # Of each thread: when the call that it serves came in.
        self._own = threading.local()

    @property
    def waiting(self) -> int:
        """How many calls wait for a thread."""
        return self._work_queue.qsize()

    @property
    def came(self) -> float | None:
        """When the call that this thread serves came in, a reading of `time.monotonic`; None in a thread of others."""
        return getattr(self._own, "came", None)

    def submit(self, fn: Callable[..., T], /, *arguments: Any, **named: Any) -> Future[T]:
        """Have a call served, or refused."""
        if self._overflow is not None and self.waiting >= self.most_waiting:
            return self._overflow.submit(fn, *arguments, **named)
        self._begin_waiting()
        return super().submit(self._serve, time.monotonic(), fn, *arguments, **named)

    def _begin_waiting(self) -> None:
        """Note that one call more waits."""

    def _serve(self, came: float, fn: Callable[..., T], *arguments: Any, **named: Any) -> T:
        self._own.came = came
        return fn(*arguments, **named)


class WritePool(Pool):
    """Threads of which some may wait for others, who then have more threads instead.

    So many work at a time as there are permits. A thread that steps `aside` lends its permit to another one, until as
    many are aside as may be; from then on they wait with their permits lent to nobody.
    """

    def __init__(
        self, threads: int, name: str, overflow: ThreadPoolExecutor, most_waiting: int, most_aside: int
    ) -> None:
        super().__init__(threads + most_aside, name, overflow, most_waiting)
        # Each single step is atomic: one entry for each call that waits, and one for each permit that is free.
        self._not_begun: deque[None] = deque()
        self._permits: SimpleQueue[None] = SimpleQueue()
        for _ in range(threads):
            self._permits.put(None)

    @property
    def waiting(self) -> int:
        """How many calls wait for a thread, or for a permit."""
        return len(self._not_begun)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Let another call be served during the block; threads of others may enter it too, to no effect."""
        if not hasattr(self._own, "came"):
            yield
            return
        self._permits.put(None)
        try:
            yield
        finally:
            self._permits.get()

    def _begin_waiting(self) -> None:
        self._not_begun.append(None)

    def _serve(self, came: float, fn: Callable[..., T], *arguments: Any, **named: Any) -> T:
        permit = self._permits.get()
        self._not_begun.pop()
        try:
            return super()._serve(came, fn, *arguments, **named)
        finally:
            self._permits.put(permit)


class Pools(NamedTuple):
    """The pools of a server; only the threads that are needed are started."""

    read: Pool
    write: WritePool
    refusal: Pool
    health: Pool
    reflection: Pool
