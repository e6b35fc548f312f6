"""Commits: the functions of several calls in one transaction, where the database admits one writer at a time.

On SQLite a commit waits for the disk. So the thread that may write carries out the work of all threads that wait by
then: each function in a savepoint of its own, then one commit, then all return (group commit: DeWitt et al.,
"Implementation Techniques for Main Memory Database Systems", 1984). When one function fails, the others do not.
MariaDB lets writers run side by side and shares the wait for the disk itself; there each has its own commit, and only
writers of one session wait for each other (`writer_queues`).
"""

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from google.protobuf.message import Message

from activity_session_server.rules.calls import Call
from activity_session_server.rules.requests import session_of
from activity_session_server.store.backends import Backend, Failure
from activity_session_server.store.backends.files import FileError
from activity_session_server.store.driver.connections import BusyError, Connection, Connections
from activity_session_server.store.driver.traced import traced_commit
from activity_session_server.store.observer import Observer
from activity_session_server.store.readers import Writer
from activity_session_server.store.writer_queues import Aside, WriterQueues


class LateError(Exception):
    """The deadline has passed, and what was begun is undone."""


class UndoneError(Exception):
    """The function of another call has ended the transaction of both."""


class CommitLostError(Exception):
    """The connection broke during COMMIT, or SQLite's file was moved away: it may have happened or not."""


class Work:
    """One function that is to be run and committed, for a request of a caller, or for none.

    `changed` are the uids of the sessions that it has changed. One that `is_alone` shares its transaction with none.
    """

    def __init__(
        self, call: Call, fn: Callable[[Writer], Any], request: Message | None, *, is_alone: bool = False
    ) -> None:
        self.call = call
        self.request = request
        self.is_alone = is_alone
        self.changed: Collection[str] = ()
        self.is_done = self.has_ended_all = False
        self.error: BaseException | None = None
        self._fn = fn
        self._returned: Any = None

    def run(self, writer: Writer) -> None:
        """Run the function, unless it is too late for that."""
        self._check_deadline()
        self._returned = self._fn(writer)
        self._check_deadline()
        self.changed = writer.changed

    def outcome(self) -> Any:
        """What the function returned, once it is committed; raises what prevented that."""
        if self.error is not None:
            raise self.error
        return self._returned

    def _check_deadline(self) -> None:
        if self.call.remaining() <= 0:
            raise LateError


class Commits:
    """Carries out work on the connections of one database."""

    def __init__(
        self,
        connections: Connections,
        backend: Backend,
        timeout: float,
        aside: Aside,
        observer: Observer | None = None,
    ) -> None:
        """`timeout` is how many seconds to wait while another thread writes; `aside` as in `Store`."""
        self._observer = observer
        self._connections = connections
        self._backend = backend
        self._timeout = timeout
        self._queues = WriterQueues(timeout, aside)
        # Each thread appends its work without the lock, and may take it back; both are one step. The thread that has
        # the lock takes works out and writes their outcomes; the others read theirs once they have had the lock.
        self._waiting: deque[Work] = deque()
        # Held by the thread that writes to the database.
        self._writing = threading.Lock()

    def carry_out(self, work: Work) -> None:
        """Run a function and commit it, or let another thread do so; the outcome is in the work then.

        Raises:
            LateError: the deadline passed before it could begin.
            BusyError: other threads wrote for too long.
        """
        begun = self._now()
        if not self._backend.one_writer:
            session = "" if work.request is None else session_of(work.request)
            with self._queues.first_of(session, work.call.remaining()):
                self._note_wait(begun)
                self._carry_out([work])
            return
        self._waiting.append(work)
        self._wait_to_write(work)
        try:
            self._note_wait(begun)
            if not work.is_done:
                self._carry_out_waiting()
        finally:
            self._writing.release()

    def _wait_to_write(self, work: Work) -> None:
        if self._writing.acquire(timeout=max(min(work.call.remaining(), self._timeout), 0)):
            return
        with suppress(ValueError):
            self._waiting.remove(work)
            raise LateError if work.call.remaining() <= 0 else BusyError
        # Another thread carries it out: this one cannot say that nothing was written.
        self._writing.acquire()

    def _carry_out_waiting(self) -> None:
        works = [self._waiting.popleft() for _ in range(len(self._waiting))]
        together = [work for work in works if not work.is_alone]
        for group in (together, *([work] for work in works if work.is_alone)):
            if group:
                self._carry_out(group)

    def _carry_out(self, works: Sequence[Work]) -> None:
        """Run functions in one transaction and commit it.

        An error of the transaction is the error of each: also a function that failed may have seen what is now undone.
        Only of one that has itself ended the transaction the others need not share the error.
        """
        try:
            self._connections.run(partial(self._commit, works))
        except UndoneError as undone:
            for work in works:
                work.error = work.error if work.has_ended_all else undone
        except BaseException as error:  # each thread raises it for itself
            for work in works:
                work.error = error
        for work in works:
            work.is_done = True

    def _commit(self, works: Sequence[Work], connection: Connection) -> None:
        connection.end_by(max(work.call.deadline for work in works), works[0].call.trace)
        connection.begin_write()
        try:
            for work in works:
                self._run(connection, work, is_alone=len(works) == 1)
        except BaseException:
            self._roll_back(connection)
            raise
        connection.end_by(math.inf)
        begun = self._now()
        try:
            self._end(works, connection)
        except BaseException as error:
            self._roll_back(connection)
            if self._may_have_happened(error):
                if self._observer is not None:
                    self._observer.lost()
                raise CommitLostError from error
            raise
        if self._observer is not None:
            self._observer.committed(time.monotonic() - begun, len(works))

    def _end(self, works: Sequence[Work], connection: Connection) -> None:
        traces = [work.call.trace for work in works if work.call.trace is not None]
        if traces:
            traced_commit(traces, len(works), connection.commit)
        else:
            connection.commit()

    def _now(self) -> float:
        """A reading of `time.monotonic`, where somebody wants to know how long things take."""
        return 0.0 if self._observer is None else time.monotonic()

    def _note_wait(self, begun: float) -> None:
        if self._observer is not None:
            self._observer.admitted(time.monotonic() - begun)

    def _run(self, connection: Connection, work: Work, *, is_alone: bool) -> None:
        writer = Writer(connection, self._backend, work.call.limits.purge_age)
        connection.end_by(work.call.deadline, work.call.trace)
        if is_alone:
            work.run(writer)
            return
        connection.run("SAVEPOINT work")
        try:
            work.run(writer)
        except Exception as error:  # its own thread raises it; the others go on without it
            work.error = error
            try:
                connection.run("ROLLBACK TO work")
            except self._backend.driver.Error:
                # The whole transaction has ended, as it does when the disk is full, or a statement took too long.
                work.has_ended_all = True
                raise UndoneError from None
        connection.run("RELEASE work")

    def _may_have_happened(self, error: BaseException) -> bool:
        """Whether a commit that failed may have happened all the same, its response lost on the way."""
        is_response = (
            not isinstance(error, self._backend.driver.Error) or self._backend.failure(error) is Failure.CONTENTION
        )
        return isinstance(error, FileError) or (self._backend.is_remote and not is_response)

    def _roll_back(self, connection: Connection) -> None:
        """End a transaction, or the connection if even that fails, as on a Galera node that has lost its cluster."""
        try:
            connection.run("ROLLBACK")
        except Exception:  # SQLite has ended the transaction itself; a database in memory must stay open
            if self._backend.is_remote:
                connection.close()
