"""Where an export that was broken off goes on: after the last block of its file that is whole."""

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType
from typing import BinaryIO, NamedTuple

import orjson

from activity_session_server.store.queries.moves import kinds
from activity_session_server.store.queries.moves.times import time_of
from activity_session_server.usecases.moves.exports import BEGINNING, END, Header, Start


class Kept(NamedTuple):
    """What a file keeps: so many bytes, which have so many lines of each kind, up to a place of the export."""

    bytes: int = 0
    start: Start = BEGINNING
    counts: Mapping[str, int] = MappingProxyType({})
    is_whole: bool = False


class ResumeError(Exception):
    """A file that cannot be gone on with; the text says why."""


def kept_of(file: BinaryIO, first_line: bytes) -> Kept:
    """What the file of an export keeps, read from its beginning; nothing of one that is empty.

    Raises:
        ResumeError: it is not of the same export.
    """
    first = file.readline()
    if first != first_line:
        if first_line.startswith(first):
            return Kept()
        raise ResumeError("it is no export of the same: its first line is another one")
    kept = Kept(len(first))
    counts: Counter[str] = Counter()
    size, opened = len(first), None
    for raw in file:
        word = raw[2 : raw.find(b'"', 2)].decode(errors="replace")
        if not raw.endswith(b"\n"):
            break
        if word in _HEADERS or word == END:
            start = _after(kept.start, opened) if opened else kept.start
            kept = Kept(size, start, counts.copy(), is_whole=word == END)
            opened = raw
        counts[word] += 1
        size += len(raw)
    return kept


_HEADERS = {kind.word for kind in kinds.HEADERS}


def _after(start: Start, raw: bytes) -> Start:
    """The place after a header, whose block is whole."""
    ((word, line),) = orjson.loads(raw).items()
    header = Header(line["uid"], time_of(line["create_time"]))
    return Start(header) if word == kinds.NAMESPACE.word else start._replace(**{word: header})
