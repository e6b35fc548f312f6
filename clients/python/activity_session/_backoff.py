"""How long to wait before the next attempt."""

import random
from collections.abc import Iterator

# The jitter keeps clients that were disconnected together from reconnecting together. It is not drawn from the
# generator that the program may seed: one seed would give all the same jitter, and a draw would change the program's.
_chance = random.SystemRandom()
_FIRST_SECONDS, _MAX_SECONDS, _MULTIPLIER, _JITTER = 0.1, 5.0, 2, 0.2


def pauses() -> Iterator[float]:
    """Yield pauses in seconds without end, which grow from 0.1 to 5."""
    pause = _FIRST_SECONDS
    while True:
        yield pause * _chance.uniform(1 - _JITTER, 1 + _JITTER)
        pause = min(pause * _MULTIPLIER, _MAX_SECONDS)
