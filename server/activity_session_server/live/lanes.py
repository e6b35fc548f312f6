"""Lanes: which job gets a thread next, and how many threads there are for that."""

import threading
import time
from collections import OrderedDict, deque
from typing import Protocol

# Threads of a lane that are not stuck.
THREADS = 2
# A job is stuck that has kept its thread for longer, in seconds.
STUCK_SECONDS = 0.1


class Job(Protocol):
    """Something that is worked on by one thread at a time."""

    # Jobs of different owners take turns: of a watch it is the connection.
    owner: str
    # Whether its client keeps up. `work` sets it, and the lane takes it back from jobs that are stuck; others may read
    # it at any time, since it is one value.
    is_prompt: bool

    def has_work(self) -> bool:
        """Whether there is something to do now."""

    def work(self) -> bool:
        """Do some of it; returns whether it makes sense to go on at once."""

    def stuck(self, *, is_in_the_way: bool) -> None:
        """Called now and then while it is stuck; `is_in_the_way` says whether others need its thread."""


class Lane:
    """Jobs that wait for a thread, those that have one, and the threads, which are `most` at most.

    Owners take turns, first those of whose jobs none is stuck: `THREADS` threads are for them alone. The lane is used
    under `lock`, which others may share.
    """

    def __init__(self, most: int, lock: threading.Lock) -> None:
        # What its threads wait for while none of the jobs may have them.
        self.changed = threading.Condition(lock)
        self.threads: set[threading.Thread] = set()
        self._most = most
        # By owner, in the order of their turns.
        self._waiting: OrderedDict[str, deque[Job]] = OrderedDict()
        # By the time at which they began, of which the first is the earliest.
        self._running: dict[Job, float] = {}
        self._stuck: list[Job] = []

    @property
    def missing(self) -> int:
        """How many threads it lacks; negative for those that are too many."""
        return min(THREADS + len(self._stuck), self._most) - len(self.threads)

    @property
    def next_owner(self) -> str | None:
        """The owner whose turn it is; None if no job may have a thread now."""
        slow = {job.owner for job in self._stuck}
        for owner in self._waiting:
            if owner not in slow:
                return owner
        return next(iter(self._waiting), None) if len(self._running) < self._most - THREADS else None

    def put(self, job: Job) -> None:
        """Let a job wait for a thread."""
        jobs = self._waiting.get(job.owner)
        if jobs is None:
            self._waiting[job.owner] = deque((job,))
        else:
            jobs.append(job)
        self.changed.notify()

    def take(self, owner: str) -> Job:
        """The next job of an owner, for a thread that begins with it now."""
        jobs = self._waiting[owner]
        job = jobs.popleft()
        if jobs:
            self._waiting.move_to_end(owner)
        else:
            del self._waiting[owner]
        self._running[job] = time.monotonic()
        return job

    def done(self, job: Job) -> None:
        """Note that a thread is done with a job."""
        del self._running[job]
        if job in self._stuck:
            job.is_prompt = False
            self._stuck.remove(job)
            # This thread may be one too many now, and another one have a turn.
            self.changed.notify()

    def look(self) -> list[tuple[Job, bool]]:
        """The jobs that are stuck now, each a reason for one more thread, and whether others need their threads.

        In the way are those that have been stuck for longest, and only if there can be no more threads.
        """
        latest = time.monotonic() - STUCK_SECONDS
        self._stuck = [job for job, began in self._running.items() if began < latest]
        for job in self._stuck:
            job.is_prompt = False
        waiting = sum(map(len, self._waiting.values()))
        room = self._most - THREADS - len(self._stuck)
        in_the_way = waiting - room if room <= 0 else 0
        return [(job, number < in_the_way) for number, job in enumerate(self._stuck)]
