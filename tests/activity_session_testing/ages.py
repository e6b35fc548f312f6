"""What is older than it could be in a test: the past is written into the database."""

from datetime import timedelta

from sqlalchemy import select, text

from activity_session_server.app import App
from activity_session_server.orm import ActivitySession
from activity_session_testing.moments import engine_of


def make_older(server: App, session: str, up_to: int, by: timedelta = timedelta(hours=2)) -> None:
    """Move a session and its events up to a number into the past, as if nothing had looked at it since."""
    with engine_of(server).begin() as connection:
        columns = select(ActivitySession.pkid, ActivitySession.create_ts)
        row = connection.execute(columns.where(ActivitySession.name == session.rpartition("/")[2])).one()
        values = {"uid": row.pkid, "then": row.create_ts - by}
        events = "UPDATE event SET create_ts = :then WHERE activity_session_pkid = :uid AND sequence <= :last"
        connection.execute(text(events), {**values, "last": up_to})
        for statement in (
            "UPDATE activity_session SET create_ts = :then, events_from_ts = :then WHERE pkid = :uid",
            "UPDATE activity_session SET events_due_ts = :then WHERE pkid = :uid AND events_due_ts IS NOT NULL",
        ):
            connection.execute(text(statement), values)
