"""An import: lines become rows, a batch of them in each transaction; a header comes when all that is its own is there.

So a session can be reached when all of it is there, and what was broken off leaves only rows that nobody can reach.
They are removed when the session comes again. What is there already is compared, and what differs ends the import.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

import orjson

from activity_session_server.orm.types import AnyRow
from activity_session_server.rules.calls import Call
from activity_session_server.rules.names import ids_of
from activity_session_server.store import Reader, Store
from activity_session_server.store.queries.moves import arrivals, kinds, lines, walks
from activity_session_server.store.queries.moves.arrivals import TakenError
from activity_session_server.store.queries.moves.kinds import Kind
from activity_session_server.store.queries.moves.lines import Line, LineError
from activity_session_server.usecases.moves import exports
from activity_session_server.usecases.moves.blocks import Batch, Block, NewBlock, PassedBlock, ThereBlock

# Of the lines of a transaction, which Galera sends to all nodes at once, and the most lines of one.
_BATCH_BYTES = 4 * 1024 * 1024
_BATCH_LINES = 2000
# Uids of participants that are remembered by their names.
_MOST_PEOPLE = 10_000


class Import:
    """Takes the lines of one export after the other, in their order. `reader` sees what was committed before."""

    def __init__(self, store: Store, reader: Reader, new_call: Callable[[], Call]) -> None:
        self.counts: Counter[str] = Counter()
        self._store, self._reader, self._new_call = store, reader, new_call
        self._batch = Batch()
        self._block: Block | None = None
        self._namespace = ("", "")
        self._people: dict[str, str] = {}
        # Whether what its session needs may be another than in the export; none before the first line of one.
        self._is_of_session: bool | None = None

    def take(self, raw: bytes) -> None:
        """Take a line.

        Raises:
            LineError: it cannot be.
            ServiceError: DATABASE_UNAVAILABLE, DATABASE_BUSY.
        """
        word, line = _parsed(raw)
        if word == exports.EXPORT:
            self._begin(line)
        elif self._is_of_session is None:
            raise LineError("no export begins so: its first line is missing")
        elif word == exports.END:
            self._end(line)
        else:
            self.counts[word] += 1
            self._take(kinds.BY_WORD[word], line)
            self._batch.bytes += len(raw)
            if self._batch.bytes > _BATCH_BYTES or self._batch.count > _BATCH_LINES:
                self._flush()

    def end(self) -> None:
        """End the import.

        Raises:
            LineError: the last line of an export is missing.
        """
        if self._is_of_session is not None:
            raise LineError("the input ends before its export does: continue that, and start the import again")

    def _begin(self, line: Line) -> None:
        """Begin an export, another one perhaps."""
        if self._is_of_session is not None:
            self.end()
        if line.get("version") != exports.VERSION:
            raise LineError(f"version: this server takes exports of version {exports.VERSION} only")
        self._is_of_session = len(ids_of(str(line.get("of", "")))) > 1
        self._begun = self.counts.copy()

    def _end(self, line: Line) -> None:
        """End an export, all of whose lines must have come."""
        self._end_block()
        self._flush()
        if +(self.counts - self._begun) != Counter(line):
            raise LineError(f"the export had other lines before this one: {orjson.dumps(line).decode()}")
        self._is_of_session = None

    def _take(self, kind: Kind, line: Line) -> None:
        if kind in kinds.HEADERS:
            self._end_block()
            self._block = self._new_block(kind, line)
        elif self._block is None:
            raise LineError(f"{kind.word}: it stands before what it belongs to")
        else:
            self._block.take(kind, line)

    def _end_block(self) -> None:
        if self._block is not None:
            self._block.end()
        self._block = None

    def _new_block(self, kind: Kind, line: Line) -> Block:
        parent, parent_uid = ("", "") if kind is kinds.NAMESPACE else self._namespace
        row = lines.row_of(kind, line, parent, parent_uid, self._uid_of)
        block = self._block_of(kind, line, row, parent)
        if kind is kinds.NAMESPACE:
            self._namespace = (block.name, block.uid)
        elif kind is kinds.PARTICIPANT:
            self._remember(block.name, block.uid)
        return block

    def _block_of(self, kind: Kind, line: Line, row: dict[str, Any], parent: str) -> Block:
        there = arrivals.same_rows(self._reader, kind, row)
        same = next((one for one in there if one.pkid == row["pkid"]), None)
        if same is not None:
            is_passed = self._is_of_session and kind is not kinds.SESSION
            return PassedBlock(line, same) if is_passed else ThereBlock(self._reader, kind, line, same, parent)
        for other in there:
            self._replace(kind, line, other)
        if walks.words_there(self._reader, kind, row["pkid"]):
            self._remove_leftovers(row["pkid"])
        return NewBlock(lambda: self._batch, kind, line, row, self._uid_of)

    def _replace(self, kind: Kind, line: Line, other: AnyRow) -> None:
        """Have a namespace that nobody has used make way for one of its name."""
        if kind is not kinds.NAMESPACE or not arrivals.is_untouched(self._reader, other):
            raise LineError(f"{line['name']} is in the database, and is another one: its uid is {other.pkid}")
        self._batch.replaced.append(other.pkid)

    def _remove_leftovers(self, uid: str) -> None:
        while self._store.write(self._new_call(), lambda writer: arrivals.remove_leftovers(writer, uid)):
            pass

    def _uid_of(self, name: str) -> str:
        """The uid of a participant, which has come before, or was there."""
        namespace, namespace_uid = self._namespace
        if name not in self._people:
            uid = arrivals.participant_uid(self._reader, namespace_uid, ids_of(name)[-1])
            if uid is None or not name.startswith(f"{namespace}/participants/"):
                raise LineError(f"{name} has not come before, and is not in the database")
            self._remember(name, uid)
        return self._people[name]

    def _remember(self, name: str, uid: str) -> None:
        if len(self._people) >= _MOST_PEOPLE:
            # Those that are forgotten are looked for in the database.
            self._flush()
            self._people.clear()
        self._people[name] = uid

    def _flush(self) -> None:
        batch, self._batch = self._batch, Batch()
        if not batch.count:
            return
        try:
            self._store.write(
                self._new_call(), lambda writer: arrivals.write(writer, batch.rows, batch.replaced), is_alone=True
            )
        except TakenError as error:
            raise LineError(f"up to here, a {error} came twice, or somebody else has written it meanwhile") from error


def _parsed(raw: bytes) -> tuple[str, Line]:
    """The word and the fields of a line."""
    try:
        ((word, line),) = orjson.loads(raw).items()
    except (AttributeError, ValueError) as error:
        raise LineError("it is not a JSON object with one key") from error
    if not isinstance(line, dict):
        raise LineError(f"{word}: it is no object")
    if word not in kinds.BY_WORD and word not in (exports.EXPORT, exports.END):
        raise LineError(f"{word}: this version knows no such line")
    return word, line
