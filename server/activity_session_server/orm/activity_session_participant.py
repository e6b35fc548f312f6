"""The table that binds participants to sessions."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, column, select, table
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column

from activity_session_server.orm.base import Base
from activity_session_server.orm.types import PKID_LEN, RESOURCE_NAME_LEN, exact_string, utc_datetime, utc_now
from activity_session_server.rules.limits import ROLE_CHARACTERS


def _of_session(name: str, type_: Any) -> Callable[[DefaultExecutionContext], Any]:
    """What a column of the session has, for a row that is inserted without it."""

    def value(context: DefaultExecutionContext) -> Any:
        session = table("activity_session", column("pkid"), column(name, type_))
        parameters: dict[str, Any] = context.get_current_parameters()  # type: ignore[no-untyped-call]  # it has no types
        found = select(session.c[name]).where(session.c.pkid == parameters["activity_session_pkid"])
        return context.root_connection.scalar(found)

    return value


class ActivitySessionParticipant(Base):
    """Memberships of participants in sessions."""

    __tablename__ = "activity_session_participant"
    __table_args__ = (
        Index(
            "idx__activity_session_participant__participant_pkid__name",
            "participant_pkid",
            "session_name",
            "activity_session_pkid",
        ),
        Index(
            "idx__activity_session_participant__participant_pkid__create_ts",
            "participant_pkid",
            "session_create_ts",
            "activity_session_pkid",
        ),
        {"comment": __doc__},
    )

    activity_session_pkid: Mapped[str] = mapped_column(
        exact_string(PKID_LEN),
        ForeignKey("activity_session.pkid"),
        primary_key=True,
        comment="the session",
    )
    participant_pkid: Mapped[str] = mapped_column(
        exact_string(PKID_LEN),
        ForeignKey("participant.pkid"),
        primary_key=True,
        comment="the participant",
    )
    # So that the sessions of a participant have an index in the order of their list, however many others there are.
    session_name: Mapped[str] = mapped_column(
        exact_string(RESOURCE_NAME_LEN),
        default=_of_session("name", exact_string(RESOURCE_NAME_LEN)),
        comment="the session's name",
    )
    session_create_ts: Mapped[datetime] = mapped_column(
        utc_datetime(), default=_of_session("create_ts", utc_datetime()), comment="when the session was made, UTC"
    )
    role: Mapped[str] = mapped_column(
        exact_string(ROLE_CHARACTERS), default="", server_default="", comment="what it does in the session"
    )
    create_ts: Mapped[datetime] = mapped_column(
        utc_datetime(), server_default=utc_now(), comment="when it was bound, UTC"
    )
    last_read_sequence: Mapped[int] = mapped_column(
        BigInteger, default=0, server_default="0", comment="number of the last event it has read"
    )
