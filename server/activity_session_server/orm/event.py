"""The table of events."""

from datetime import datetime

from sqlalchemy import JSON, BigInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from activity_session_server.orm.base import Base
from activity_session_server.orm.types import (
    PARTICIPANT_NAME_LEN,
    PKID_LEN,
    RESOURCE_NAME_LEN,
    exact_string,
    long_binary,
    utc_datetime,
)
from activity_session_server.rules.limits import EVENT_TYPE_CHARACTERS


class Event(Base):
    """Logs of sessions: what was said and done, in order.

    An event is in `message` as it is sent; the other columns have what queries look for. The key of the session is no
    foreign key: an expunged session is removed at once, its events in batches after it.
    """

    __tablename__ = "event"
    __table_args__ = (
        UniqueConstraint("activity_session_pkid", "event_id", name="uc__event__activity_session_pkid__event_id"),
        {"comment": "Logs of sessions: what was said and done, in order."},
    )

    activity_session_pkid: Mapped[str] = mapped_column(
        exact_string(PKID_LEN), primary_key=True, comment="the session it belongs to"
    )
    sequence: Mapped[int] = mapped_column(
        BigInteger, primary_key=True, autoincrement=False, comment="its number in the session: 1, 2, 3 without gaps"
    )
    event_id: Mapped[str] = mapped_column(
        exact_string(RESOURCE_NAME_LEN), comment="resource name: its last segment, the id"
    )
    author: Mapped[str] = mapped_column(
        exact_string(PARTICIPANT_NAME_LEN), default="", server_default="", comment="a participant's name, or empty"
    )
    event_type: Mapped[str] = mapped_column(
        exact_string(EVENT_TYPE_CHARACTERS), default="", server_default="", comment="what kind of event it is"
    )
    message: Mapped[bytes] = mapped_column(long_binary(), comment="the event in Protocol Buffers, without its name")
    labels: Mapped[dict[str, str]] = mapped_column(
        JSON, default=dict, server_default=text("('{}')"), comment="labels of the caller's own"
    )
    event_ts: Mapped[datetime | None] = mapped_column(utc_datetime(), comment="when it happened, UTC")
    create_ts: Mapped[datetime] = mapped_column(utc_datetime(), comment="when it was appended, UTC")
