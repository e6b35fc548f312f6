"""The file of the audit log: any number of threads and processes append whole lines to it.

A line is one write to a file that is open for appending, so lines of several workers stand one after the other. When
the file was moved away, the next line goes into a new one at the path, as rotation expects it.
"""

import contextlib
import logging
import os
import weakref
from pathlib import Path

# Who has called, and from where, is for whoever runs the server.
_MODE = 0o600
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT
_log = logging.getLogger("activity_session.audit")


class AuditFileError(Exception):
    """A file that cannot be written to; the text says which, and why."""


class AuditFile:
    """A file at a path, which is made where there is none."""

    def __init__(self, path: str) -> None:
        """Open the file.

        Raises:
            AuditFileError: it cannot be opened.
        """
        self._path = Path(path)
        try:
            # Always of this number: threads may write to it at any moment, and another file could get a free number.
            self._descriptor = os.open(path, _FLAGS, _MODE)
        except OSError as error:
            raise AuditFileError(f"audit_log_file: {path} cannot be opened: {error.strerror}") from None
        # Not at the end of the process, when threads may still write.
        weakref.finalize(self, os.close, self._descriptor).atexit = False
        # Each of these is one value, written by any thread; where two do at once, a warning comes twice.
        self._identity = _identity(os.fstat(self._descriptor))
        self._is_cut = False
        self._problem = ""

    def append(self, line: bytes) -> None:
        """Write a line. One that cannot be written is lost, which a warning says, once until it works again."""
        moved = self._follow()
        self._tell(self._write(line) or moved)

    def _write(self, line: bytes) -> str:
        """Write a line; returns why that was not possible."""
        # After a line that was cut off, as on a full disk, so that this one is whole.
        whole = b"\n" + line if self._is_cut else line
        try:
            written = os.write(self._descriptor, whole)
        except OSError as error:
            return f"lines are lost: {error.strerror}"
        self._is_cut = written < len(whole)
        return "lines are lost: the disk has no room" if self._is_cut else ""

    def _follow(self) -> str:
        """Go on in a new file, if the path leads to another one, or to none; returns why that was not possible."""
        # If it is not there any more, it is made; any other problem is that of opening it, too.
        with contextlib.suppress(OSError):
            if _identity(self._path.stat()) == self._identity:
                return ""
        try:
            opened = os.open(self._path, _FLAGS, _MODE)
        except OSError as error:
            return f"lines go into the file that was moved away: {error.strerror}"
        os.dup2(opened, self._descriptor, inheritable=False)
        self._identity = _identity(os.fstat(opened))
        os.close(opened)
        return ""

    def _tell(self, problem: str) -> None:
        before, self._problem = self._problem, problem
        if problem and problem != before:
            _log.warning("the audit log %s: %s", self._path, problem)
        elif before and not problem:
            _log.warning("the audit log %s is written again", self._path)


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino
