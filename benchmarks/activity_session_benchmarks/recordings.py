"""What calls send to their database: recorded on our server, in this process, and made repeatable.

Each call is recorded twice. A value that differs cannot be sent again as it is: a number that differs by as much as one
that the call has read before is read again at each repetition, and an id is replaced. Times, and events in bytes, are
sent again as they were.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from unittest.mock import patch

from google.protobuf.json_format import ParseDict
from sqlalchemy import event

from activity_session_server.rules.names import new_id, uuid7_hex
from activity_session_server.store.driver.connections import Connection
from activity_session_testing.rpcs import RPCS
from activity_session_testing.servers import connected, serving

# Longer than any recording: the server's own queries do not belong to a call.
QUIET_SECONDS = 300
ID = re.compile(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?$")


class Repetition:
    """What one repetition of a call has read and made so far."""

    def __init__(self, cursor: Any) -> None:
        """Send statements with a cursor of the driver."""
        self.cursor = cursor
        # The rows that each statement has found, in the order of the statements.
        self.found: list[Sequence[Sequence[Any]]] = []
        # The new ids, by those that were recorded.
        self.ids: dict[str, str] = {}


class Changing(Protocol):
    """A parameter that differs at each repetition."""

    def value(self, repetition: Repetition) -> Any:
        """Return its value in this repetition."""


class ReadAnew(NamedTuple):
    """A number that is larger, by `more`, than one in the first row that an earlier statement has found."""

    statement: int
    column: int
    more: int

    def value(self, repetition: Repetition) -> Any:
        return repetition.found[self.statement][0][self.column] + self.more


class MadeAnew(NamedTuple):
    """A text with an id inside. Parameters that had the same id in the recording get the same new one."""

    start: str
    id: str
    end: str

    def value(self, repetition: Repetition) -> Any:
        if self.id not in repetition.ids:
            repetition.ids[self.id] = new_id() if "-" in self.id else uuid7_hex()
        return self.start + repetition.ids[self.id] + self.end


class Statement(NamedTuple):
    """A statement, and the method of the driver's cursor that has sent it.

    `rows` are its parameters: none, those of one row, or of several. `found` are the rows that it has read, and
    `row_count` is the number of rows read or changed, as the driver reports it.
    """

    method: str
    sql: str
    rows: list[Sequence[Any]]
    found: list[Sequence[Any]]
    row_count: int

    def repeat(self, repetition: Repetition) -> None:
        """Send the statement again, and read all that it finds.

        Raises:
            RuntimeError: if it does not read or change as many rows as when it was recorded.
        """
        rows = [
            [value.value(repetition) if isinstance(value, ReadAnew | MadeAnew) else value for value in row]
            for row in self.rows
        ]
        cursor = repetition.cursor
        getattr(cursor, self.method)(self.sql, *([rows] if self.method == "executemany" else rows))
        repetition.found.append(cursor.fetchall() if cursor.description else [])
        if cursor.rowcount != self.row_count:
            raise RuntimeError(f"{cursor.rowcount} rows instead of {self.row_count}: {self.sql}")


Recording = Sequence[Statement]
# Makes a call, such as SessionService/GetSession with a request in ProtoJSON.
Recorder = Callable[[str, dict[str, Any]], Recording]


@contextmanager
def recording(database_url: str) -> Iterator[Recorder]:
    """Yield a function that calls our server on a database and returns the statements that the call has sent."""
    tape: list[Statement] = []

    def record(method: str, request: dict[str, Any]) -> Recording:
        rpc = RPCS[method.rpartition("/")[2]]
        tape.clear()
        rpc.on(client.channel)(ParseDict(request, rpc.request_class()))
        return tuple(tape)

    make_cursor = Connection.cursor

    def cursor(connection: Connection) -> Any:
        """Record what is sent to this server's database, not what another server of the process sends to its own."""
        made = make_cursor(connection)
        return RecordingCursor(made, tape) if connection.engine is server.store.engine else made

    with (
        serving(database_url, health_interval=QUIET_SECONDS) as server,
        connected(server.address) as client,
        patch.object(Connection, "cursor", cursor),
    ):
        event.listen(server.store.engine, "before_cursor_execute", refuse)
        yield record


def refuse(_connection: Any, _cursor: Any, sql: str, *_: Any) -> None:
    raise RuntimeError(f"a statement that is built for one call cannot be replayed: {sql}")


class RecordingCursor:
    """A driver's cursor that records what it sends and finds."""

    def __init__(self, cursor: Any, tape: list[Statement]) -> None:
        self._cursor, self._tape = cursor, tape

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    def execute(self, sql: str, *parameters: Sequence[Any]) -> None:
        self._cursor.execute(sql, *parameters)
        self._tape.append(Statement("execute", sql, [*parameters], [], self._cursor.rowcount))

    def executemany(self, sql: str, rows: list[Sequence[Any]]) -> None:
        self._cursor.executemany(sql, rows)
        self._tape.append(Statement("executemany", sql, rows, [], self._cursor.rowcount))

    def fetchall(self) -> Sequence[Any]:
        found = self._tape[-1].found
        found += self._cursor.fetchall()
        return found


def repeatable(first: Recording, second: Recording) -> Recording:
    """Return a recording that can be repeated any number of times, made from two recordings of the same call.

    Raises:
        ValueError: if they differ in a value that cannot be repeated.
    """
    return [
        statement._replace(rows=changing_rows(first, second, number), found=[])
        for number, statement in enumerate(first)
    ]


def changing_rows(first: Recording, second: Recording, number: int) -> list[Sequence[Any]]:
    """Return the parameters of one of the statements, with those that change."""
    one, other = first[number], second[number]
    if one.sql != other.sql:
        raise ValueError(f"not the same call: {one.sql} and {other.sql}")
    return [
        [
            a if bare(a) == bare(b) else changing(a, b, one.sql, first[:number], second)
            for a, b in zip(*rows, strict=True)
        ]
        for rows in zip(one.rows, other.rows, strict=True)
    ]


def bare(parameter: Any) -> Any:
    """Return a parameter without psycopg's wrapper of JSON, two of which are never equal."""
    return getattr(parameter, "obj", parameter)


def changing(one: Any, other: Any, sql: str, before: Recording, other_before: Recording) -> Any:
    """Return what to send for a value that differs between two recordings of a statement."""
    if isinstance(one, int):
        if moved := moving(one, other, before, other_before):
            return moved
        # The size of events, which have their numbers: those of the second recording may be a byte longer.
        if "log_bytes" in sql:
            return one
        raise ValueError(f"nothing that was read has moved from {one} to {other}")
    if isinstance(one, str) and (found := ID.search(one)):
        return MadeAnew(one[: found.start()], found[0], one[found.end() :])
    if isinstance(one, datetime | bytes) or TIME.match(one):
        return one
    raise ValueError(f"not known to repeat: {one!r}, then {other!r}")


def moving(one: int, other: int, before: Recording, other_before: Recording) -> ReadAnew | None:
    """Return the number that was read before and differs by as much as this one, if there is one."""
    for number, statements in enumerate(zip(before, other_before, strict=False)):
        first_rows = (statement.found[0] for statement in statements if statement.found)
        for column, (read, other_read) in enumerate(zip(*first_rows, strict=True)):
            if isinstance(read, int) and read != other_read and one - read == other - other_read:
                return ReadAnew(number, column, one - read)
    return None
