"""What the store tells of what calls had to wait for, where somebody counts it."""

from typing import Protocol


class Observer(Protocol):
    """Is told by the thread of a call, which waits for it; all times are in seconds."""

    def connected(self, seconds: float) -> None:
        """A connection was there, and open, after so long."""

    def admitted(self, seconds: float) -> None:
        """A write had waited so long for others in this process."""

    def committed(self, seconds: float, writes: int) -> None:
        """So many writes were committed together, for which the database took so long."""

    def lost(self) -> None:
        """A commit may have happened or not."""

    def retried(self, cause: str) -> None:
        """Something is run again: by "contention", "interrupted", "unreachable" or "in_doubt"."""
