"""The table of former sessions."""

from datetime import datetime

from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from activity_session_server.orm.base import Base
from activity_session_server.orm.types import PKID_LEN, RESOURCE_NAME_LEN, exact_string, utc_datetime


class FormerSession(Base):
    """Names whose sessions were expunged, with numbers that those of a later session must exceed."""

    __tablename__ = "former_session"
    __table_args__ = (
        Index("idx__former_session__create_ts", "create_ts"),
        {"comment": __doc__},
    )

    namespace_pkid: Mapped[str] = mapped_column(
        exact_string(PKID_LEN), primary_key=True, comment="the namespace that it belonged to"
    )
    name: Mapped[str] = mapped_column(
        exact_string(RESOURCE_NAME_LEN),
        primary_key=True,
        comment="resource name: its last segment, the id; empty for all older ones",
    )
    turn_token: Mapped[int] = mapped_column(BigInteger, comment="no turn has had it, but all turns had smaller ones")
    revision: Mapped[int] = mapped_column(BigInteger, comment="no key of its state has had a larger one")
    create_ts: Mapped[datetime] = mapped_column(utc_datetime(), comment="when it was expunged, UTC")
