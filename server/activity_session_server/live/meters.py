"""What each subject, or each namespace, uses of this process, and that it is no more than its quota.

What is taken is noted in a `Taken`, which gives it back.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from activity_session_server.rules.access.quotas import Quota
from activity_session_server.rules.errors import quota_exceeded

# How many names are looked at for each new one, so that those that use nothing are forgotten sooner than others come.
_LOOKS = 2


class Taken:
    """What one call has taken; the end of a `with` block gives it back, or `give_back`."""

    __slots__ = ("_taken",)

    def __init__(self) -> None:
        self._taken: list[tuple[Callable[[str], None], str]] = []

    def add(self, give_back: Callable[[str], None], name: str) -> None:
        """Note what is to be called, with a name, to give something back."""
        self._taken.append((give_back, name))

    def give_back(self) -> None:
        """Give all of it back, once; several threads may do so."""
        while self._taken:
            try:
                give_back, name = self._taken.pop()
            except IndexError:  # another thread was faster
                return
            give_back(name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.give_back()


class Pace:
    """How fast something is used up: a bucket that a second fills, kept as the time at which it would be full.

    Times are readings of `time.monotonic`, and what is taken is given in the seconds that fill as much of the bucket.
    This is the generic cell rate algorithm (ITU-T I.371).
    """

    __slots__ = ("full_at",)

    def __init__(self) -> None:
        self.full_at = 0.0

    def delay(self, now: float, seconds: float) -> float:
        """The seconds until there is as much; until it is full, for more than all of it."""
        return max(0.0, self.full_at - now - 1 + min(seconds, 1))

    def take(self, now: float, seconds: float) -> None:
        """Take as much."""
        self.full_at = max(self.full_at, now) + seconds


class Use:
    """What somebody uses now."""

    __slots__ = ("bytes", "calls", "in_flight", "watches")

    def __init__(self) -> None:
        self.in_flight = 0
        self.watches = 0
        self.calls = Pace()
        self.bytes = Pace()

    def is_over(self, now: float) -> bool:
        """Whether nothing of it matters any more."""
        return not self.in_flight and not self.watches and max(self.calls.full_at, self.bytes.full_at) <= now


class Meter:
    """What all of a kind use, by their names: "subject" or "namespace"."""

    def __init__(self, kind: str, quota: Quota) -> None:
        self._kind = kind
        self._quota = quota
        # Of those that have another one. Replaced as a whole, and read without the lock.
        self._own: Mapping[str, Quota] = {}
        self.counts_calls = _counts_calls(quota)
        # Guards the uses, also what stands in each.
        self._lock = threading.Lock()
        self._uses: OrderedDict[str, Use] = OrderedDict()

    def __len__(self) -> int:
        return len(self._uses)

    def set_own(self, own: Mapping[str, Quota]) -> None:
        """Have some of them have quotas of their own. What they use by now is theirs, also if it is more."""
        self._own = own
        self.counts_calls = _counts_calls(self._quota, *own.values())

    def in_flight(self, name: str) -> int:
        """How many calls of a name are being served."""
        use = self._uses.get(name)
        return use.in_flight if use else 0

    def watches(self, name: str) -> int:
        """How many watches and waits of a name are open."""
        use = self._uses.get(name)
        return use.watches if use else 0

    def begin(self, name: str, size: int) -> None:
        """Count a call that is in flight from now on, and the bytes of its request; one that is refused does not count.

        Raises:
            ServiceError: QUOTA_EXCEEDED.
        """
        quota = self._own.get(name, self._quota)
        now = time.monotonic()
        with self._lock:
            use = self._use_of(name)
            if quota.calls_in_flight and use.in_flight >= quota.calls_in_flight:
                raise quota_exceeded(self._kind, name, "calls_in_flight", quota.calls_in_flight)
            paces = (
                (use.calls, "calls_per_second", quota.calls_per_second, 1),
                (use.bytes, "bytes_per_second", quota.bytes_per_second, size),
            )
            for pace, field, most, count in paces:
                if most and (delay := pace.delay(now, count / most)):
                    raise quota_exceeded(self._kind, name, field, most, delay=delay)
            for pace, _, most, count in paces:
                if most:
                    pace.take(now, count / most)
            use.in_flight += 1

    def end(self, name: str) -> None:
        """Note that a call is in flight no more."""
        with self._lock:
            self._uses[name].in_flight -= 1

    def open(self, name: str) -> None:
        """Count a watch, or a call that begins to wait for a turn.

        Raises:
            ServiceError: QUOTA_EXCEEDED.
        """
        most = self._own.get(name, self._quota).watches
        with self._lock:
            use = self._use_of(name)
            if most and use.watches >= most:
                raise quota_exceeded(self._kind, name, "watches", most)
            use.watches += 1

    def close(self, name: str) -> None:
        """Note that a watch or a wait is over."""
        with self._lock:
            self._uses[name].watches -= 1

    def _use_of(self, name: str) -> Use:
        use = self._uses.get(name)
        if use is None:
            self._forget()
            use = self._uses[name] = Use()
        return use

    def _forget(self) -> None:
        now = time.monotonic()
        for _ in range(min(_LOOKS, len(self._uses))):
            name = next(iter(self._uses))
            if self._uses[name].is_over(now):
                del self._uses[name]
            else:
                self._uses.move_to_end(name)


def _counts_calls(*quotas: Quota) -> bool:
    return any(quota.calls_in_flight or quota.calls_per_second or quota.bytes_per_second for quota in quotas)
