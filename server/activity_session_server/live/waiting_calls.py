"""The calls that wait for a thread, and which of them comes next: their owners share the threads evenly."""

import threading
import time
from collections import OrderedDict, deque
from typing import Generic, NamedTuple, TypeVar

# For so many seconds after its last call an owner has others leave threads to it.
RECENT_SECONDS = 10.0
C = TypeVar("C")


class Begun(NamedTuple, Generic[C]):
    """A call that has a thread from now on, and its owner."""

    owner: str
    call: C


class WaitingCalls(Generic[C]):
    """Calls that wait, each with its owner, and how many calls of each owner have a thread.

    So many have one `at_once`. First come the owners of whose calls the fewest have one; those with as many take turns.
    While several owners call, each has half of the threads at most: so the first call of another one finds one at once.
    No more than `most_waiting` wait. A call that steps aside lets another one work instead, as long as no more than
    `most_aside` have, beyond which there are no threads.
    """

    def __init__(self, at_once: int, most_waiting: int, most_aside: int) -> None:
        self.at_once, self._most_waiting, self._most_aside = at_once, most_waiting, most_aside
        # Guards all of it.
        self._lock = threading.Lock()
        # By it those that were aside wait until they may go on.
        self._returnable = threading.Condition(self._lock)
        # By owner, in the order in which they take turns.
        self._waiting: OrderedDict[str, deque[C]] = OrderedDict()
        self._count = 0
        self._served: dict[str, int] = {}
        self.busy = self.aside = self._returning = 0
        # When the last call of each owner came, the earliest first.
        self._recent: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return self._count

    def put(self, owner: str, call: C) -> tuple[Begun[C] | None, C | None]:
        """Let a call wait; returns one that may begin now, and one that waits no more since too many do, if any.

        Neither is always the same call. The other one is the newest of the owner of whom the most wait.
        """
        with self._lock:
            self._note(owner)
            if not self._count and self._may_begin(owner):
                self._begin(owner)
                return Begun(owner, call), None
            self._append(owner, call)
            begun = self._begin_next()
            return begun, None if self._count <= self._most_waiting else self._remove_one(owner)

    def done(self, owner: str) -> Begun[C] | None:
        """Note that a call is over; returns the one that begins in its place."""
        with self._lock:
            self._end(owner)
            return self._begin_next()

    def step_aside(self, owner: str) -> Begun[C] | None:
        """Let others work instead of a call; returns one that begins. `come_back` must follow.

        A call that is aside keeps its thread, so when many are, none may be left for others.
        """
        with self._lock:
            self.aside += 1
            self._end(owner)
            return self._begin_next()

    def come_back(self, owner: str) -> Begun[C] | None:
        """Wait until the call may go on: before all others, as soon as one has ended; returns one that begins too."""
        with self._lock:
            self._returning += 1
            while self.busy >= self.at_once:
                self._returnable.wait()
            self._returning -= 1
            self.aside -= 1
            self._begin(owner)
            return self._begin_next()

    def _note(self, owner: str) -> None:
        """Note that an owner calls, and forget those that have not called for a while."""
        now = time.monotonic()
        self._recent[owner] = now
        if len(self._recent) == 1:
            return
        self._recent.move_to_end(owner)
        while next(iter(self._recent.values())) < now - RECENT_SECONDS:
            self._recent.popitem(last=False)

    def _append(self, owner: str, call: C) -> None:
        calls = self._waiting.get(owner)
        if calls is None:
            self._waiting[owner] = deque((call,))
        else:
            calls.append(call)
        self._count += 1

    def _remove_one(self, newest_owner: str) -> C:
        longest = max(self._waiting, key=lambda owner: len(self._waiting[owner]))
        if len(self._waiting[longest]) <= len(self._waiting[newest_owner]):
            longest = newest_owner
        self._count -= 1
        return self._waiting[longest].pop()

    def _begin_next(self) -> Begun[C] | None:
        if (owner := self._next_owner()) is None:
            return None
        calls = self._waiting[owner]
        call = calls.popleft()
        self._count -= 1
        if calls:
            self._waiting.move_to_end(owner)
        else:
            del self._waiting[owner]
        self._begin(owner)
        return Begun(owner, call)

    def _next_owner(self) -> str | None:
        """The owner of the call that may begin now, if any."""
        if not self._has_room():
            return None
        found, fewest = None, self._most_of_one
        for owner in self._waiting:
            served = self._served.get(owner)
            if served is None:
                return owner
            if served < fewest:
                found, fewest = owner, served
        return found

    def _may_begin(self, owner: str) -> bool:
        """Whether a call of an owner may begin, if no others wait."""
        return self._has_room() and self._served.get(owner, 0) < self._most_of_one

    def _has_room(self) -> bool:
        """Whether one more call may work, and there is a thread for it."""
        has_thread = self.busy + self.aside < self.at_once + self._most_aside
        return has_thread and self.busy < self.at_once and not self._returning

    @property
    def _most_of_one(self) -> int:
        return self.at_once if len(self._recent) <= 1 else (self.at_once + 1) // 2

    def _begin(self, owner: str) -> None:
        self._served[owner] = self._served.get(owner, 0) + 1
        self.busy += 1

    def _end(self, owner: str) -> None:
        if self._served[owner] == 1:
            del self._served[owner]
        else:
            self._served[owner] -= 1
        self.busy -= 1
        if self._returning:
            self._returnable.notify()
