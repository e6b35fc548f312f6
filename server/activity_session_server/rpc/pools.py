"""Threads of their own for some handlers, so that these are served while all others are busy.

The hall makes the pools: this folder starts no threads.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor as Pool
from functools import partial
from typing import Any

__all__ = ["Pool", "run_by"]


def run_by(pool: Pool, respond: Callable[..., Any]) -> Any:
    """A handler that is run by the threads of a pool."""
    handler: Any = partial(respond)
    # grpcio's mark of such a handler, which its health package uses too.
    handler.experimental_thread_pool = pool
    return handler
