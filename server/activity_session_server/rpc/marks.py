"""The marks by which grpcio is told how to run a handler; its health package uses them too."""

from collections.abc import Callable
from functools import partial
from typing import Any

from activity_session_server.live.pools import Pool


def run_by(pool: Pool, respond: Callable[..., Any], *, is_streamed: bool = False) -> Any:
    """A handler that is run by the threads of a pool.

    One that is streamed is given a callback for what it sends, and its thread is free when it returns.
    """
    handler: Any = partial(respond)
    handler.experimental_thread_pool = pool
    handler.experimental_non_blocking = is_streamed
    return handler
