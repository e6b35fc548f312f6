"""The table of expunged sessions."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from activity_session_server.orm.base import Base
from activity_session_server.orm.types import PKID_LEN, exact_string, utc_datetime


class Expunged(Base):
    """Sessions that are gone, and whose events, state and memories are still being removed."""

    __tablename__ = "expunged"
    __table_args__ = ({"comment": __doc__},)

    activity_session_pkid: Mapped[str] = mapped_column(
        exact_string(PKID_LEN), primary_key=True, comment="the session that is gone"
    )
    create_ts: Mapped[datetime] = mapped_column(utc_datetime(), comment="when it was expunged, UTC")
