"""LangGraph's checkpointers as sources."""

import sqlite3
from collections.abc import Callable
from contextlib import ExitStack, closing
from typing import Any, NamedTuple

from langgraph.checkpoint.base import BaseCheckpointSaver, CheckpointTuple

from activity_session.langgraph._log import Key
from activity_session.migrate._copying import Refused, SourceError
from activity_session.migrate._files import read_only

ERRORS: tuple[type[Exception], ...] = (sqlite3.Error,)
"""What reading can raise."""
try:
    import psycopg

    ERRORS = (sqlite3.Error, psycopg.Error)
except ImportError:
    pass  # which only the checkpointer for PostgreSQL needs


class Write(NamedTuple):
    """One value that a task has written after a checkpoint."""

    path: str
    task: str
    number: int
    channel: str
    value: Any


class Saver:
    """A checkpointer, with the statements that its tables are listed by."""

    def __init__(self, saver: BaseCheckpointSaver[Any], cursor: Callable[[], Any], writes: str, mark: str) -> None:
        """Use a checkpointer.

        Args:
            saver: which returns the checkpoints.
            cursor: opens one whose rows are tuples.
            writes: what the columns and the table of its writes are called.
            mark: what stands for an argument.
        """
        self._saver, self._cursor, self._writes, self._mark = saver, cursor, writes, mark
        self.serde = saver.serde
        self.opened = ExitStack()

    def rows(self, statement: str, *arguments: Any) -> list[tuple[Any, ...]]:
        """Return all rows of a statement that has `?` for each argument."""
        with closing(self._cursor()) as cursor:
            cursor.execute(statement.replace("?", self._mark), arguments)
            return [tuple(row) for row in cursor.fetchall()]

    def get(self, thread: str, key: Key) -> tuple[CheckpointTuple, list[Write]]:
        """Return a checkpoint as the checkpointer does, and its writes, those of a task together and in their order."""
        ns, id_ = key
        try:
            found = self._saver.get_tuple(
                {"configurable": {"thread_id": thread, "checkpoint_ns": ns, "checkpoint_id": id_}}
            )
            writes = self._writes_of(thread, key)
        except ERRORS:
            raise
        except Exception as error:  # whatever a class of the user's raises when it is loaded
            raise Refused(f"the checkpoint {id_!r} cannot be read: {error}") from error
        if found is None:
            raise Refused(f"the checkpoint {id_!r} is gone: something writes to the source")
        return found, writes

    def _writes_of(self, thread: str, key: Key) -> list[Write]:
        rows = self.rows(
            f"SELECT {self._writes} WHERE thread_id = ? AND checkpoint_ns = ? AND checkpoint_id = ?",
            thread,
            *key,
        )
        found = [
            Write(path, task, n, channel, self.serde.loads_typed((kind, data)))
            for path, task, n, channel, kind, data in rows
        ]
        return sorted(found, key=lambda write: write[:3])

    def close(self) -> None:
        """Close the database."""
        self.opened.close()


def saver_of(source: str) -> Saver:
    """Open the checkpointer of a URL of PostgreSQL or SQLite, or of the path of an SQLite file.

    Raises:
        SourceError: it cannot be opened.
    """
    kind, is_url, place = source.partition("://")
    try:
        if kind.partition("+")[0] in ("postgresql", "postgres") and is_url:
            return _postgres(f"postgresql://{place}")
        return _sqlite(place.removeprefix("/") if is_url else source)
    except ModuleNotFoundError as error:
        needed = "postgres" if kind.startswith("postgres") else "sqlite"
        raise SourceError(f"{error}: install langgraph-checkpoint-{needed}") from error


def _sqlite(path: str) -> Saver:
    from langgraph.checkpoint.sqlite import SqliteSaver

    connection = read_only(path)
    columns = {row[1] for row in connection.execute("PRAGMA table_info(writes)")}
    saver = SqliteSaver(connection)
    saver.is_setup = True  # which it would write for
    saver._has_task_path = "task_path" in columns  # noqa: SLF001
    path_column = "task_path" if "task_path" in columns else "''"
    found = Saver(saver, connection.cursor, f"{path_column}, task_id, idx, channel, type, value FROM writes", "?")
    found.opened.enter_context(closing(connection))
    return found


def _postgres(url: str) -> Saver:
    from langgraph.checkpoint.postgres import PostgresSaver
    from psycopg.rows import tuple_row

    with ExitStack() as opened:
        saver: Any = opened.enter_context(PostgresSaver.from_conn_string(url))
        columns = "task_path, task_id, idx, channel, type, blob FROM checkpoint_writes"
        found = Saver(saver, lambda: saver.conn.cursor(row_factory=tuple_row), columns, "%s")
        found.opened = opened.pop_all()
        return found
    raise AssertionError
