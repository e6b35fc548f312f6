"""What each subject and each namespace uses of this process, and that it is no more than its quota.

What is taken is noted in a `Taken`, which gives it back.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from types import TracebackType
from typing import Self

from google.protobuf.message import Message

from activity_session_server.rules.calls import Call
from activity_session_server.rules.errors import quota_exceeded
from activity_session_server.rules.names import WILDCARD
from activity_session_server.rules.access.permissions import namespace_of
from activity_session_server.rules.quotas import Quota

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


class Use:
    """What somebody uses now."""

    __slots__ = ("due", "in_flight", "watches")

    def __init__(self) -> None:
        self.in_flight = 0
        self.watches = 0
        # When all calls would have come, had they come evenly at the pace of the quota; a reading of `time.monotonic`.
        self.due = 0.0

    def is_over(self, now: float) -> bool:
        """Whether nothing of it matters any more."""
        return not self.in_flight and not self.watches and self.due <= now


class Meter:
    """What all of a kind use, by their names: "subject" or "namespace"."""

    def __init__(self, kind: str, quota: Quota) -> None:
        self._kind = kind
        self._quota = quota
        # Guards the uses, also what stands in each.
        self._lock = threading.Lock()
        self._uses: OrderedDict[str, Use] = OrderedDict()

    def __len__(self) -> int:
        return len(self._uses)

    @property
    def counts_calls(self) -> bool:
        """Whether there is a quota of calls."""
        return bool(self._quota.calls_in_flight or self._quota.calls_per_second)

    def in_flight(self, name: str) -> int:
        """How many calls of a name are being served."""
        use = self._uses.get(name)
        return use.in_flight if use else 0

    def watches(self, name: str) -> int:
        """How many watches and waits of a name are open."""
        use = self._uses.get(name)
        return use.watches if use else 0

    def begin(self, name: str) -> None:
        """Count a call that is in flight from now on; one that is refused does not count.

        Raises:
            ServiceError: QUOTA_EXCEEDED.
        """
        quota = self._quota
        with self._lock:
            use = self._use_of(name)
            if quota.calls_in_flight and use.in_flight >= quota.calls_in_flight:
                raise quota_exceeded(self._kind, name, "calls_in_flight", quota.calls_in_flight)
            if quota.calls_per_second and (delay := _pass(use, quota.calls_per_second)):
                raise quota_exceeded(self._kind, name, "calls_per_second", quota.calls_per_second, delay=delay)
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
        with self._lock:
            use = self._use_of(name)
            if self._quota.watches and use.watches >= self._quota.watches:
                raise quota_exceeded(self._kind, name, "watches", self._quota.watches)
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


class Quotas:
    """The quotas of a server on subjects and on namespaces; all callers without credentials are one subject."""

    def __init__(self, of_subject: Quota, of_namespace: Quota) -> None:
        self.subjects = Meter("subject", of_subject)
        self.namespaces = Meter("namespace", of_namespace)

    def begin_for_subject(self, taken: Taken, call: Call) -> None:
        """Count a call for its subject, which must be known.

        Raises:
            ServiceError: QUOTA_EXCEEDED.
        """
        if self.subjects.counts_calls:
            self.subjects.begin(call.caller.subject)
            taken.add(self.subjects.end, call.caller.subject)

    def begin_in_namespace(self, taken: Taken, request: Message) -> None:
        """Count a call for the namespace that it is about, if it is about one; the caller must be allowed to make it.

        Raises:
            ServiceError: QUOTA_EXCEEDED.
        """
        if self.namespaces.counts_calls and (namespace_id := namespace_of(request)) not in ("", WILDCARD):
            name = f"namespaces/{namespace_id}"
            self.namespaces.begin(name)
            taken.add(self.namespaces.end, name)

    def open(self, taken: Taken, call: Call, request: Message) -> None:
        """Count a watch, or a call that waits for a turn, for its subject and for its namespace.

        Raises:
            ServiceError: QUOTA_EXCEEDED.
        """
        for meter, name in (
            (self.subjects, call.caller.subject),
            (self.namespaces, f"namespaces/{namespace_of(request)}"),
        ):
            meter.open(name)
            taken.add(meter.close, name)


def _pass(use: Use, per_second: int) -> float:
    """Count a call towards a pace; or return the seconds until one may come, and count none.

    A bucket of tokens for one second, kept as the time at which it would be full.
    """
    now = time.monotonic()
    gap = 1 / per_second
    early = use.due - (1 - gap) - now
    if early > 0:
        return early
    use.due = max(use.due, now) + gap
    return 0
