"""The command `export`."""

import contextlib
import sys
from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO

from activity_session_server.app import store_as_it_is
from activity_session_server.moving.progress import Progress
from activity_session_server.moving.resuming import Kept, ResumeError, kept_of
from activity_session_server.settings import Settings
from activity_session_server.store import Reader
from activity_session_server.store.long_reads import long_reader
from activity_session_server.usecases.moves import exports


class ExportError(Exception):
    """An export that cannot be made; the text says why."""


def export(settings: Settings, scope: str, path: str, *, resumes: bool, progress: Progress) -> None:
    """Write a namespace or a session, or all with an empty name, to a file, or to stdout with an empty path.

    With `resumes` it goes on with the file, after the last block of it that is whole.

    Raises:
        SchemaError: there is no database, or its schema is not the one this version needs, or it went away.
        ServiceError: NAMESPACE_NOT_FOUND, SESSION_NOT_FOUND.
        ExportError: the file cannot be written, is there already, or is of another export.
    """
    store = store_as_it_is(settings)
    try:
        with (
            _opened(path, resumes=resumes) as file,
            long_reader(store.engine, settings.database_timeout, of_one_moment=True) as reader,
        ):
            kept = _kept(file, scope) if resumes else Kept()
            _write(reader, file, scope, kept, progress)
    except (OSError, ResumeError) as error:
        raise ExportError(f"{path or 'stdout'}: {error.strerror if isinstance(error, OSError) else error}") from error
    finally:
        store.close()


def _write(reader: Reader, file: BinaryIO, scope: str, kept: Kept, progress: Progress) -> None:
    counts = Counter(kept.counts)
    if not kept.is_whole:
        if not kept.bytes:
            file.write(_first_line(scope))
        for word, line in exports.export(reader, scope, kept.start):
            file.write(exports.raw_of(word, line))
            counts[word] += 1
            progress.tick(counts)
        file.write(exports.raw_of(exports.END, dict(counts)))
    file.flush()
    progress.end(counts)


def _kept(file: BinaryIO, scope: str) -> Kept:
    """Cut a file back to what it keeps."""
    kept = kept_of(file, _first_line(scope))
    if not kept.is_whole:
        file.seek(kept.bytes)
        file.truncate()
    return kept


def _first_line(scope: str) -> bytes:
    return exports.raw_of(exports.EXPORT, exports.first_line(scope))


@contextlib.contextmanager
def _opened(path: str, *, resumes: bool) -> Iterator[BinaryIO]:
    """A file that is not there yet, or to go on with; or stdout."""
    if not path:
        yield sys.stdout.buffer
        return
    with open(path, "r+b" if resumes else "xb") as file:  # noqa: PTH123 - Path.open has no type for a mode that varies
        yield file
