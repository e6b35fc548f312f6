"""The table of memories."""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from activity_session_server.orm.base import Resource
from activity_session_server.orm.types import PKID_LEN, exact_string, exact_text, utc_datetime

if TYPE_CHECKING:
    from activity_session_server.orm.activity_session import ActivitySession

MEMORY_TYPE_LEN = 16


class Memory(Resource):
    """What agents took away from sessions."""

    __tablename__ = "memory"
    __table_args__ = (
        Index("idx__memory__activity_session_pkid", "activity_session_pkid"),
        Index("idx__memory__agent_pkid", "agent_pkid"),
        {"comment": __doc__},
    )

    activity_session_pkid: Mapped[str] = mapped_column(
        exact_string(PKID_LEN),
        ForeignKey("activity_session.pkid"),
        comment="the session it came from",
    )
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

    activity_session: Mapped["ActivitySession"] = relationship(back_populates="memories")
