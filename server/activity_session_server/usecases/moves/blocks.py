"""The blocks of an import: each is taken into the database, compared with what is there, or passed over."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import orjson

from activity_session_server.orm.types import AnyRow
from activity_session_server.store import Reader
from activity_session_server.store.queries.moves import kinds, lines
from activity_session_server.store.queries.moves.kinds import Kind
from activity_session_server.store.queries.moves.lines import Line, LineError
from activity_session_server.usecases.moves import exports

Row = dict[str, Any]


class Block(Protocol):
    """What becomes of the lines after a header. `name` and `uid` are those of the header."""

    name: str
    uid: str

    def take(self, kind: Kind, line: Line) -> None:
        """Take the next line.

        Raises:
            LineError: it cannot be.
        """

    def end(self) -> None:
        """End the block, which is whole.

        Raises:
            LineError: it lacks something.
        """


class Batch:
    """Rows that are written together, by the words of their kinds, in place of namespaces that nobody has used."""

    def __init__(self) -> None:
        self.rows: dict[str, list[Row]] = defaultdict(list)
        self.replaced: list[str] = []
        self.count = self.bytes = 0

    def add(self, kind: Kind, row: Row) -> None:
        """Add a row."""
        self.rows[kind.word].append(row)
        self.count += 1


class NewBlock:
    """Comes into the database: its header, and what cannot be there without it, when all else of it has come."""

    def __init__(
        self, batch: Callable[[], Batch], kind: Kind, line: Line, row: Row, people: Callable[[str], str]
    ) -> None:
        self.name, self.uid = str(line["name"]), str(row["pkid"])
        self._batch = batch
        self._last: list[tuple[Kind, Row]] = [(kind, row)]
        self._header = row
        self._people = people

    def take(self, kind: Kind, line: Line) -> None:
        """Add the row of a line to the batch, or keep it for the end."""
        row = lines.row_of(kind, line, self.name, self.uid, self._people)
        if kind is kinds.MEMBER:
            row |= {"session_name": self._header["name"], "session_create_ts": self._header["create_ts"]}
            self._last.append((kind, row))
            return
        if kind is kinds.MEMORY:
            row["namespace_pkid"] = self._header["namespace_pkid"]
        self._batch().add(kind, row)

    def end(self) -> None:
        """Add what was kept for the end."""
        for kind, row in self._last:
            self._batch().add(kind, row)


class ThereBlock:
    """Is there already: each line of it must be what the database has."""

    def __init__(self, reader: Reader, kind: Kind, line: Line, row: AnyRow, parent: str) -> None:
        self.name, self.uid = str(line["name"]), str(row.pkid)
        # Its name may be another one, under another parent; the first comparison tells.
        self._theirs: Iterator[tuple[str, Line]] = exports.block(reader, kind, row, parent)
        self.take(kind, line)

    def take(self, kind: Kind, line: Line) -> None:
        """Compare a line with the next one of the database."""
        word, theirs = self._next()
        if word != kind.word:
            raise LineError(f"{self.name} is in the database, but without this {kind.word}")
        if other := [field for field in sorted({*line, *theirs}) if line.get(field) != theirs.get(field)]:
            raise LineError(f"{self.name} is in the database, and differs from this {kind.word} in {', '.join(other)}")

    def end(self) -> None:
        """See that the database has no more."""
        word, theirs = self._next()
        if word:
            raise LineError(f"{self.name} is in the database, and has a {word} more than here: {_shown(theirs)}")

    def _next(self) -> tuple[str, Line]:
        word, line = next(self._theirs, ("", {}))
        return word, orjson.loads(exports.raw_of(word, line))[word]


class PassedBlock:
    """Is there already, and need not be the same: something else needs it."""

    def __init__(self, line: Line, row: AnyRow) -> None:
        self.name, self.uid = str(line["name"]), str(row.pkid)

    def take(self, kind: Kind, line: Line) -> None:
        """Pass over a line."""

    def end(self) -> None:
        """Do nothing."""


def _shown(line: Line) -> str:
    """What names a line for people."""
    return ", ".join(f"{word} {line[word]}" for word in ("name", "key", "sequence", "participant") if word in line)
