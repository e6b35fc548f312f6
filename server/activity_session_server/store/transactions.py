"""The store: a transaction is a function, so that it can be run again.

`write` begins, runs the function, commits, and repeats all of it while the database says that others were in the way
(a busy file, a deadlock, a lost certification on Galera, which shows only at the commit). The function therefore reads
what it needs each time, and does nothing but talk to the database.

A commit whose answer is lost may have happened. So every write over a network claims a request id first, the caller's
or one of its own: running it again either finds the claim committed, waits for it, or makes it anew, and never applies
the effect twice.
"""

import random
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import TypeVar

from google.protobuf.message import Message
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session_server.calls import Call
from activity_session_server.errors import ServiceError, deadline_exceeded
from activity_session_server.store import requests
from activity_session_server.store.backends import Failure, backend_of
from activity_session_server.store.readers import Raced, Reader, Writer

# Spreads load, keeps no secret; of its own, so that nobody's seed can make servers wait in step.
_jitter = random.Random()  # noqa: S311
_FIRST_DELAY, _LONGEST_DELAY = 0.005, 0.25

T = TypeVar("T")
# How often a function is run while others are in the way: some seconds of waiting in all.
_TRIES_UNDER_CONTENTION = 25
# A database that is down stays down for longer than a caller should hold a thread of the server.
_TRIES_UNREACHABLE = 4


class _LateError(Exception):
    """The deadline has passed, and what was begun is undone."""


class _CommitLostError(Exception):
    """The connection broke during COMMIT: it may have happened or not."""


class Store:
    """Runs functions in transactions of one database."""

    def __init__(self, engine: Engine) -> None:
        # Told, after each commit, the keys of the sessions that it has changed.
        self.on_commit: Callable[[Collection[str]], None] = lambda _: None
        self._engine = engine
        self._backend = backend_of(engine)
        self._turn = threading.Lock()

    def read(self, call: Call, fn: Callable[[Reader], T]) -> T:
        """Run a function that reads. Each of its statements sees one moment of its own.

        Raises:
            ServiceError: DATABASE_UNAVAILABLE or DATABASE_BUSY, when the database did not answer after some tries.
        """

        def once() -> T:
            with self._connected() as connection:
                return fn(Reader(connection, self._backend))

        return self._retrying(call, once, None)

    def write(self, call: Call, fn: Callable[[Writer], T], request: Message | None = None) -> T:
        """Run a function that writes, in one transaction: all of it is committed, or nothing.

        With a `request` that carries a request id, the answer is kept with it; the same request gets it again.

        Raises:
            ServiceError: what the function raises; DATABASE_UNAVAILABLE, DATABASE_BUSY, DEADLINE_EXCEEDED when
                nothing was written; COMMIT_OUTCOME_UNKNOWN; REQUEST_ID_REUSED.
        """
        claim = requests.Claim.of(call, request, always=self._backend.commit_can_be_lost)

        def once() -> T:
            with self._writing(call) as writer:
                if claim is None:
                    return fn(writer)
                return claim.fulfil(writer, fn)

        return self._retrying(call, once, claim)

    def close(self) -> None:
        """Close the pool; connections in use are closed when they come back."""
        self._engine.dispose()

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        connection = self._engine.connect()
        try:
            yield connection
        finally:
            connection.close()

    @contextmanager
    def _writing(self, call: Call) -> Iterator[Writer]:
        with self._turn_to_write(call), self._connected() as connection:
            _check_deadline(call)
            connection.exec_driver_sql(self._backend.begin_write)
            writer = Writer(connection, self._backend)
            try:
                yield writer
                _check_deadline(call)
            except BaseException:
                _roll_back(connection)
                raise
            self._commit(connection)
        if writer.changed:
            self.on_commit(writer.changed)

    @contextmanager
    def _turn_to_write(self, call: Call) -> Iterator[None]:
        if not self._backend.one_writer:
            yield
            return
        if not self._turn.acquire(timeout=max(call.remaining(), 0)):
            raise _LateError
        try:
            yield
        finally:
            self._turn.release()

    def _commit(self, connection: Connection) -> None:
        try:
            connection.exec_driver_sql("COMMIT")
        except BaseException as error:
            _roll_back(connection)
            if self._may_have_happened(error):
                raise _CommitLostError from error
            raise

    def _may_have_happened(self, error: BaseException) -> bool:
        """Whether a commit that failed can be there all the same: its answer was lost on the way."""
        is_answer = not isinstance(error, DBAPIError) or self._backend.failure(error) is Failure.CONTENTION
        return self._backend.commit_can_be_lost and not is_answer

    def _retrying(self, call: Call, once: Callable[[], T], claim: requests.Claim | None) -> T:
        in_doubt = False
        for tries, delay in enumerate(_delays(), start=1):
            try:
                return once()
            except (Raced, _LateError, _CommitLostError, SQLAlchemyError) as error:
                failure = self._failure(error)
                in_doubt = in_doubt or isinstance(error, _CommitLostError)
                if failure is Failure.OTHER and not in_doubt:
                    raise
                is_late = failure is Failure.TIMEOUT or call.remaining() <= delay
                verdict = _outcome(claim, is_late=is_late) if in_doubt else _refusal(failure, tries, is_late=is_late)
                if verdict is not None:
                    raise verdict from error
            time.sleep(delay)
        raise AssertionError("the delays do not end")

    def _failure(self, error: Exception) -> Failure:
        match error:
            case Raced():
                return Failure.CONTENTION
            case _LateError():
                return Failure.TIMEOUT
            case _CommitLostError():
                return Failure.UNREACHABLE
        return self._backend.failure(error)


def _delays() -> Iterator[float]:
    """Exponential backoff with full jitter, without end."""
    longest = _FIRST_DELAY
    while True:
        yield _jitter.uniform(0, longest)
        longest = min(2 * longest, _LONGEST_DELAY)


def _check_deadline(call: Call) -> None:
    if call.remaining() <= 0:
        raise _LateError


def _roll_back(connection: Connection) -> None:
    """End a transaction, or the connection where even that fails, as on a Galera node without its cluster."""
    try:
        if not connection.invalidated:
            connection.exec_driver_sql("ROLLBACK")
    except SQLAlchemyError:
        connection.invalidate()


def _refusal(failure: Failure, tries: int, *, is_late: bool) -> ServiceError | None:
    """What a call is refused with whose transaction was undone; None as long as it is to be run again."""
    if failure is Failure.UNREACHABLE:
        return _unavailable() if is_late or tries >= _TRIES_UNREACHABLE else None
    if is_late:
        return deadline_exceeded()
    if tries < _TRIES_UNDER_CONTENTION:
        return None
    return ServiceError(ErrorReason.ERROR_REASON_DATABASE_BUSY, "too many writers at once; nothing was written")


def _outcome(claim: requests.Claim | None, *, is_late: bool) -> ServiceError | None:
    """What a call is told whose commit was lost and could not be settled; None while there is time to settle it.

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
