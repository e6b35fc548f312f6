"""The threads that handlers run by: some for reads, others for writes, and a few for what must never wait for those.

A write can wait for a lock that somebody else holds; reads have threads of their own, so that they go on.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, NamedTuple

from activity_session_server.live.waiting_calls import Begun, WaitingCalls

# When a call came, and what serves it.
_Call = tuple[float, Callable[..., Any], tuple[Any, ...], dict[str, Any]]
# Of a call that waits for threads that serve others by now.
_NOTHING: Future[Any] = Future()
_NOTHING.set_result(None)
_log = logging.getLogger("activity_session.pools")


class Pool(ThreadPoolExecutor):
    """Threads that take one call after the other."""


class SharedPool(Pool):
    """Threads that the owners of calls share evenly; `owner_of` tells of what is submitted whose it is.

    While `most_waiting` calls wait for a thread, one of the owner who has the most of them is handed to the pool
    `overflow`, which refuses it. So many work at a time as there are `threads`. A thread that steps `aside` lets
    another one work instead, until `most_aside` are aside; from then on there are no threads for that.
    """

    def __init__(
        self,
        threads: int,
        name: str,
        owner_of: Callable[..., str],
        overflow: Pool,
        *,
        most_waiting: int,
        most_aside: int = 0,
    ) -> None:
        super().__init__(threads + most_aside, name)
        self.most_waiting = most_waiting
        self._owner_of = owner_of
        self._overflow = overflow
        self._calls: WaitingCalls[_Call] = WaitingCalls(threads, most_waiting, most_aside)
        # Of each thread: when the call that it serves came in, and whose it is.
        self._own = threading.local()

    @property
    def at_once(self) -> int:
        """How many calls it serves at a time."""
        return self._calls.at_once

    @property
    def in_flight(self) -> int:
        """How many calls are served now, without those that are aside."""
        return self._calls.busy

    @property
    def stepped_aside(self) -> int:
        """How many calls are aside."""
        return self._calls.aside

    @property
    def waiting(self) -> int:
        """How many calls wait for a thread."""
        return len(self._calls)

    @property
    def came(self) -> float | None:
        """When the call that this thread serves came in, a reading of `time.monotonic`; None in a thread of others."""
        return getattr(self._own, "came", None)

    def submit(self, fn: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        """Have a call served, or refused. The future tells nothing of the call: gRPC wants to have one."""
        call = (time.monotonic(), fn, arguments, named)
        begun, refused = self._calls.put(self._owner_of(*arguments), call)
        if refused is not None:
            _, fn, arguments, named = refused
            self._overflow.submit(fn, *arguments, **named)
        return self._start(begun)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Let another call be served during the block; threads of others may enter it too, to no effect."""
        owner = getattr(self._own, "owner", None)
        if owner is None:
            yield
            return
        self._start(self._calls.step_aside(owner))
        try:
            yield
        finally:
            self._start(self._calls.come_back(owner))

    def _start(self, begun: Begun[_Call] | None) -> Future[Any]:
        """Have a thread serve a call, and those that follow it; nobody waits for them when the pool is shut down."""
        try:
            return _NOTHING if begun is None else super().submit(self._serve, begun)
        except RuntimeError:
            while begun is not None:
                begun = self._calls.done(begun.owner)
            return _NOTHING

    def _serve(self, begun: Begun[_Call] | None) -> None:
        """Serve a call, and then those that begin in its place."""
        while begun is not None:
            owner, (came, fn, arguments, named) = begun
            self._own.owner, self._own.came = owner, came
            try:
                fn(*arguments, **named)
            except BaseException:  # the thread goes on with other calls
                _log.exception("a call failed")
            # The request must not stay in memory until the next one comes.
            del begun, fn, arguments, named
            begun = self._calls.done(owner)


class Pools(NamedTuple):
    """The pools of a server; only the threads that are needed are started."""

    read: SharedPool
    write: SharedPool
    refusal: Pool
    health: Pool
    reflection: Pool
