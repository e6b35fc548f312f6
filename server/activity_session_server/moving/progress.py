"""How far an export or an import is, on stderr: in one line that changes on a terminal, else in a line now and then."""

import sys
import time
from collections.abc import Mapping
from typing import TextIO

# Seconds between two looks at the clock of a terminal's reader, and between two lines in a log.
_ON_TERMINAL, _IN_LOG = 0.5, 10.0
# Of lines between two looks at our clock.
_LINES = 256


class Progress:
    """Tells of counts of lines by their words."""

    def __init__(self, done: str, *, is_quiet: bool, to: TextIO | None = None, seconds: float | None = None) -> None:
        """`done` is what has become of the lines, as "exported"; a quiet one tells nothing.

        It tells it `to` stderr, every so many `seconds`, unless it is given others.
        """
        self._to = to or sys.stderr
        self._done, self._is_quiet = done, is_quiet
        self._is_terminal = self._to.isatty()
        usual = _ON_TERMINAL if self._is_terminal else _IN_LOG
        self._interval = usual if seconds is None else seconds
        self._next = time.monotonic() + self._interval
        self._lines = 0

    def tick(self, counts: Mapping[str, int]) -> None:
        """Tell of it, if it is time."""
        self._lines += 1
        if self._is_quiet or self._lines % _LINES or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + self._interval
        self._say(counts, end="\r" if self._is_terminal else "\n")

    def end(self, counts: Mapping[str, int]) -> None:
        """Tell how it has ended."""
        if not self._is_quiet:
            self._say(counts, end="\n")

    def _say(self, counts: Mapping[str, int], *, end: str) -> None:
        said = ", ".join(
            f"{counts.get(word, 0):,} {word}{'' if counts.get(word) == 1 else 's'}"
            for word in ("namespace", "participant", "session", "event")
        )
        print(f"{self._done}: {said}", end=end, file=self._to, flush=True)
