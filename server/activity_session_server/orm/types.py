"""Column types that mean the same on all backends.

Every variant of MariaDB and MySQL is declared for both: to SQLAlchemy these are two dialects.
"""

from datetime import datetime
from typing import Any

from pydantic import BaseModel
from sqlalchemy import JSON, DateTime, Dialect, LargeBinary, Row, String, Text, TypeDecorator
from sqlalchemy.dialects import mysql
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
POSTGRESQL = "postgresql"
# Both compare bytes, which is the order of code points; a default collation may ignore case and accents, or order by
# language.
CHARSET = {"charset": "utf8mb4", "collation": "utf8mb4_bin"}
BYTES = "C"


def exact_string(length: int) -> TypeEngine[str]:
    """A short text that is compared code point by code point; `length` counts characters."""
    variant = String(length).with_variant(mysql.VARCHAR(length, **CHARSET), *MYSQL)
    return variant.with_variant(String(length, collation=BYTES), POSTGRESQL)


def exact_text() -> TypeEngine[str]:
    """A text of any length; TEXT ends at 64 KiB on MySQL, LONGTEXT at 4 GiB."""
    return Text().with_variant(mysql.LONGTEXT(**CHARSET), *MYSQL).with_variant(Text(collation=BYTES), POSTGRESQL)


def long_binary() -> TypeEngine[bytes]:
    """Bytes of any length."""
    return LargeBinary().with_variant(mysql.LONGBLOB(), *MYSQL)


def utc_datetime() -> TypeEngine[datetime]:
    """A time in UTC with microseconds, without a zone; DATETIME alone drops them on MySQL."""
    return DateTime().with_variant(mysql.DATETIME(fsp=6), *MYSQL)


class utc_now(FunctionElement[datetime]):  # noqa: N801 - reads as the SQL function it is
    """The database's clock in UTC when a statement began; also as a default. `store.backends` spells it."""

    type = DateTime()
    inherit_cache = True


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
