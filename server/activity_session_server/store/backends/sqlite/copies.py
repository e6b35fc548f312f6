"""A copy of a file while it is served: whole as of one moment, and checked before it gets its name."""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from activity_session_server.store.revisions import SchemaError

# Pages that are copied between two looks whether somebody wants it to end: 4 MiB, with pages of 4 KiB.
_PAGES = 1024


def copy(source: str, target: str) -> int:
    """Copy the database of a file to a file that is not there yet; returns the size in bytes.

    Readers and writers go on: the copy has all that was committed when it began, and nothing of what came later. Until
    it is whole and checked, it is called `target` with `.part` at the end; that is removed when something fails.

    Raises:
        SchemaError: there is a file of that name, no source, no room; or the source is damaged.
    """
    place = Path(target)
    part = place.with_name(f"{place.name}.part")
    _refuse(place, "a backup replaces no file")
    with _made(part):
        try:
            _copy(source, str(part))
            _check(part)
        except sqlite3.Error as error:
            raise SchemaError(f"{source} cannot be copied to {part}: {error}") from error
        _keep(part)
        # Not a link in place of it: some file systems have none. What comes between these two steps is no other backup.
        _refuse(place, "a backup replaces no file")
        part.rename(place)
        _keep(place.absolute().parent)
    return place.stat().st_size


def _refuse(path: Path, why: str) -> None:
    if path.exists() or path.is_symlink():
        raise SchemaError(f"{path} is there already: {why}")


@contextlib.contextmanager
def _made(part: Path) -> Iterator[None]:
    """Make a file for the block, which only its owner may read; remove it where the block fails."""
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        _refuse(part, "another backup runs, or was broken off; if none runs, remove it")
        raise
    except OSError as error:
        raise SchemaError(f"{part} cannot be made: {error.strerror}") from error
    try:
        yield
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _copy(source: str, target: str) -> None:
    with (
        contextlib.closing(sqlite3.connect(f"{Path(source).absolute().as_uri()}?mode=rw", uri=True)) as there,
        contextlib.closing(sqlite3.connect(target, isolation_level=None)) as here,
    ):
        # What fails is removed, and what succeeds is written to the disk at the end: no journal is left beside it.
        here.execute("PRAGMA journal_mode = OFF")
        here.execute("PRAGMA synchronous = OFF")
        # A read that lasts as long as the copy: without it, SQLite would begin anew at each commit of others.
        there.execute("BEGIN")
        there.execute("SELECT 1 FROM sqlite_schema").fetchall()
        there.backup(here, pages=_PAGES)
        # One file, that can be read where nothing can be written. Who serves it gives it a write-ahead log again.
        here.execute("PRAGMA journal_mode = DELETE")


def _check(part: Path) -> None:
    with contextlib.closing(sqlite3.connect(f"{part.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        ((found,),) = connection.execute("PRAGMA integrity_check(1)")
    if found != "ok":
        raise SchemaError(f"the database is damaged, and so is its copy, which is not kept: {' '.join(found.split())}")


def _keep(path: Path) -> None:
    """Have a file, or the names in a folder, survive a loss of power."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
