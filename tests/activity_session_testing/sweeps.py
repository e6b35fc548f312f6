"""Sweeps of tests: a server that sweeps only by hand, and the statement with which a sweep begins."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from activity_session_server.app import App
from activity_session_testing.servers import Client, connected, serving

# It looks for sessions that have expired.
SWEEP = "SELECT (SELECT namespace.name"


@contextmanager
def swept_by_hand(database_url: str, **settings: Any) -> Iterator[tuple[App, Client]]:
    """A server that sweeps only when it is told to."""
    with (
        serving(database_url, health_interval=300.0, **settings) as server,
        connected(server.address) as client,
    ):
        yield server, client
