"""The table of memories."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint, column, select, table
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column, relationship

from activity_session_server.orm.base import Resource
from activity_session_server.orm.types import PKID_LEN, exact_string, exact_text, utc_datetime
from activity_session_server.rules.limits import SUBJECT_CHARACTERS

if TYPE_CHECKING:
    from activity_session_server.orm.activity_session import ActivitySession

MEMORY_TYPE_LEN = 16


def _namespace_of_session(context: DefaultExecutionContext) -> Any:
    """The namespace for a row that is inserted without one."""
    session = table("activity_session", column("pkid"), column("namespace_pkid"))
    parameters: dict[str, Any] = context.get_current_parameters()  # type: ignore[no-untyped-call]  # it has no types
    return context.root_connection.scalar(
        select(session.c.namespace_pkid).where(session.c.pkid == parameters["activity_session_pkid"])
    )


class Memory(Resource):
    """What agents took away from sessions.

    The key of the session is no foreign key, for the same reason as in `orm.event`.
    """

    __tablename__ = "memory"
    __table_args__ = (
        UniqueConstraint("activity_session_pkid", "name", name="uc__memory__activity_session_pkid__name"),
        Index("idx__memory__activity_session_pkid__create_ts", "activity_session_pkid", "create_ts", "pkid"),
        Index("idx__memory__activity_session_pkid__update_ts", "activity_session_pkid", "update_ts", "pkid"),
        Index("idx__memory__namespace_pkid__name", "namespace_pkid", "name", "pkid"),
        Index("idx__memory__namespace_pkid__create_ts", "namespace_pkid", "create_ts", "pkid"),
        Index("idx__memory__namespace_pkid__update_ts", "namespace_pkid", "update_ts", "pkid"),
        Index("idx__memory__agent_pkid", "agent_pkid"),
        {"comment": "What agents took away from sessions."},
    )

    # So that the memories of a namespace have an index, however many sessions they came from.
    namespace_pkid: Mapped[str] = mapped_column(
        exact_string(PKID_LEN),
        ForeignKey("namespace.pkid"),
        default=_namespace_of_session,
        comment="the session's namespace",
    )
    activity_session_pkid: Mapped[str] = mapped_column(exact_string(PKID_LEN), comment="the session it came from")
    agent_pkid: Mapped[str] = mapped_column(
        exact_string(PKID_LEN), ForeignKey("participant.pkid"), comment="the agent it belongs to"
    )
    memory_type: Mapped[str] = mapped_column(exact_string(MEMORY_TYPE_LEN), comment="OBSERVATION or INTEGRATION")
    importance: Mapped[int] = mapped_column(default=0, server_default="0", comment="its weight")
    access_count: Mapped[int] = mapped_column(
        BigInteger, default=0, server_default="0", comment="how often it was recalled"
    )
    accessed: Mapped[datetime | None] = mapped_column(utc_datetime(), comment="when it was last recalled, UTC")
    memo: Mapped[str | None] = mapped_column(exact_text(), comment="a note beside the content")
    content: Mapped[str] = mapped_column(exact_text(), comment="what is remembered")
    first_sequence: Mapped[int] = mapped_column(
        BigInteger, default=0, server_default="0", comment="number of the first event it came from"
    )
    last_sequence: Mapped[int] = mapped_column(
        BigInteger, default=0, server_default="0", comment="number of the last event it came from"
    )
    created_by: Mapped[str | None] = mapped_column(
        exact_string(SUBJECT_CHARACTERS), comment="the subject of the caller who made it; none without credentials"
    )

    activity_session: Mapped["ActivitySession"] = relationship(
        primaryjoin="ActivitySession.pkid == foreign(Memory.activity_session_pkid)", back_populates="memories"
    )
