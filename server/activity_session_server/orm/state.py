"""The table of shared state."""

from datetime import datetime

from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from activity_session_server.orm.base import Base
from activity_session_server.orm.types import PKID_LEN, exact_string, exact_text, utc_datetime
from activity_session_server.rules.limits import STATE_KEY_CHARACTERS


class State(Base):
    """Shared state of namespaces, participants and sessions, a row per key.

    A deleted key keeps its row for a while, so that its revision goes on counting when the key comes back; after that,
    `StateOwner` has the revision that new keys must exceed.
    """

    __tablename__ = "state"
    __table_args__ = (
        # Counts the keys of an owner without touching their values.
        Index("idx__state__owner_pkid__delete_ts", "owner_pkid", "delete_ts"),
        Index("idx__state__delete_ts", "delete_ts"),
        {"comment": "Shared state of namespaces, participants and sessions, a row per key."},
    )

    owner_pkid: Mapped[str] = mapped_column(
        exact_string(PKID_LEN), primary_key=True, comment="the namespace, participant or session it belongs to"
    )
    key: Mapped[str] = mapped_column(exact_string(STATE_KEY_CHARACTERS), primary_key=True, comment="the key")
    value_json: Mapped[str | None] = mapped_column(exact_text(), comment="JSON text; none for a deleted key")
    revision: Mapped[int] = mapped_column(
        BigInteger, default=1, server_default="1", comment="counts the changes of the key"
    )
    # Servers that keep no history, and those of versions that know of none, write neither of the two.
    sequence: Mapped[int] = mapped_column(
        BigInteger,
        default=0,
        server_default="0",
        comment="number of the session's newest event when it was last changed",
    )
    noted_revision: Mapped[int] = mapped_column(
        BigInteger,
        default=0,
        server_default="0",
        comment="the revision that the number belongs to; of another one none is known",
    )
    update_ts: Mapped[datetime] = mapped_column(utc_datetime(), comment="when it was last changed, UTC")
    delete_ts: Mapped[datetime | None] = mapped_column(utc_datetime(), comment="when it was deleted, UTC")
