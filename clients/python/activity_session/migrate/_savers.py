"""LangGraph's checkpointers as sources."""

import sqlite3
from collections.abc import Callable
from contextlib import ExitStack, closing
from importlib import import_module
from typing import Any, NamedTuple

from langgraph.checkpoint.base import BaseCheckpointSaver, CheckpointTuple
from langgraph.checkpoint.serde.event_hooks import SerdeEvent, register_serde_event_listener

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

    def __init__(
        self, saver: BaseCheckpointSaver[Any], cursor: Callable[[], Any], writes: str, mark: str, opened: ExitStack
    ) -> None:
        """Use a checkpointer.

        Args:
            saver: which returns the checkpoints.
            cursor: opens one whose rows are tuples.
            writes: what the columns and the table of its writes are called.
            mark: what stands for an argument.
            opened: what is to be closed.
        """
        self._saver, self._cursor, self._writes, self._mark, self._opened = saver, cursor, writes, mark, opened
        self.serde = saver.serde
        self._unknown: set[str] = set()
        opened.callback(register_serde_event_listener(self._loads))

    def rows(self, statement: str, *arguments: Any) -> list[tuple[Any, ...]]:
        """Return all rows of a statement that has `?` for each argument."""
        with closing(self._cursor()) as cursor:
            cursor.execute(statement.replace("?", self._mark), arguments)
            return [tuple(row) for row in cursor.fetchall()]

    def get(self, thread: str, key: Key) -> tuple[CheckpointTuple, list[Write]]:
        """Return a checkpoint as the checkpointer does, and its writes, those of a task together and in their order."""
        ns, id_ = key
        self._unknown.clear()
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
        if self._unknown:
            raise Refused(
                f"the checkpoint {id_!r} has what cannot be imported here: {', '.join(sorted(self._unknown))}"
            )
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
        self._opened.close()

    def _loads(self, event: SerdeEvent) -> None:
        """Note a class of the user's that LangGraph would read as something else."""
        if event["kind"] != "msgpack_unregistered_allowed" or not _is_there(event["module"], event["name"]):
            self._unknown.add(f"{event['module']}.{event['name']}")


def _is_there(module: str, name: str) -> bool:
    try:
        return hasattr(import_module(module), name)
    except Exception:  # of the module itself
        return False


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
    writes = f"{path_column}, task_id, idx, channel, type, value FROM writes"
    opened = ExitStack()
    opened.callback(connection.close)
    return Saver(saver, connection.cursor, writes, "?", opened)


def _postgres(url: str) -> Saver:
    from langgraph.checkpoint.postgres import PostgresSaver
    from psycopg.rows import tuple_row

    opened = ExitStack()
    saver: Any = opened.enter_context(PostgresSaver.from_conn_string(url))
    writes = "task_path, task_id, idx, channel, type, blob FROM checkpoint_writes"
    return Saver(saver, lambda: saver.conn.cursor(row_factory=tuple_row), writes, "%s", opened)
