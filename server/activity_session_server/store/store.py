"""The store: a transaction is a function, so that it can be run again, and together with others (`commits`).

`write` begins, runs the function, commits, and repeats all of it while the database says that others were in the way
(a busy file, a deadlock, a lost certification on Galera, which shows only at the commit). The function therefore reads
what it needs each time, and does nothing but talk to the database.

A commit whose response is lost may have happened. So every write over a network first claims a request id, the
caller's or one of its own: when it is run again, it finds the claim committed, waits for it, or makes it anew, and the
effect is never applied twice.
"""

import time
from collections.abc import Callable, Collection
from contextlib import nullcontext
from datetime import datetime
from typing import Any, TypeVar

from google.protobuf.message import Message
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from activity_session_server.rules.calls import Call
from activity_session_server.store import idempotency
from activity_session_server.store.backends import Signals, backend_of
from activity_session_server.store.commits import Commits, Work
from activity_session_server.store.driver.connections import Connection, Connections
from activity_session_server.store.known import Known
from activity_session_server.store.observer import Observer
from activity_session_server.store.readers import Reader, Writer, utc_clock
from activity_session_server.store.retries import OWN_ERRORS, Retries
from activity_session_server.store.writer_queues import Aside

T = TypeVar("T")

# Ranges of logs that a process remembers: about 15 MB.
_KNOWN_RANGES = 100_000


class Store:
    """Runs functions in transactions of one database."""

    def __init__(
        self,
        engine: Engine,
        connections: int,
        timeout: float,
        aside: Aside = nullcontext,
        observer: Observer | None = None,
    ) -> None:
        """Use at most `connections`; `timeout` is how many seconds a statement may take, and others be in the way.

        A thread that waits for others enters `aside`, so that another one can work meanwhile; an `observer` is told
        what it had to wait for.
        """
        # Called after each commit with the uids of the sessions that it has changed. Set before any call is served.
        self.on_commit: Callable[[Collection[str]], None] = lambda _: None
        self.engine = engine
        self._backend = backend_of(engine)
        self._timeout = timeout
        self._aside = aside
        self._observer = observer
        self._connections = Connections(engine, connections, timeout, observer)
        self._commits = Commits(self._connections, self._backend, timeout, aside, observer)
        self._logs: Known[Any] = Known(_KNOWN_RANGES)
        self._older_claims_end: datetime | None = None
        self._retried = (*OWN_ERRORS, SQLAlchemyError, self._backend.driver.Error)

    @property
    def connections(self) -> Connections:
        """Its connections, for those who count them."""
        return self._connections

    def read(self, call: Call, fn: Callable[[Reader], T]) -> T:
        """Run a function that reads. Each of its statements sees one moment of its own.

        Raises:
            ServiceError: what the function raises; DATABASE_UNAVAILABLE, DATABASE_BUSY, DEADLINE_EXCEEDED.
        """

        def read(connection: Connection) -> T:
            connection.end_by(call.deadline, call.trace)
            return fn(Reader(connection, self._backend, call.limits.purge_age, self._logs))

        return self._retrying(call, lambda: self._connections.run(read), None)

    def write(
        self,
        call: Call,
        fn: Callable[[Writer], T],
        request: Message | None = None,
        record: idempotency.Record[T] = idempotency.WHOLE,
        *,
        is_alone: bool = False,
    ) -> T:
        """Run a function that writes, in a transaction: all of it is committed, or nothing.

        Where it `is_alone`, other calls do not share that transaction.

        With a `request` that is about a session, it first waits for the other writers of that session. If the request
        has a request id, the answer is kept, as `record` says, and returned to the same request when it comes again.

        Raises:
            ServiceError: what the function raises; DATABASE_UNAVAILABLE, DATABASE_BUSY, DEADLINE_EXCEEDED when
                nothing was written; COMMIT_OUTCOME_UNKNOWN; REQUEST_ID_REUSED.
        """
        has_older = self._older_claims_end is not None and utc_clock() < self._older_claims_end
        claim = idempotency.Claim.of(call, request, always=self._backend.is_remote, has_older=has_older)

        def fulfil(writer: Writer) -> T:
            return fn(writer) if claim is None else claim.fulfil(writer, fn, record)

        def once() -> T:
            work = Work(call, fulfil, request, is_alone=is_alone)
            self._commits.carry_out(work)
            returned: T = work.outcome()
            if work.changed:
                self.on_commit(work.changed)
            return returned

        return self._retrying(call, once, claim)

    def check_file(self, call: Call) -> None:
        """Look whether SQLite's file is where it was opened; writes are refused from when it is not until it is again.

        Raises:
            ServiceError: DATABASE_UNAVAILABLE.
        """
        self._retrying(call, self._connections.check_file, None)

    def look_for_older_claims(self, call: Call) -> None:
        """Find out whether an older version has left claims in the database; before any call is served."""
        self._older_claims_end = self.read(call, idempotency.older_claims_end)

    def signals(self, receive: Callable[[Collection[str]], None]) -> Signals:
        """The signals between servers; `receive` is called with the uids of sessions that others have written to."""
        return self._backend.signals(receive)

    def close(self) -> None:
        """Close all connections; no call may come after that."""
        self._connections.close()
        self.engine.dispose()

    def _retrying(self, call: Call, once: Callable[[], T], claim: idempotency.Claim | None) -> T:
        begun, retries = time.monotonic(), None
        while True:
            try:
                return once()
            except self._retried as error:
                self._connections.judge(error)
                retries = retries or Retries(call, claim, self._backend, self._timeout, begun)
                delay = retries.delay_after(error)
                if self._observer is not None:
                    self._observer.retried(retries.cause)
            with self._aside():
                time.sleep(delay)
