"""Sessions that are due to be swept: which, how many, and since when."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, bindparam, exists, false, func, select
from sqlalchemy.orm import InstrumentedAttribute

from activity_session_server.orm import ActivitySession, Memory
from activity_session_server.orm.base import table_of
from activity_session_server.orm.types import utc_now
from activity_session_server.rules.names import Kind, format_name
from activity_session_server.store.backends import by_index
from activity_session_server.store.driver.statements import Statement
from activity_session_server.store.queries import expiry, namespaces
from activity_session_server.store.queries.swept.aged_events import aged_sessions
from activity_session_server.store.readers import Reader, count_of, utc_clock

# So many are counted, and no more.
MOST = 1000


class DueSession(NamedTuple):
    """A session whose time has come."""

    namespace_id: str
    session_id: str
    uid: str

    @property
    def name(self) -> str:
        """Its resource name."""
        return format_name(Kind.SESSION, self.namespace_id, self.session_id)


class Due(NamedTuple):
    """How many sessions are due, `MOST` at most, and for how many seconds the one has been that was due first."""

    sessions: int
    oldest_age: float


def _sessions(
    index: str, column: InstrumentedAttribute[datetime | None], *conditions: ColumnElement[bool]
) -> Statement:
    """Without a join: MariaDB would begin with the namespaces, and sort all sessions of each."""
    due: Any = select(namespaces.ID_OF_SESSION, ActivitySession.name, ActivitySession.pkid)
    due = due.where(column <= utc_now(), *conditions).order_by(column).limit(bindparam("most"))
    return Statement(by_index(due, table_of(ActivitySession), index))


def _times(column: InstrumentedAttribute[datetime | None], *conditions: ColumnElement[bool]) -> Statement:
    return Statement(select(column).where(column <= utc_now(), *conditions).order_by(column).limit(bindparam("most")))


def _count(column: InstrumentedAttribute[datetime | None], *conditions: ColumnElement[bool]) -> Statement:
    return Statement(select(func.count()).where(column <= utc_now(), *conditions))


# Compared, since MariaDB looks for no "IS false" in an index.
_EXPIRED = (ActivitySession.expire_ts, ActivitySession.deleted == false(), ~expiry.IS_HELD)
_EXPUNGED = (
    ActivitySession.purge_ts,
    ActivitySession.deleted.is_(True),
    ~expiry.IS_HELD,
    ~exists().where(Memory.activity_session_pkid == ActivitySession.pkid),
)
_FIND_EXPIRED = _sessions("idx__activity_session__deleted__expire_ts", *_EXPIRED)
_FIND_PURGEABLE = _sessions("idx__activity_session__purge_ts", *_EXPUNGED)
_KINDS = {"expired": _times(*_EXPIRED), "expunged": _times(*_EXPUNGED)}
_COUNTS = {"expired": _count(*_EXPIRED), "expunged": _count(*_EXPUNGED)}


def expired_sessions(reader: Reader, most: int) -> list[DueSession]:
    """At most so many live sessions that have expired by the database's clock, oldest first."""
    return [DueSession(*row) for row in reader.rows(_FIND_EXPIRED, {"most": most})]


def purgeable_sessions(reader: Reader, most: int) -> list[DueSession]:
    """At most so many deleted sessions without memories whose purge time has come, oldest first."""
    return [DueSession(*row) for row in reader.rows(_FIND_PURGEABLE, {"most": most})]


def count_due_sessions(reader: Reader) -> dict[str, int]:
    """How many sessions are due to be expired, and to be expunged."""
    return {kind: count_of(reader, statement) for kind, statement in _COUNTS.items()}


def due_sessions(reader: Reader) -> dict[str, Due]:
    """The sessions that are due, by what the sweep does to them."""
    found = {kind: _due(reader, statement) for kind, statement in _KINDS.items()}
    return {**found, "purged": _with_aged_events(reader)}


def _with_aged_events(reader: Reader) -> Due:
    due = [session for session in aged_sessions(reader, MOST) if session.is_due]
    ages = (utc_clock() - session.oldest - session.age for session in due if session.oldest)
    return Due(min(len(due), MOST), max((age.total_seconds() for age in ages), default=0.0))


def _due(reader: Reader, statement: Statement) -> Due:
    times = [row[0] for row in reader.rows(statement, {"most": MOST})]
    # By the clock of this process, which may differ a little from that of the database.
    return Due(len(times), max((utc_clock() - times[0]).total_seconds(), 0.0) if times else 0.0)
