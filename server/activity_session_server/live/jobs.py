"""A few threads for very many jobs, each of which has something to do now and then.

A job that waits for its client keeps its thread, until the client reads or is cut off. So there are two lanes, each
with threads of its own: one for jobs whose clients keep up, one for all others, which clients that do not read can fill
without being noticed in the first. A lane gets one more thread for each job that is stuck. When it has its most, those
are ended that have been stuck for longest, as many as others need; connections on which nothing is stuck come first.
"""

import logging
import threading

from activity_session_server.live.lanes import Job, Lane
from activity_session_server.rules.errors import ServiceError

# The most threads of the lane for jobs that are prompt, and of the other one. With those that serve reads and writes at
# the default settings, a process stays below 40, unless many writes wait for each other.
MOST_PROMPT, MOST_OTHERS = 5, 7

_log = logging.getLogger("activity_session.jobs")


class JobThreads:
    """Threads that work on the jobs that are scheduled."""

    def __init__(self) -> None:
        # Guards which jobs are scheduled, so that no job is worked on twice at once, and both lanes.
        self._lock = threading.Lock()
        self._scheduled: set[Job] = set()
        # By `is_prompt` of their jobs.
        self._lanes = {True: Lane(MOST_PROMPT, self._lock), False: Lane(MOST_OTHERS, self._lock)}
        self._is_stopped = False

    def start(self) -> None:
        """Start the threads."""
        self._add_missing()

    def schedule(self, job: Job) -> None:
        """Have a job worked on, unless it is scheduled already, or being worked on."""
        with self._lock:
            if job not in self._scheduled and not self._is_stopped:
                self._scheduled.add(job)
                self._lanes[job.is_prompt].put(job)

    def tend(self) -> None:
        """Tell the jobs that are stuck, and see to it that others have threads; to be called every now and then."""
        with self._lock:
            stuck = [found for lane in self._lanes.values() for found in lane.look()]
        self._add_missing()
        for job, is_in_the_way in stuck:
            job.stuck(is_in_the_way=is_in_the_way)

    def stop(self) -> None:
        """End all threads after the jobs that are scheduled by now; later ones are left undone."""
        with self._lock:
            self._is_stopped = True
            threads = [thread for lane in self._lanes.values() for thread in lane.threads]
            for lane in self._lanes.values():
                lane.changed.notify_all()
        for thread in threads:
            thread.join()

    def _add_missing(self) -> None:
        added = []
        with self._lock:
            for lane in self._lanes.values():
                for _ in range(lane.missing):
                    added.append(threading.Thread(target=self._run, args=(lane,), name="follow", daemon=True))
                    lane.threads.add(added[-1])
        for thread in added:
            thread.start()

    def _run(self, lane: Lane) -> None:
        while (job := self._next(lane)) is not None:
            goes_on = _work_on(job)
            with self._lock:
                lane.done(job)
                self._scheduled.discard(job)
            # Checked only now, so that nothing is missed that has come up since.
            if goes_on and job.has_work():
                self.schedule(job)

    def _next(self, lane: Lane) -> Job | None:
        """The next job of a lane, as soon as there is one; None for a thread that is one too many."""
        with self._lock:
            while lane.missing >= 0:
                if (owner := lane.next_owner) is not None:
                    return lane.take(owner)
                if self._is_stopped:
                    break
                lane.changed.wait()
            lane.threads.discard(threading.current_thread())
            return None


def _work_on(job: Job) -> bool:
    """Whether it makes sense to go on at once; an error is logged, and the job tried again when it is scheduled."""
    try:
        return job.work()
    except ServiceError as error:
        _log.warning("a job failed: %s", error.logged)
    except Exception:  # the thread goes on with other jobs
        _log.exception("a job failed")
    return False
