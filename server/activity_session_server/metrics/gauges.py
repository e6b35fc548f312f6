"""The gauges of a server: read from its parts when somebody asks, so that they cost calls nothing."""

import logging
import time
from collections.abc import Callable
from typing import NamedTuple

from activity_session_server.live.feeds import Feeds
from activity_session_server.live.pools import Pools
from activity_session_server.live.slots import Slots
from activity_session_server.live.upkeep import Upkeep
from activity_session_server.metrics import definitions
from activity_session_server.metrics.boards import Board, place_of
from activity_session_server.metrics.definitions import Definition
from activity_session_server.rules.calls import Call
from activity_session_server.rules.errors import ServiceError
from activity_session_server.store import Store
from activity_session_server.store.queries.swept.due import Due, due_sessions

_log = logging.getLogger("activity_session.metrics")


class Parts(NamedTuple):
    """What the gauges are read from.

    `certificate_expiry` tells when it expires, in seconds since 1970; `own_call` makes a Call for a name.
    """

    pools: Pools
    store: Store
    feeds: Feeds
    watches: Slots
    waiting_turns: Slots
    upkeep: Upkeep
    certificate_expiry: Callable[[], float]
    own_call: Callable[[str], Call]


class Gauges:
    """The gauges of one process, on its board."""

    def __init__(self, board: Board, parts: Parts) -> None:
        self._board = board
        self._parts = parts
        # What is due, and when that was found out. Replaced as a whole, and read by other threads.
        self._due: tuple[dict[str, Due], float] = ({}, 0.0)

    def look_for_due(self) -> None:
        """Find out what is due. Without a response from the database, what was known before grows older."""
        try:
            due = self._parts.store.read(self._parts.own_call("due"), due_sessions)
        except ServiceError as error:
            _log.warning("what is due is not known: %s", error.logged)
        except Exception:  # the thread that sweeps goes on
            _log.exception("what is due is not known")
        else:
            self._due = (due, time.monotonic())

    def refresh(self) -> None:
        """Set all gauges to what is true now."""
        self._refresh_calls()
        self._refresh_database()
        self._refresh_followers()
        self._refresh_due()
        self._set(definitions.CERTIFICATE, self._parts.certificate_expiry())

    def _refresh_calls(self) -> None:
        pools = self._parts.pools
        for kind, pool in ((definitions.READ, pools.read), (definitions.WRITE, pools.write)):
            self._set(definitions.THREADS, pool.at_once, kind)
            self._set(definitions.IN_FLIGHT, pool.in_flight, kind)
            self._set(definitions.WAITING, pool.waiting, kind)
        self._set(definitions.ASIDE, pools.write.stepped_aside)

    def _refresh_database(self) -> None:
        connections, upkeep = self._parts.store.connections, self._parts.upkeep
        used = connections.used
        self._set(definitions.CONNECTIONS, used, "used")
        self._set(definitions.CONNECTIONS, connections.most - used, "idle")
        self._set(definitions.CONNECTIONS_MAX, connections.most)
        self._set(definitions.CONNECTIONS_PENDING, connections.waiting)
        self._set(definitions.PROCESSES, 1)
        self._set(definitions.READY, not upkeep.problem)
        self._set(definitions.CHECKED, upkeep.succeeded_at)

    def _refresh_followers(self) -> None:
        parts, backlogs = self._parts, self._parts.feeds.backlogs()
        self._set(definitions.WATCHES, parts.watches.taken)
        self._set(definitions.WAITING_TURNS, parts.waiting_turns.taken)
        self._set(definitions.FOLLOWED, parts.feeds.followed)
        self._set(definitions.BACKLOG, sum(backlogs))
        self._set(definitions.LONGEST_BACKLOG, max(backlogs, default=0))

    def _refresh_due(self) -> None:
        found, looked_at = self._due
        # As old as it is now: a look that comes late, or never, must not hide that.
        since = time.monotonic() - looked_at
        for kind, due in found.items():
            self._set(definitions.DUE_SESSIONS, due.sessions, kind)
            self._set(definitions.OLDEST_DUE, due.oldest_age + since if due.sessions else 0, kind)

    def _set(self, metric: Definition, value: float, *row: str) -> None:
        self._board.set(place_of(metric, *row), value)
