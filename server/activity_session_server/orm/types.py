"""Column types that mean the same on SQLite, MariaDB and MySQL.

Every variant is declared for both `mysql` and `mariadb`: to SQLAlchemy these are two dialects.
"""

from datetime import datetime
from typing import Any

from pydantic import BaseModel
from sqlalchemy import JSON, DateTime, Dialect, LargeBinary, Row, String, Text, TypeDecorator
from sqlalchemy.dialects import mysql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from activity_session_server.rules.limits import ID_CHARACTERS, UID_CHARACTERS

# A row of any query.
AnyRow = Row[*tuple[Any, ...]]

PKID_LEN = UID_CHARACTERS
RESOURCE_NAME_LEN = ID_CHARACTERS
# The largest name of a participant.
PARTICIPANT_NAME_LEN = len("namespaces//participants/") + 2 * RESOURCE_NAME_LEN
MYSQL = ("mysql", "mariadb")
# Compares bytes, which is the order of code points; the server's default collation ignores case and accents.
CHARSET = {"charset": "utf8mb4", "collation": "utf8mb4_bin"}


def exact_string(length: int) -> TypeEngine[str]:
    """A short text that is compared code point by code point; `length` counts characters."""
    return String(length).with_variant(mysql.VARCHAR(length, **CHARSET), *MYSQL)


def exact_text() -> TypeEngine[str]:
    """A text of any length; TEXT ends at 64 KiB on MySQL, LONGTEXT at 4 GiB."""
    return Text().with_variant(mysql.LONGTEXT(**CHARSET), *MYSQL)


def long_binary() -> TypeEngine[bytes]:
    """Bytes of any length."""
    return LargeBinary().with_variant(mysql.LONGBLOB(), *MYSQL)


def utc_datetime() -> TypeEngine[datetime]:
    """A time in UTC with microseconds, without a zone; DATETIME alone drops them on MySQL."""
    return DateTime().with_variant(mysql.DATETIME(fsp=6), *MYSQL)


class utc_now(FunctionElement[datetime]):  # noqa: N801 - reads as the SQL function it is
    """The database's clock in UTC, as a default; connections have their time zone set to UTC."""

    type = DateTime()
    inherit_cache = True


@compiles(utc_now)
def _utc_now_on_sqlite(*_: Any, **__: Any) -> str:
    # To the millisecond, which is all SQLite has, in the six digits that SQLAlchemy reads.
    return "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))"


@compiles(utc_now, *MYSQL)
def _utc_now_on_mysql(*_: Any, **__: Any) -> str:
    return "CURRENT_TIMESTAMP(6)"


class PydanticType(TypeDecorator[BaseModel]):
    """A Pydantic model in a JSON column: only the fields that were set are written, unknown keys are kept."""

    impl = JSON
    cache_ok = True

    def __init__(self, model: type[BaseModel]) -> None:
        super().__init__()
        self.model = model
        # Rows that have set nothing, as most, share one model: models are frozen.
        self._unset = model()

    def process_bind_param(self, value: BaseModel | None, dialect: Dialect) -> Any:
        """The JSON value of a model."""
        del dialect
        if value is None:
            return None
        return value.model_dump(mode="json", exclude_unset=True) if value.model_fields_set else {}

    def process_result_value(self, value: Any, dialect: Dialect) -> BaseModel | None:
        """The model of a JSON value."""
        del dialect
        if value == {}:
            return self._unset
        return None if value is None else self.model.model_validate(value)
