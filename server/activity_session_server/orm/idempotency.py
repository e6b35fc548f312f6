"""The table of requests that were carried out."""

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from activity_session_server.orm.base import Base
from activity_session_server.orm.types import (
    PKID_LEN,
    RESOURCE_NAME_LEN,
    exact_string,
    long_binary,
    utc_datetime,
    utc_now,
)
from activity_session_server.rules.limits import REQUEST_ID_CHARACTERS

FINGERPRINT_LEN = 64


class Idempotency(Base):
    """Requests that were carried out, each written in the transaction of its effect (AIP-155)."""

    __tablename__ = "idempotency"
    __table_args__ = (
        Index("idx__idempotency__expire_ts", "expire_ts"),
        {"comment": __doc__},
    )

    scope: Mapped[str] = mapped_column(
        exact_string(RESOURCE_NAME_LEN),
        primary_key=True,
        comment="the resource it is about; nothing for the server's own ids",
    )
    request_id: Mapped[str] = mapped_column(
        exact_string(REQUEST_ID_CHARACTERS),
        primary_key=True,
        comment="the caller's id, or the server's own",
    )
    activity_session_pkid: Mapped[str | None] = mapped_column(
        exact_string(PKID_LEN), comment="the session that it was about, where it was about one"
    )
    fingerprint: Mapped[str] = mapped_column(
        exact_string(FINGERPRINT_LEN),
        comment="SHA-256 of the method and the request, in hex; for the server's own ids, the number of the run",
    )
    answer: Mapped[bytes | None] = mapped_column(
        long_binary(), comment="a google.protobuf.Any of the answer; none for the server's own ids"
    )
    create_ts: Mapped[datetime] = mapped_column(
        utc_datetime(), server_default=utc_now(), comment="when it was carried out, UTC"
    )
    expire_ts: Mapped[datetime] = mapped_column(utc_datetime(), comment="when it may be forgotten, UTC")
