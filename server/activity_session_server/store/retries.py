"""Retries: whether a function is run again after an error, and after how long.

While others are in the way it is run again for about as long as the database may take; what cannot be reached is tried
a few times. A commit that may have happened is settled by running the function again, whatever the error, but not for
longer than some seconds: its call holds what others need.
"""

import logging
import random
import time

from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session_server.rules.calls import Call
from activity_session_server.rules.errors import ServiceError, deadline_exceeded
from activity_session_server.store.backends import Backend, Failure
from activity_session_server.store.backends.files import FileError
from activity_session_server.store.commits import CommitLostError, LateError, UndoneError
from activity_session_server.store.driver.connections import BusyError
from activity_session_server.store.driver.outage import AwayError
from activity_session_server.store.idempotency import Claim
from activity_session_server.store.readers import Raced

_log = logging.getLogger("activity_session.store")
# Its own generator, so that no common seed can make servers wait in step.
_jitter = random.SystemRandom()
# All of these are in seconds.
_FIRST_DELAY, _LONGEST_DELAY = 0.005, 0.25
_SETTLING = 5.0
# A database that is down stays down for longer than a caller should hold a thread of the server.
_TRIES_UNREACHABLE = 4
_OWN_FAILURES: dict[type[Exception], Failure] = {
    Raced: Failure.CONTENTION,
    BusyError: Failure.CONTENTION,
    UndoneError: Failure.CONTENTION,
    LateError: Failure.TIMEOUT,
    CommitLostError: Failure.UNREACHABLE,
    AwayError: Failure.AWAY,
    FileError: Failure.AWAY,
}
# Causes of another run, beside the names of failures.
IN_DOUBT = "in_doubt"
# The errors after which a function may be run again, beside those of the driver.
OWN_ERRORS = tuple(_OWN_FAILURES)


class Retries:
    """The runs of one function. `timeout` is how many seconds others may be in the way."""

    def __init__(self, call: Call, claim: Claim | None, backend: Backend, timeout: float, begun: float) -> None:
        """`begun` is when the first run began, a reading of `time.monotonic`."""
        self._call = call
        self._claim = claim
        self._backend = backend
        self._timeout = timeout
        self._begun = begun
        # Why the function is run again, by the name of a failure; a commit that is in doubt is one by itself.
        self.cause = ""
        self._runs = 0
        # When a commit was lost; it is in doubt from then on.
        self._lost: float | None = None

    def delay_after(self, error: Exception) -> float:
        """How many seconds to wait before the function is run again.

        Raises:
            ServiceError: it is not run again.
            Exception: the error itself, one that nobody foresaw.
        """
        self._runs += 1
        delay = _jitter.uniform(0, min(_FIRST_DELAY * 2 ** (self._runs - 1), _LONGEST_DELAY))
        failure = _OWN_FAILURES.get(type(error)) or self._backend.failure(error)
        if isinstance(error, CommitLostError) and self._lost is None:
            self._lost = time.monotonic()
        if self._lost is not None:
            refusal = self._outcome(error, self._lost, delay)
        elif failure is Failure.OTHER:
            # For the log, which has the error whole.
            error.add_note(self._backend.cause(error))
            raise error
        else:
            refusal = self._refusal(error, failure, delay)
        if refusal is not None:
            raise refusal from error
        self.cause = failure.name.lower() if self._lost is None else IN_DOUBT
        more = {"cause": self.cause, "run": self._runs, "call_id": self._call.call_id}
        _log.debug("a transaction is run again", extra=more)
        return delay

    def _refusal(self, error: Exception, failure: Failure, delay: float) -> ServiceError | None:
        """The error for a call whose transaction was undone; None as long as it is to be run again."""
        is_late = self._call.remaining() <= delay
        match failure:
            case Failure.AWAY | Failure.DAMAGED:
                return self._unavailable(error)
            case Failure.UNREACHABLE:
                return self._unavailable(error) if is_late or self._runs >= _TRIES_UNREACHABLE else None
            case _ if is_late:
                return deadline_exceeded(self._call.seconds)
            case Failure.TIMEOUT:
                return self._too_slow()
        return self._busy() if time.monotonic() - self._begun >= self._timeout else None

    def _outcome(self, error: Exception, lost: float, delay: float) -> ServiceError | None:
        """The error for a call whose commit could not be settled; None while there is time to settle it.

        The caller's own request id makes a retry safe.
        """
        # Without a claim, as on SQLite, a second run could make the change twice.
        if self._claim is not None and min(self._call.remaining(), lost + _SETTLING - time.monotonic()) > delay:
            return None
        if self._claim is not None and self._claim.by_caller:
            return self._unavailable(error)
        origin = _origin(error)
        lost_by = "the connection to the database was lost during the commit"
        message = f"{origin if isinstance(origin, FileError) else lost_by}; the change may have been made"
        return self._refused(ErrorReason.ERROR_REASON_COMMIT_OUTCOME_UNKNOWN, message, error)

    def _too_slow(self) -> ServiceError:
        message = f"a statement took longer than the {self._timeout} s that the database has; nothing was written"
        return ServiceError(ErrorReason.ERROR_REASON_DEADLINE_EXCEEDED, message)

    def _busy(self) -> ServiceError:
        message = f"other writers were in the way for {self._timeout} s; nothing was written"
        return ServiceError(ErrorReason.ERROR_REASON_DATABASE_BUSY, message)

    def _unavailable(self, error: Exception) -> ServiceError:
        sentence = self._backend.sentence(_origin(error))
        return self._refused(ErrorReason.ERROR_REASON_DATABASE_UNAVAILABLE, sentence, error)

    def _refused(self, reason: ErrorReason.ValueType, message: str, error: Exception) -> ServiceError:
        """The error for a caller; the log also has what the database has said."""
        origin = _origin(error)
        said = str(origin) if isinstance(origin, OWN_ERRORS) else self._backend.cause(origin)
        return ServiceError(reason, message, logged=message if said in ("", message) else f"{message}: {said}")


def _origin(error: Exception) -> BaseException:
    """The error of the database because of which one of our own was raised, if there is one."""
    return error.__cause__ or error
