"""Which sessions are gone for callers: those that are deleted, and those that have expired, swept or not.

A session that is held, by itself or with its namespace, does not expire.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Label, ScalarSelect, and_, case, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from activity_session_server.orm import ActivitySession, Namespace


def _of_namespace(column: InstrumentedAttribute[Any], *conditions: ColumnElement[bool]) -> ScalarSelect[Any]:
    is_owner = Namespace.pkid == ActivitySession.namespace_pkid
    return select(column).where(is_owner, *conditions).correlate(ActivitySession).scalar_subquery()


IS_HELD = or_(ActivitySession.legal_hold, _of_namespace(Namespace.legal_hold))


def is_live(now: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Whether a session is neither deleted nor expired at a time of the database's clock."""
    stays = or_(ActivitySession.expire_ts.is_(None), ActivitySession.expire_ts > now, IS_HELD)
    return and_(ActivitySession.deleted.is_(False), stays)


def expired_under(now: ColumnElement[datetime]) -> Label[Any]:
    """The settings of the namespace in which a session has expired that is not swept yet; NULL for any other session.

    A column of that name is what `codec.sessions` looks at.
    """
    is_due = and_(ActivitySession.deleted.is_(False), ActivitySession.expire_ts <= now)
    settings = _of_namespace(Namespace.settings, Namespace.legal_hold.is_(False))
    found = case((and_(is_due, ActivitySession.legal_hold.is_(False)), settings))
    return found.label("expired_under")
