"""The table of sessions, the heart of the schema."""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, UniqueConstraint, false, text
from sqlalchemy.orm import DynamicMapped, Mapped, mapped_column, relationship

from activity_session_server.orm.base import Resource
from activity_session_server.orm.types import (
    PARTICIPANT_NAME_LEN,
    PKID_LEN,
    RESOURCE_NAME_LEN,
    PydanticType,
    exact_string,
    exact_text,
    utc_datetime,
)
from activity_session_server.rules.limits import SUBJECT_CHARACTERS
from activity_session_server.rules.session_settings import SessionResourceSettings

if TYPE_CHECKING:
    from activity_session_server.orm.memory import Memory
    from activity_session_server.orm.namespace import Namespace
    from activity_session_server.orm.participant import Participant


# With the digits that SQLite compares.
LONG_AGO = "1970-01-01 00:00:00.000000"


class ActivitySession(Resource):
    """Scoped interactions among participants."""

    __tablename__ = "activity_session"
    __table_args__ = (
        UniqueConstraint("namespace_pkid", "name", name="uc__activity_session__namespace_pkid__name"),
        Index("idx__activity_session__namespace_pkid__name", "namespace_pkid", "name"),
        Index(
            "idx__activity_session__namespace_pkid__create_ts",
            "namespace_pkid",
            "create_ts",
            "pkid",
        ),
        Index(
            "idx__activity_session__namespace_pkid__update_ts",
            "namespace_pkid",
            "update_ts",
            "pkid",
        ),
        Index(
            "idx__activity_session__namespace_pkid__last_event_ts",
            "namespace_pkid",
            "last_event_ts",
            "pkid",
        ),
        # A deleted session keeps its expiry until it is expunged: the sweep must not meet it again and again.
        Index("idx__activity_session__deleted__expire_ts", "deleted", "expire_ts"),
        # Servers of 0.2.0 name this one; it goes by a migration of the release after the next.
        Index("idx__activity_session__expire_ts", "expire_ts"),
        Index("idx__activity_session__purge_ts", "purge_ts"),
        # Of those without an `events_due_ts`, the oldest of a namespace.
        Index("idx__activity_session__events_due_ts", "events_due_ts", "namespace_pkid", "events_from_ts"),
        {"comment": __doc__},
    )

    namespace_pkid: Mapped[str] = mapped_column(exact_string(PKID_LEN), ForeignKey("namespace.pkid"), comment="owner")
    auto_created: Mapped[bool] = mapped_column(
        default=False, server_default=false(), comment="whether EnsureSession made it"
    )
    data: Mapped[str | None] = mapped_column(exact_text(), comment="session data")
    settings: Mapped[SessionResourceSettings] = mapped_column(
        PydanticType(SessionResourceSettings),
        default=SessionResourceSettings,
        server_default=text("('{}')"),
        comment="how agent runtimes treat the session; only what was set",
    )
    labels: Mapped[dict[str, str]] = mapped_column(
        JSON, default=dict, server_default=text("('{}')"), comment="labels of the caller's own"
    )
    last_sequence: Mapped[int] = mapped_column(
        BigInteger, default=0, server_default="0", comment="number of the newest event"
    )
    # What lists are ordered by, so that one without an event has a place too. Servers of older versions write neither
    # this nor the number: it holds while that is `last_sequence`.
    last_event_ts: Mapped[datetime] = mapped_column(
        utc_datetime(),
        server_default=text(f"'{LONG_AGO}'"),
        comment="when the newest event was appended, or else the session made, UTC",
    )
    last_event_sequence: Mapped[int] = mapped_column(
        BigInteger, default=0, server_default="0", comment="number of the event of that time"
    )
    first_sequence: Mapped[int] = mapped_column(
        BigInteger, default=1, server_default="1", comment="number of the oldest event that was not purged"
    )
    history_revision: Mapped[int] = mapped_column(
        BigInteger,
        default=0,
        server_default="0",
        comment="number up to which its log has marks, or is not its own alone; 0 for none",
    )
    inherited_sequence: Mapped[int] = mapped_column(
        BigInteger, default=0, server_default="0", comment="last number that a fork has of its origin; 0 for none"
    )
    origin_pkid: Mapped[str | None] = mapped_column(exact_string(PKID_LEN), comment="the session it is a fork of")
    origin_name: Mapped[str | None] = mapped_column(exact_string(RESOURCE_NAME_LEN), comment="the id of that session")
    log_bytes: Mapped[int] = mapped_column(
        BigInteger, default=0, server_default="0", comment="bytes of the events of the session"
    )
    # Servers of versions that note no numbers of state leave it out.
    state_first_sequence: Mapped[int | None] = mapped_column(
        BigInteger, default=0, comment="the first number at which its state can be read; none: only the newest"
    )
    # A bound and no more, so that an append need not write it; servers of older versions leave the default.
    events_from_ts: Mapped[datetime] = mapped_column(
        utc_datetime(), server_default=text(f"'{LONG_AGO}'"), comment="no event of the session is older, UTC"
    )
    events_due_ts: Mapped[datetime | None] = mapped_column(
        utc_datetime(), comment="when events may be due by the age of the session itself, UTC; none if it has none"
    )
    turn_holder: Mapped[str | None] = mapped_column(
        exact_string(PARTICIPANT_NAME_LEN), comment="name of the participant whose turn it is, or was"
    )
    turn_token: Mapped[int] = mapped_column(
        BigInteger, default=0, server_default="0", comment="token of the newest turn; it only grows"
    )
    turn_expire_ts: Mapped[datetime | None] = mapped_column(
        utc_datetime(), comment="when the turn ends, UTC; none for a turn that was handed back"
    )
    expire_ts: Mapped[datetime | None] = mapped_column(utc_datetime(), comment="when it expires, UTC")
    purge_ts: Mapped[datetime | None] = mapped_column(
        utc_datetime(), comment="when the deleted session is expunged, UTC"
    )
    created_by: Mapped[str | None] = mapped_column(
        exact_string(SUBJECT_CHARACTERS), comment="the subject of the caller who made it; none without credentials"
    )
    legal_hold: Mapped[bool] = mapped_column(
        default=False, server_default=false(), comment="whether nothing of it may be removed for good"
    )

    namespace: Mapped["Namespace"] = relationship(back_populates="activity_sessions")
    participants: Mapped[list["Participant"]] = relationship(
        secondary="activity_session_participant", back_populates="activity_sessions"
    )
    # A session may have very many.
    memories: DynamicMapped["Memory"] = relationship(
        primaryjoin="ActivitySession.pkid == foreign(Memory.activity_session_pkid)",
        back_populates="activity_session",
        lazy="dynamic",
    )
