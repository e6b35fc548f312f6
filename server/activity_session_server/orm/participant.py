"""The table of participants."""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from activity_session_server.orm.base import Resource
from activity_session_server.orm.types import PKID_LEN, exact_string, utc_datetime, utc_now

if TYPE_CHECKING:
    from activity_session_server.orm.activity_session import ActivitySession
    from activity_session_server.orm.namespace import Namespace

PARTICIPANT_TYPE_LEN = 16


class Participant(Resource):
    """People and agents that can take part in sessions."""

    __tablename__ = "participant"
    __table_args__ = (
        UniqueConstraint("namespace_pkid", "name", name="uc__participant__namespace_pkid__name"),
        Index("idx__participant__namespace_pkid__create_ts", "namespace_pkid", "create_ts", "pkid"),
        Index("idx__participant__namespace_pkid__update_ts", "namespace_pkid", "update_ts", "pkid"),
        {"comment": __doc__},
    )

    namespace_pkid: Mapped[str] = mapped_column(exact_string(PKID_LEN), ForeignKey("namespace.pkid"), comment="owner")
    participant_type: Mapped[str] = mapped_column(exact_string(PARTICIPANT_TYPE_LEN), comment="USER or AGENT")
    participant_create_ts: Mapped[datetime] = mapped_column(
        utc_datetime(), server_default=utc_now(), comment="when the participant came to be, UTC"
    )

    namespace: Mapped["Namespace"] = relationship(back_populates="participants")
    activity_sessions: Mapped[list["ActivitySession"]] = relationship(
        secondary="activity_session_participant", back_populates="participants"
    )
