"""The one exception that a call fails with, and the values it is made of.

Use cases and stores raise `ServiceError` with a reason of the protos' enum; `rpc.status` knows which status each
reason has. Nothing else reaches a caller with its text.
"""

from collections.abc import Iterable

from activity_session.v1.conflict_pb2 import Conflict
from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session_server.rules.names import Kind
from activity_session_server.rules.problems import Problem, Violation, shown

DOMAIN = "activity-session"
_NOT_FOUND = {
    Kind.NAMESPACE: ErrorReason.ERROR_REASON_NAMESPACE_NOT_FOUND,
    Kind.PARTICIPANT: ErrorReason.ERROR_REASON_PARTICIPANT_NOT_FOUND,
    Kind.SESSION: ErrorReason.ERROR_REASON_SESSION_NOT_FOUND,
    Kind.EVENT: ErrorReason.ERROR_REASON_EVENT_NOT_FOUND,
    Kind.MEMORY: ErrorReason.ERROR_REASON_MEMORY_NOT_FOUND,
}
ALREADY_EXISTS = {
    Kind.NAMESPACE: ErrorReason.ERROR_REASON_NAMESPACE_ALREADY_EXISTS,
    Kind.PARTICIPANT: ErrorReason.ERROR_REASON_PARTICIPANT_ALREADY_EXISTS,
    Kind.SESSION: ErrorReason.ERROR_REASON_SESSION_ALREADY_EXISTS,
    Kind.EVENT: ErrorReason.ERROR_REASON_EVENT_ALREADY_EXISTS,
    Kind.MEMORY: ErrorReason.ERROR_REASON_MEMORY_ALREADY_EXISTS,
}


class ServiceError(Exception):
    """Why a call fails: a reason for programs, a message for people.

    `logged` is the message as it stands in the log, where that of the caller shows what is its own: any text of a
    request that is not the name of a resource. `retry_delay` are the seconds after which it makes sense to try
    again; None where that is not known.
    """

    def __init__(
        self,
        reason: ErrorReason.ValueType,
        message: str,
        *,
        logged: str | None = None,
        violations: Iterable[Violation] = (),
        kind: Kind | None = None,
        metadata: dict[str, str] | None = None,
        detail: Conflict | None = None,
        retry_delay: float | None = None,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.logged = message if logged is None else logged
        self.violations = tuple(violations)
        self.kind = kind
        self.metadata = metadata or {}
        self.detail = detail
        self.retry_delay = retry_delay


def invalid(violations: Iterable[Violation]) -> ServiceError:
    """The error for fields that are missing, malformed or too large; `violations` has at least one."""
    found = tuple(violations)
    problem = found[0].problem
    reason, metadata = ErrorReason.ERROR_REASON_INVALID_FIELD, {"field": found[0].path}
    if problem.limit is not None:
        reason = ErrorReason.ERROR_REASON_LIMIT_EXCEEDED
        metadata |= {"limit": str(problem.limit), "size": str(problem.size)}
    message = "; ".join(f"{violation.path}: {violation.problem.message}" for violation in found)
    logged = "; ".join(f"{violation.field}: {violation.problem.text}" for violation in found)
    return ServiceError(reason, message, logged=logged, violations=found, metadata=metadata)


def invalid_field(field: str, text: str, value: str | None = None) -> ServiceError:
    """The error for one malformed field; `text` is a sentence about `value`, if there is one."""
    return invalid([Violation(field, Problem(text, value))])


def about(kind: Kind, reason: ErrorReason.ValueType, name: str, message: str, **metadata: str) -> ServiceError:
    """The error for the condition of a resource."""
    return ServiceError(reason, message, kind=kind, metadata={"resource": name, **metadata})


def not_found(kind: Kind, name: str) -> ServiceError:
    """The error for a resource that is not there."""
    return about(kind, _NOT_FOUND[kind], name, f"{name} does not exist")


def check_uid(kind: Kind, name: str, uid: str, meant: str) -> None:
    """Refuse a call that means another resource than the one that has the name now; any is meant by an empty uid.

    Raises:
        ServiceError: *_NOT_FOUND.
    """
    if meant not in ("", uid):
        raise ServiceError(
            _NOT_FOUND[kind],
            f"{name} with the uid {shown(meant)} does not exist; another one has its name",
            logged=f"{name} with the uid of the request does not exist; another one has its name",
            kind=kind,
            metadata={"resource": name, "uid": meant},
        )


def already_exists(kind: Kind, name: str) -> ServiceError:
    """The error for a name that is taken, by a live or a deleted resource."""
    return about(kind, ALREADY_EXISTS[kind], name, f"{name} already exists, maybe deleted")


def events_purged(session: str, after: int, first: int) -> ServiceError:
    """The error for a reader who wants to go on after a number, where the next event is not there any more."""
    return about(
        Kind.SESSION,
        ErrorReason.ERROR_REASON_EVENTS_PURGED,
        session,
        f"the events of {session} after {after} have been purged up to {first - 1}; those from {first} on are there",
        first_sequence=str(first),
    )


def state_purged(session: str, sequence: int, first: int) -> ServiceError:
    """The error for a reader of the state of a session at a number at which it is not known."""
    return about(
        Kind.SESSION,
        ErrorReason.ERROR_REASON_STATE_PURGED,
        session,
        f"the state of {session} at {sequence} is not known any more; that from {first} on is",
        first_sequence=str(first),
    )


def draining() -> ServiceError:
    """The error for a call that a server cannot finish, since it is shutting down."""
    return ServiceError(
        ErrorReason.ERROR_REASON_SERVER_DRAINING, "the server is shutting down; call another one, or try again later"
    )


def server_full(what: str, limit: int) -> ServiceError:
    """The error for one open call too many."""
    message = f"the server has {limit} {what}, and takes no more"
    return ServiceError(ErrorReason.ERROR_REASON_SERVER_FULL, message, metadata={"limit": str(limit)})


def quota_exceeded(kind: str, name: str, quota: str, limit: int, *, delay: float | None = None) -> ServiceError:
    """The error for more than a quota, a field of `quotas.Quota`; `delay` are the seconds until there is more of it."""
    who = name or "callers without credentials"
    then = "" if delay is None else f"; try again in {delay:.3f} s"
    return ServiceError(
        ErrorReason.ERROR_REASON_QUOTA_EXCEEDED,
        f"the quota {kind}_{quota} of {who} is {limit}, and used up{then}",
        metadata={"quota": f"{kind}_{quota}", "limit": str(limit)} | ({kind: name} if name else {}),
        retry_delay=delay,
    )


def waited_too_long(waited: float, remaining: float) -> ServiceError:
    """The error for a call that a busy server begins too late; both times are in seconds."""
    message = (
        f"the call waited {waited:.3f} s for a thread, longer than the {remaining:.3f} s that are left for its work"
    )
    return ServiceError(ErrorReason.ERROR_REASON_SERVER_FULL, message, metadata={"limit": f"{remaining:.3f}"})


def deadline_exceeded(seconds: float) -> ServiceError:
    """The error for a call that had so many seconds, and whose work was undone when they were over."""
    return ServiceError(
        ErrorReason.ERROR_REASON_DEADLINE_EXCEEDED,
        f"the work was not done within the {seconds:.3g} s that the call had; nothing was written",
    )
