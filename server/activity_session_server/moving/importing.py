"""The command `import`."""

import sys
from pathlib import Path
from typing import BinaryIO

from activity_session_server.app import open_store, own_call
from activity_session_server.moving.progress import Progress
from activity_session_server.settings import Settings
from activity_session_server.store.long_reads import long_reader
from activity_session_server.store.queries.moves.lines import LineError
from activity_session_server.usecases.moves.imports import Import


class BrokenOffError(Exception):
    """An import that has ended before its input; the text says at which line, and why."""


def import_(settings: Settings, path: str, progress: Progress) -> None:
    """Take the exports in a file, or in stdin with an empty path, into a database; an SQLite file is made.

    Raises:
        SchemaError: the schema of the database is not the one this version needs, or it went away.
        ServiceError: DATABASE_UNAVAILABLE, DATABASE_BUSY.
        BrokenOffError: a line cannot be taken, or the file cannot be read.
    """
    try:
        if not path:
            _take(settings, sys.stdin.buffer, progress)
            return
        with Path(path).open("rb") as file:
            _take(settings, file, progress)
    except OSError as error:
        raise BrokenOffError(f"{path or 'stdin'}: {error.strerror}") from error


def _take(settings: Settings, file: BinaryIO, progress: Progress) -> None:
    store = open_store(settings)
    try:
        with long_reader(store.engine, settings.database_timeout, of_one_moment=False) as reader:
            taken = Import(store, reader, lambda: own_call(settings, "import"))
            _take_all(taken, file, progress)
    finally:
        store.close()
    progress.end(taken.counts)


def _take_all(taken: Import, file: BinaryIO, progress: Progress) -> None:
    number = 0
    try:
        for raw in file:
            number += 1
            taken.take(raw)
            progress.tick(taken.counts)
        taken.end()
    except LineError as error:
        raise BrokenOffError(f"line {number}: {error}") from error
