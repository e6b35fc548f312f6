"""The file of an SQLite database: whether its path still leads to it, whether it is damaged, how it is mounted.

SQLite opens a file once, and looks at its path no more. What is committed after the file was removed or replaced is
lost with the last connection. Its log, the file `-wal` beside it, holds what was committed last: both are one database.
"""

import os
import re
import time
from collections.abc import Iterable
from pathlib import Path

# Seconds between two looks of commits: some 20 microseconds each, as the interpreter's lock is let go for them.
LOOK_INTERVAL = 0.005
MOUNTS = "/proc/self/mountinfo"
# The device and the number of a file, or why there is none to be found.
_Place = tuple[int, int] | str
_ESCAPED = re.compile(r"\\([0-7]{3})")


class FileError(Exception):
    """A file in which nothing is kept as promised; the text says which one, and why."""


class DatabaseFile:
    """The file that the connections of a store share. A database that is no file has no paths to look at."""

    def __init__(self, path: str = "") -> None:
        """Look at nothing yet."""
        self.path = str(Path(path).absolute())
        # Links lead SQLite to the file; its log is beside that.
        self._paths = (self.path, os.path.realpath(path) + "-wal") if path else ()
        # Without a lock: the first connection is opened at the start, before there are other threads.
        self._noted: list[_Place] | None = None
        # Both without a lock: a thread that sees an old value looks once more, or once less.
        self._is_moved = False
        self._looked = 0.0
        # Without a lock: it is one value, of the first thread that meets damage, or of any of the first.
        self._damage = ""

    def note(self) -> None:
        """Note what a connection has opened.

        Raises:
            FileError: it is another file than what an earlier one has opened.
        """
        self._noted = self._noted or self._look()
        self.check_path()

    def note_damage(self, damage: str) -> None:
        """Note that SQLite has met damage; nothing is written to the file from now on."""
        self._damage = self._damage or damage

    def check_path(self) -> None:
        """Look whether the path still leads to what was opened.

        Raises:
            FileError: it does not.
        """
        self._looked, self._is_moved = time.monotonic(), False
        found = self._look()
        if self._noted is None or found == self._noted:
            return
        for path, noted, place in zip(self._paths, self._noted, found, strict=True):
            # What was not there at first, as of a file that is read-only, has no place to be moved from.
            if place != noted and not isinstance(noted, str):
                self._is_moved = True
                happened = place if isinstance(place, str) else "another file is there"
                raise FileError(f"the path {path} no longer leads to the file that was opened: {happened}")

    def check_commit(self) -> None:
        """Look at the path, unless that was done some milliseconds ago.

        Raises:
            FileError: it no longer leads to what was committed to.
        """
        if time.monotonic() - self._looked >= LOOK_INTERVAL:
            self.check_path()

    def check(self) -> None:
        """Refuse a file of which something is known that forbids to write to it; the path is looked at only then.

        Raises:
            FileError: its path leads elsewhere, or damage was met.
        """
        if self._damage:
            raise FileError(f"the database's file {self.path} is damaged ({self._damage})")
        if self._is_moved:
            self.check_path()

    def _look(self) -> list[_Place]:
        return [_place(path) for path in self._paths]


def _place(path: str) -> _Place:
    try:
        found = os.stat(path)  # noqa: PTH116 - a Path takes half as long again, at each write
    except OSError as error:
        return str(error.strerror)
    return found.st_dev, found.st_ino


def is_mounted_alone(path: str, mounts: Iterable[str]) -> bool:
    """Whether a file is mounted by itself, without its folder; `mounts` are the lines of /proc/self/mountinfo.

    The device of a file tells nothing: one that is bound from the same file system has that of its folder.
    """
    real = os.path.realpath(path)
    return any(_ESCAPED.sub(lambda match: chr(int(match[1], 8)), line.split(" ")[4]) == real for line in mounts)
