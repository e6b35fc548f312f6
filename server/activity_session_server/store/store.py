"""The store: a transaction is a function, so that it can be run again, and together with others (`commits`).

`write` begins, runs the function, commits, and repeats all of it while the database says that others were in the way
(a busy file, a deadlock, a lost certification on Galera, which shows only at the commit). The function therefore reads
what it needs each time, and does nothing but talk to the database.

A commit whose response is lost may have happened. So every write over a network first claims a request id, the
caller's or one of its own: when it is run again, it finds the claim committed, waits for it, or makes it anew, and the
effect is never applied twice.
"""

import itertools
import random
import time
from collections.abc import Callable, Collection
from typing import TypeVar

from google.protobuf.message import Message
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session_server.rules.calls import Call
from activity_session_server.rules.errors import ServiceError, deadline_exceeded
from activity_session_server.store import idempotency
from activity_session_server.store.backends import Failure, backend_of
from activity_session_server.store.commits import CommitLostError, Commits, LateError, Work
from activity_session_server.store.connections import Connection, Connections, NoneIdleError
from activity_session_server.store.readers import Raced, Reader, Writer

# Spreads load, keeps no secret; its own generator, so that no common seed can make servers wait in step.
_jitter = random.Random()  # noqa: S311
_FIRST_DELAY, _LONGEST_DELAY = 0.005, 0.25

T = TypeVar("T")
# How often a function is run at most while others are in the way: some seconds of waiting in all.
_TRIES_UNDER_CONTENTION = 25
# A database that is down stays down for longer than a caller should hold a thread of the server.
_TRIES_UNREACHABLE = 4


class Store:
    """Runs functions in transactions of one database."""

    def __init__(self, engine: Engine, connections: int, timeout: float) -> None:
        """Use at most `connections`; `timeout` is how many seconds to wait while all are in use."""
        # Called after each commit with the uids of the sessions that it has changed. Set before any call is served.
        self.on_commit: Callable[[Collection[str]], None] = lambda _: None
        self.engine = engine
        self._backend = backend_of(engine)
        self._connections = Connections(engine, connections, timeout)
        self._commits = Commits(self._connections, self._backend)
        self._retried = (Raced, LateError, CommitLostError, NoneIdleError, SQLAlchemyError, self._backend.driver.Error)

    def read(self, call: Call, fn: Callable[[Reader], T]) -> T:
        """Run a function that reads. Each of its statements sees one moment of its own.

        Raises:
            ServiceError: DATABASE_UNAVAILABLE or DATABASE_BUSY, when the database did not respond after some tries.
        """

        def read(connection: Connection) -> T:
            return fn(Reader(connection, self._backend))

        return self._retrying(call, lambda: self._connections.run(read), None)

    def write(
        self,
        call: Call,
        fn: Callable[[Writer], T],
        request: Message | None = None,
        record: idempotency.Record[T] = idempotency.WHOLE,
    ) -> T:
        """Run a function that writes, in a transaction: all of it is committed, or nothing.

        With a `request` that has a request id, the answer is kept, as `record` says, and returned to the same request
        when it comes again.

        Raises:
            ServiceError: what the function raises; DATABASE_UNAVAILABLE, DATABASE_BUSY, DEADLINE_EXCEEDED when
                nothing was written; COMMIT_OUTCOME_UNKNOWN; REQUEST_ID_REUSED.
        """
        claim = idempotency.Claim.of(call, request, always=self._backend.is_remote)

        def fulfil(writer: Writer) -> T:
            return fn(writer) if claim is None else claim.fulfil(writer, fn, record)

        def once() -> T:
            work = Work(call, fulfil)
            self._commits.carry_out(work)
            returned: T = work.outcome()
            if work.changed:
                self.on_commit(work.changed)
            return returned

        return self._retrying(call, once, claim)

    def close(self) -> None:
        """Close all connections; no call may come after that."""
        self._connections.close()
        self.engine.dispose()

    def _retrying(self, call: Call, once: Callable[[], T], claim: idempotency.Claim | None) -> T:
        in_doubt = False
        for tries in itertools.count(1):
            try:
                return once()
            except self._retried as error:
                delay = _delay(tries)
                failure = self._failure(error)
                in_doubt = in_doubt or isinstance(error, CommitLostError)
                if failure is Failure.OTHER and not in_doubt:
                    raise
                is_late = failure is Failure.TIMEOUT or call.remaining() <= delay
                verdict = _outcome(claim, is_late=is_late) if in_doubt else _refusal(failure, tries, is_late=is_late)
                if verdict is not None:
                    raise verdict from error
            time.sleep(delay)
        raise AssertionError("counting does not end")

    def _failure(self, error: Exception) -> Failure:
        match error:
            case Raced() | NoneIdleError():
                return Failure.CONTENTION
            case LateError():
                return Failure.TIMEOUT
            case CommitLostError():
                return Failure.UNREACHABLE
        return self._backend.failure(error)


def _delay(tries: int) -> float:
    """Exponential backoff with full jitter."""
    return _jitter.uniform(0, min(_FIRST_DELAY * 2 ** (tries - 1), _LONGEST_DELAY))


def _refusal(failure: Failure, tries: int, *, is_late: bool) -> ServiceError | None:
    """The error for a call whose transaction was undone; None as long as it is to be run again."""
    if failure is Failure.UNREACHABLE:
        return _unavailable() if is_late or tries >= _TRIES_UNREACHABLE else None
    if is_late:
        return deadline_exceeded()
    if tries < _TRIES_UNDER_CONTENTION:
        return None
    return ServiceError(ErrorReason.ERROR_REASON_DATABASE_BUSY, "too many writers at once; nothing was written")


def _outcome(claim: idempotency.Claim | None, *, is_late: bool) -> ServiceError | None:
    """The error for a call whose commit was lost and could not be settled; None while there is time to settle it.

    The caller's own request id makes a retry safe.
    """
    if not is_late:
        return None
    if claim is not None and claim.by_caller:
        return _unavailable()
    return ServiceError(
        ErrorReason.ERROR_REASON_COMMIT_OUTCOME_UNKNOWN,
        "the connection to the database was lost during the commit; the change may have been made",
    )


def _unavailable() -> ServiceError:
    return ServiceError(ErrorReason.ERROR_REASON_DATABASE_UNAVAILABLE, "the database cannot be reached")
