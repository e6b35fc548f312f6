"""The times of lines."""

from datetime import UTC, datetime


def time_of(text: str) -> datetime:
    """The column's value of a time in a line.

    Raises:
        ValueError: it is no time.
        TypeError: it is no text.
    """
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)
