"""Batches: how much of what is no longer needed one transaction removes.

On Galera a transaction is one write set, which all nodes apply while their other writers wait.
"""

from collections.abc import Iterable

ROWS = 200
BYTES = 4 * 1024 * 1024
# Rows of the first batch, while nothing is known of their size: to measure a row is to read it.
FIRST_ROWS = 8


# Seconds: the longest pause between two batches.
_LONGEST_PAUSE = 0.5


def pause_after(seconds: float) -> float:
    """For how many seconds others have the database, after a batch that took so many."""
    return min(seconds, _LONGEST_PAUSE)


def fitting(sizes: Iterable[int], most_bytes: int = BYTES) -> int:
    """How many rows, beginning with the first, have at most so many bytes together; one row always fits."""
    count = used = 0
    for size in sizes:
        used += size
        if used > most_bytes:
            break
        count += 1
    return max(count, 1)


def rows_after(removed: int) -> int:
    """How many rows the next batch may have, given how many the last one had."""
    return min(2 * removed, ROWS)
