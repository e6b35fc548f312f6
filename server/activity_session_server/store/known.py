"""What a process remembers of the database, to save a statement: never more than a guess, which its reader checks."""

from collections.abc import Sized
from typing import Generic, TypeVar

T = TypeVar("T", bound=Sized)


class Known(Generic[T]):
    """Values by key, together at most `most` long; all are forgotten when there would be more.

    Without a lock: each step is atomic, and what two threads do at once is forgotten too early or too late.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: dict[str, T] = {}
        self._size = 0

    def get(self, key: str) -> T | None:
        """The value of a key, or None."""
        return self._values.get(key)

    def put(self, key: str, value: T) -> None:
        """Remember a value."""
        self._size += len(value) + 1
        if self._size > self._most:
            self._values, self._size = {}, len(value) + 1
        self._values[key] = value

    def forget(self, key: str) -> None:
        """Forget the value of a key, if there is one."""
        self._values.pop(key, None)
