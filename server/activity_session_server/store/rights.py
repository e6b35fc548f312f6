"""The rights of a database's user, found out by statements that touch no row."""

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Connection, Table, delete, false, insert, literal, select, update
from sqlalchemy.exc import DBAPIError

from activity_session_server.orm import Base
from activity_session_server.store.backends import backend_of
from activity_session_server.store.revisions import SchemaError

_USES: dict[str, Callable[[Table], Any]] = {
    "SELECT": lambda table: select(literal(1)).select_from(table).where(false()),
    "INSERT": lambda table: insert(table).from_select(list(table.c), select(*table.c).where(false())),
    "UPDATE": lambda table: update(table).where(false()).values({column: column for column in table.primary_key}),
    "DELETE": lambda table: delete(table).where(false()),
}


def check(connection: Connection) -> None:
    """Refuse a user that lacks a right which serving needs; SQLite has no users.

    Raises:
        SchemaError: with the GRANT that is missing.
    """
    backend = backend_of(connection.engine)
    if not backend.is_remote:
        return
    missing = [right for right, use in _USES.items() if any(_denied(connection, use))]
    if missing:
        grant = backend.grant(connection, missing)
        raise SchemaError(f"the user lacks rights that serve needs; run as an administrator:\n  {grant}")


def _denied(connection: Connection, use: Callable[[Table], Any]) -> Iterator[bool]:
    """Whether each table cannot be used in one way."""
    for table in Base.metadata.sorted_tables:
        try:
            connection.execute(use(table))
        except DBAPIError as error:
            if not backend_of(connection.engine).is_denied(error):
                raise
            yield True
