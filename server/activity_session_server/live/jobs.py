"""A few threads for very many jobs, each of which has something to do now and then.

A job that waits for its client keeps a thread. When that takes too long, another thread is added, so that a client that
does not read does not keep the others waiting. Threads that are no longer needed end after their job.
"""

import logging
import threading
import time
from queue import SimpleQueue
from typing import Protocol

from activity_session_server.rules.errors import ServiceError

_log = logging.getLogger("activity_session.jobs")


class Job(Protocol):
    """Something that is worked on by one thread at a time."""

    def has_work(self) -> bool:
        """Whether there is something to do now."""

    def work(self) -> bool:
        """Do some of it; returns whether it makes sense to go on at once."""

    def stuck(self, seconds: float) -> None:
        """Called now and then while `work` has been running for so many seconds."""


class JobThreads:
    """Threads that work on the jobs that are scheduled."""

    def __init__(self, count: int) -> None:
        self._count = self._wanted = count
        self._ready: SimpleQueue[Job | None] = SimpleQueue()
        # Guards which jobs are scheduled, so that no job is worked on twice at once, and which threads there are.
        self._lock = threading.Lock()
        self._scheduled: set[Job] = set()
        self._threads: set[threading.Thread] = set()
        # Without a lock: each thread writes its own entry only, and readers take a copy, which is one step.
        self._running: dict[threading.Thread, tuple[Job, float]] = {}

    def start(self) -> None:
        """Start the threads."""
        self._adjust()

    def schedule(self, job: Job) -> None:
        """Have a job worked on, unless it is scheduled already, or being worked on."""
        with self._lock:
            if job in self._scheduled:
                return
            self._scheduled.add(job)
        self._ready.put(job)

    def tend(self, seconds: float) -> None:
        """Call `stuck` of the jobs that have been worked on for longer than that, and add two threads for each."""
        now = time.monotonic()
        stuck = [(job, now - since) for job, since in tuple(self._running.values()) if now - since > seconds]
        self._wanted = self._count + 2 * len(stuck)
        self._adjust()
        for job, waited in stuck:
            job.stuck(waited)

    def stop(self) -> None:
        """End all threads after the jobs that are scheduled by now; later ones are left undone."""
        threads = tuple(self._threads)
        for _ in threads:
            self._ready.put(None)
        for thread in threads:
            thread.join()

    def _adjust(self) -> None:
        with self._lock:
            added = [
                threading.Thread(target=self._run, name="follow", daemon=True)
                for _ in range(self._wanted - len(self._threads))
            ]
            self._threads.update(added)
        for thread in added:
            thread.start()

    def _run(self) -> None:
        while (job := self._ready.get()) is not None:
            self._do(job)
            with self._lock:
                # Under the lock, so that no two threads end because of the same one too many.
                if len(self._threads) > self._wanted:
                    self._threads.discard(threading.current_thread())
                    return

    def _do(self, job: Job) -> None:
        thread = threading.current_thread()
        self._running[thread] = job, time.monotonic()
        goes_on = _work_on(job)
        del self._running[thread]
        with self._lock:
            self._scheduled.discard(job)
        # Checked only now, so that nothing is missed that has come up since.
        if goes_on and job.has_work():
            self.schedule(job)


def _work_on(job: Job) -> bool:
    """Whether it makes sense to go on at once; an error is logged, and the job tried again when it is scheduled."""
    try:
        return job.work()
    except ServiceError as error:
        _log.warning("a job failed: %s", error.message)
    except Exception:  # the thread goes on with other jobs
        _log.exception("a job failed")
    return False
