"""How far a copy is, on stderr: in one line that changes on a terminal, else in a line now and then."""

import sys
import time

# Seconds between two lines.
_ON_TERMINAL, _IN_LOG = 0.5, 10.0


class Progress:
    """Counts what is done, and tells of it.

    Attributes:
        copied: sessions of which something was missing.
        same: sessions that were there already.
        refused: sessions, and states of apps and users, that were not copied.
        events: that were added.
    """

    def __init__(self, *, is_quiet: bool) -> None:
        """Begin at 0. A quiet one tells nothing but what was refused."""
        self.total = self.copied = self.same = self.refused = self.events = 0
        self._is_quiet, self._is_terminal = is_quiet, sys.stderr.isatty()
        self._interval = _ON_TERMINAL if self._is_terminal else _IN_LOG
        self._next = time.monotonic() + self._interval

    def added(self, events: int) -> None:
        """Count events, and tell of it if it is time."""
        self.events += events
        if not self._is_quiet and time.monotonic() >= self._next:
            self._next = time.monotonic() + self._interval
            self._say("\r" if self._is_terminal else "\n")

    def refuse(self, title: str, why: str) -> None:
        """Count something that is not copied, and say so."""
        self.refused += 1
        print(f"refused: {title}: {why}", file=sys.stderr, flush=True)

    def end(self) -> str:
        """Tell how it has ended, and return the summary."""
        if not self._is_quiet:
            self._say("\n")
        return (
            f"copied {_count(self.copied, 'session')} with {_count(self.events, 'event')}, "
            f"{self.same:,} there already, {self.refused:,} refused"
        )

    def _say(self, end: str) -> None:
        done = f"{self.copied + self.same:,} of {_count(self.total, 'session')}"
        print(f"copied: {done}, {_count(self.events, 'event')}", end=end, file=sys.stderr, flush=True)


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"
