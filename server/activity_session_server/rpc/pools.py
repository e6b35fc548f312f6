"""The threads that handlers run by: some for reads, others for writes, and a few for what must never wait for those.

A write can wait for a lock that somebody else holds; reads have threads of their own, so that they go on. The hall
makes the pools: this folder starts no threads.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple


class Pool(ThreadPoolExecutor):
    """Threads that take one call after the other."""

    @property
    def waiting(self) -> int:
        """How many calls wait for a thread."""
        return self._work_queue.qsize()


class Pools(NamedTuple):
    """The pools of a server; only the threads that are needed are started."""

    read: Pool
    write: Pool
    refusal: Pool
    health: Pool
    reflection: Pool


def run_by(pool: Pool, respond: Callable[..., Any], *, is_streamed: bool = False) -> Any:
    """A handler that is run by the threads of a pool.

    One that is streamed is given a callback for what it sends, and its thread is free when it returns.
    """
    handler: Any = partial(respond)
    # grpcio's marks of such handlers, which its health package uses too.
    handler.experimental_thread_pool = pool
    handler.experimental_non_blocking = is_streamed
    return handler
