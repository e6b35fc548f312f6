"""What all tables share: the declarative base, keys, and the columns of a resource."""

from datetime import datetime
from typing import cast

from sqlalchemy import BigInteger, MetaData, Table, false, true
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

from activity_session_server.orm.types import (
    PKID_LEN,
    RESOURCE_NAME_LEN,
    exact_string,
    exact_text,
    utc_datetime,
    utc_now,
)
from activity_session_server.rules.names import uuid7_hex


class Base(DeclarativeBase):
    """The declarative base. Constraints without a name get the same name on every backend."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk__%(table_name)s",
            "fk": "fk__%(table_name)s__%(column_0_name)s",
        }
    )


def prefixed_uuid(prefix: str) -> str:
    """A new primary key, such as `activity_session-0198...`; rows of about the same time are close in the index."""
    return f"{prefix}-{uuid7_hex()}"


class Resource(Base):
    """The columns of a resource that can be described, disabled, managed and softly deleted."""

    __abstract__ = True

    @declared_attr
    @classmethod
    def pkid(cls) -> Mapped[str]:
        """The primary key; its default needs the table's name."""
        return mapped_column(
            exact_string(PKID_LEN),
            primary_key=True,
            default=lambda: prefixed_uuid(cls.__tablename__),
            sort_order=-2,
            comment="unique id",
        )

    name: Mapped[str] = mapped_column(
        exact_string(RESOURCE_NAME_LEN),
        comment="resource name: its last segment, the id",
        sort_order=-1,
    )
    description: Mapped[str | None] = mapped_column(exact_text(), comment="what it is for")
    enabled: Mapped[bool] = mapped_column(default=True, server_default=true(), comment="whether writes are allowed")
    managed: Mapped[bool] = mapped_column(
        default=False, server_default=false(), comment="whether it belongs to the system"
    )
    deleted: Mapped[bool] = mapped_column(default=False, server_default=false(), comment="whether it is softly deleted")
    revision: Mapped[int] = mapped_column(
        BigInteger, default=1, server_default="1", comment="counts the changes; the etag follows it"
    )
    create_ts: Mapped[datetime] = mapped_column(
        utc_datetime(), server_default=utc_now(), comment="when it was created, UTC"
    )
    update_ts: Mapped[datetime] = mapped_column(
        utc_datetime(), server_default=utc_now(), comment="when it was last changed, UTC"
    )
    delete_ts: Mapped[datetime | None] = mapped_column(utc_datetime(), comment="when it was softly deleted, UTC")


def table_of(resource: type[DeclarativeBase]) -> Table:
    """The Core table of a mapped class."""
    return cast("Table", resource.__table__)
