"""Files that are read again when they have changed, while calls are served."""

import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

# Seconds between two looks at the files: each is a call of the system for each file.
INTERVAL = 0.1
T = TypeVar("T")
_log = logging.getLogger("activity_session.files")


class FileError(Exception):
    """A file of which nothing can be made; the text says which, and why."""


class _Stamp(NamedTuple):
    """By which a file is seen to have changed."""

    device: int
    inode: int
    size: int
    time: int


class _Held(NamedTuple, Generic[T]):
    """What was made of files that looked so. Both change at once, as one value, so that no old one stays with a new."""

    stamps: tuple[_Stamp | None, ...]
    value: T


class FilesReadAgain(Generic[T]):
    """What is made of some files, made again when one of them has changed.

    Threads share it without a lock: two that find a change at once both read the files.
    """

    def __init__(self, paths: Sequence[Path], read: Callable[[], T], what: str) -> None:
        """`read` makes it of the files, or raises FileError; `what` is its name in the log, as in "the certificate".

        Raises:
            FileError: nothing can be made of the files.
        """
        self._paths = tuple(paths)
        self._read = read
        self._what = what
        # First the look: a change after it is seen by the next one.
        stamps = self._stamps()
        self._held = _Held(stamps, read())
        self._looked_at = time.monotonic()

    def current(self) -> T:
        """What the files held `INTERVAL` seconds ago or later."""
        now = time.monotonic()
        if now - self._looked_at < INTERVAL:
            return self._held.value
        self._looked_at = now
        return self.now()

    def now(self) -> T:
        """What the files hold; if nothing can be made of them, what they held before."""
        held, stamps = self._held, self._stamps()
        if stamps != held.stamps:
            self._held = held = _Held(stamps, self._read_again(held.value))
        return held.value

    def _read_again(self, before: T) -> T:
        try:
            value = self._read()
        except FileError as error:
            _log.warning("%s is not replaced: %s", self._what, error)
            return before
        _log.info("%s is replaced", self._what, extra={"file": str(self._paths[0])})
        return value

    def _stamps(self) -> tuple[_Stamp | None, ...]:
        return tuple(map(_stamp, self._paths))


def read_bytes(path: Path) -> bytes:
    """The content of a file.

    Raises:
        FileError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise FileError(f"{path}: {error.strerror}") from error


def _stamp(path: Path) -> _Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return _Stamp(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
