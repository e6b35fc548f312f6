"""The use cases of turns: who may drive a session now.

Each turn has a token that is larger than all before it (a fencing token: Kleppmann, "How to do distributed locking",
2016). Whether a turn is current is judged by the database's clock alone, while its session is locked.
"""

from datetime import timedelta

from google.protobuf.empty_pb2 import Empty

from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session.v1.session_service_pb2 import AcquireTurnRequest, ReleaseTurnRequest, RenewTurnRequest
from activity_session.v1.turn_pb2 import TurnLease
from activity_session_server.rules.calls import Call
from activity_session_server.rules.errors import Kind, ServiceError, not_found
from activity_session_server.store import Store, Writer
from activity_session_server.store.queries import turns
from activity_session_server.store.queries.heads import Head
from activity_session_server.usecases import access

DEFAULT_TTL = timedelta(seconds=30)


def acquire_turn(store: Store, call: Call, request: AcquireTurnRequest, session_uid: str = "") -> TurnLease:
    """Take the turn, if nobody else holds it; with a uid, only of that session and not of a later one of its name.

    Raises:
        ServiceError: TURN_HELD, with the holder and the end of its turn.
    """
    ttl = _ttl(request)
    access.check_namespace(request.session, request.participant, "participant")

    def acquire(writer: Writer) -> TurnLease:
        head = access.head_to_change(writer, call, request.session)
        if session_uid not in ("", head.session.uid):
            raise not_found(Kind.SESSION, request.session)
        access.usable_participants(writer, head.session, [request.participant])
        if head.session.HasField("turn") and head.session.turn.holder != request.participant:
            raise _held(head.session.turn)
        return turns.give_turn(writer, head, request.participant, head.now + ttl)

    return store.write(call, acquire, request)


def renew_turn(store: Store, call: Call, request: RenewTurnRequest) -> TurnLease:
    """Keep the current turn."""
    ttl = _ttl(request)

    def renew(writer: Writer) -> TurnLease:
        head = access.head_to_change(writer, call, request.session)
        check_current(head, request.token)
        return turns.extend_turn(writer, head, head.now + ttl)

    return store.write(call, renew)


def release_turn(store: Store, call: Call, request: ReleaseTurnRequest) -> Empty:
    """Hand the newest turn back, also when it has expired or was handed back before."""

    def release(writer: Writer) -> Empty:
        head = access.head_to_change(writer, call, request.session)
        if request.token != head.turn_token:
            raise _lost(head, request.token)
        turns.end_turn(writer, head)
        return Empty()

    return store.write(call, release)


def check_append(head: Head, token: int) -> None:
    """Refuse an append whose turn is over, or that lacks the token that the session's settings require."""
    if token:
        check_current(head, token)
    elif head.settings.require_turn:
        raise ServiceError(
            ErrorReason.ERROR_REASON_TURN_REQUIRED,
            f"{head.session.name} takes events only with the turn_token of the current turn",
            kind=Kind.SESSION,
            metadata={"resource": head.session.name},
        )


def check_current(head: Head, token: int) -> None:
    """Refuse a token that is not that of the current turn."""
    if not head.session.HasField("turn") or head.session.turn.token != token:
        raise _lost(head, token)


def _ttl(request: AcquireTurnRequest | RenewTurnRequest) -> timedelta:
    return request.ttl.ToTimedelta() if request.HasField("ttl") else DEFAULT_TTL


def _held(turn: TurnLease) -> ServiceError:
    expires = turn.expire_time.ToJsonString()
    return ServiceError(
        ErrorReason.ERROR_REASON_TURN_HELD,
        f"{turn.holder} holds the turn of {turn.session} until {expires}",
        kind=Kind.SESSION,
        metadata={"resource": turn.session, "holder": turn.holder, "expire_time": expires},
    )


def _lost(head: Head, token: int) -> ServiceError:
    return ServiceError(
        ErrorReason.ERROR_REASON_TURN_LOST,
        f"the turn {token} of {head.session.name} is over",
        kind=Kind.SESSION,
        metadata={"resource": head.session.name, "token": str(token)},
    )
