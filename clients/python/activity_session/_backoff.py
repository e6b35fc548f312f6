"""How long to wait before trying again."""

import random
from collections.abc import Iterator

# With jitter, so that clients that were cut off together do not come back together.
_FIRST_SECONDS, _MAX_SECONDS, _MULTIPLIER, _JITTER = 0.1, 5.0, 2, 0.2


def pauses() -> Iterator[float]:
    """Pauses in seconds that grow from 0.1 s to 5 s, without an end."""
    pause = _FIRST_SECONDS
    while True:
        yield pause * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311
        pause = min(pause * _MULTIPLIER, _MAX_SECONDS)
