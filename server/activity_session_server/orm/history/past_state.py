"""The table of former values of state."""

from datetime import datetime

from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from activity_session_server.orm.base import Base
from activity_session_server.orm.types import PKID_LEN, exact_string, exact_text, utc_datetime
from activity_session_server.rules.limits import STATE_KEY_CHARACTERS


class PastState(Base):
    """Values in the state of sessions that were replaced or deleted, with the numbers at which they held."""

    __tablename__ = "past_state"
    __table_args__ = (
        Index("idx__past_state__replace_ts", "replace_ts"),
        {"comment": __doc__},
    )

    owner_pkid: Mapped[str] = mapped_column(
        exact_string(PKID_LEN), primary_key=True, comment="the session it belongs to"
    )
    key: Mapped[str] = mapped_column(exact_string(STATE_KEY_CHARACTERS), primary_key=True, comment="the key")
    sequence: Mapped[int] = mapped_column(
        BigInteger, primary_key=True, autoincrement=False, comment="number of the newest event when it was written"
    )
    until_sequence: Mapped[int] = mapped_column(BigInteger, comment="the same when it was replaced, which is larger")
    revision: Mapped[int] = mapped_column(BigInteger, comment="that of the key with this value")
    value_json: Mapped[str] = mapped_column(exact_text(), comment="JSON text")
    replace_ts: Mapped[datetime] = mapped_column(utc_datetime(), comment="when it was replaced, UTC")
