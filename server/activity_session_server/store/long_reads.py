"""A reader for somebody who reads for as long as it takes, all of one moment if that is wanted."""

import contextlib
import math
from collections.abc import Iterator, Sequence
from datetime import timedelta

from sqlalchemy import Engine, Executable
from sqlalchemy.exc import SQLAlchemyError

from activity_session_server.orm.types import AnyRow
from activity_session_server.store.backends import backend_of
from activity_session_server.store.backends.files import FileError
from activity_session_server.store.driver.connections import Connection
from activity_session_server.store.driver.statements import Compiler, Statement, Values
from activity_session_server.store.known import Known
from activity_session_server.store.readers import NO_VALUES, Reader
from activity_session_server.store.revisions import SchemaError, safe_url


class LongReader(Reader):
    """A reader on a connection of its own; the timeout is for each statement anew."""

    def rows(self, statement: Statement | Executable, values: Values = NO_VALUES) -> Sequence[AnyRow]:
        """All rows of a query."""
        self._connection.end_by(math.inf)
        return super().rows(statement, values)

    def row(self, statement: Statement | Executable, values: Values = NO_VALUES) -> AnyRow | None:
        """The first row of a query, or None."""
        self._connection.end_by(math.inf)
        return super().row(statement, values)


@contextlib.contextmanager
def long_reader(engine: Engine, timeout: float, *, of_one_moment: bool) -> Iterator[LongReader]:
    """A reader for the block; `timeout` is how many seconds a statement may take.

    Writers go on meanwhile. Where all is to be `of_one_moment`, the database keeps what they replace until the block
    ends.

    Raises:
        SchemaError: the database cannot be used, or not any more.
    """
    backend = backend_of(engine)
    connection = Connection(engine, Compiler(engine.dialect), timeout, backend.file)
    try:
        connection.open()
        connection.end_by(math.inf)
        for statement in backend.snapshot if of_one_moment else ():
            connection.run(statement)
        yield LongReader(connection, backend, timedelta(), Known(0))
    except (SQLAlchemyError, backend.driver.Error, FileError) as error:
        raise SchemaError(f"the database {safe_url(engine)} cannot be read: {backend.cause(error)}") from error
    finally:
        connection.close()
