"""The use cases of turns: who may drive a session now.

Each turn has a token that is larger than all before it (a fencing token: Kleppmann, "How to do distributed locking",
2016). Whether a turn is current is judged by the database's clock alone, while its session is locked.
"""

from datetime import timedelta

from google.protobuf.empty_pb2 import Empty

from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session.v1.session_service_pb2 import AcquireTurnRequest, ReleaseTurnRequest, RenewTurnRequest
from activity_session.v1.turn_pb2 import TurnLease
from activity_session_server.rules.access import permissions
from activity_session_server.rules.calls import Call
from activity_session_server.rules.errors import ServiceError
from activity_session_server.rules.names import Kind
from activity_session_server.store import Store, Writer
from activity_session_server.store.idempotency import WHOLE, Record, take_back
from activity_session_server.store.queries import turns
from activity_session_server.store.queries.heads import Head
from activity_session_server.usecases import access

DEFAULT_TTL = timedelta(seconds=30)


def acquire_turn(store: Store, call: Call, request: AcquireTurnRequest, session_uid: str = "") -> TurnLease:
    """Take the turn, unless another participant holds it; `session_uid` is that of the session that the call waits for.

    A request that comes again gets its turn again while that is current, and a new one after that.

    Raises:
        ServiceError: TURN_HELD, with the holder and the end of its turn.
    """
    ttl = _ttl(request)
    access.check_namespace(request.session, request.participant, "participant")

    def acquire(writer: Writer) -> TurnLease:
        head = access.lock_usable_head(writer, call, request.session, request.uid or session_uid)
        access.hold_usable_participants(writer, request.session, [request.participant])
        if head.turn and head.turn.holder != request.participant:
            raise _held(head.turn)
        return turns.give_turn(writer, head, request.participant, head.now + ttl)

    def is_current(writer: Writer, lease: TurnLease) -> bool:
        turn = access.lock_usable_head(writer, call, request.session, request.uid).turn
        return turn is not None and turn.token == lease.token

    record: Record[TurnLease] = WHOLE._replace(holds=is_current, can_be_undone=True)
    return store.write(call, acquire, request, record)


def renew_turn(store: Store, call: Call, request: RenewTurnRequest) -> TurnLease:
    """Keep the current turn."""
    ttl = _ttl(request)

    def renew(writer: Writer) -> TurnLease:
        head = access.lock_usable_head(writer, call, request.session, request.uid)
        turn = current(call, head, request.token)
        return turns.extend_turn(writer, head, turn, head.now + ttl)

    return store.write(call, renew, request)


def release_turn(store: Store, call: Call, request: ReleaseTurnRequest) -> Empty:
    """Release the newest turn, also when it has expired or was released before."""

    def release(writer: Writer) -> Empty:
        head = access.lock_usable_head(writer, call, request.session, request.uid)
        if request.token != head.turn_token:
            raise _lost(head, request.token)
        if head.turn:
            permissions.check_acts_as(call, "token", head.turn.holder)
        turns.end_turn(writer, head)
        return Empty()

    return store.write(call, release, request)


def hand_back_turn(store: Store, call: Call, given: Call, request: AcquireTurnRequest, lease: TurnLease) -> None:
    """Release a turn that the caller of the call `given` cannot have got, unless its request came again and has got it.

    The server makes the `call` by itself: that caller may have lost the right to meanwhile.
    """

    def hand_back(writer: Writer) -> None:
        if take_back(writer, given, request):
            head = access.lock_usable_head(writer, call, lease.session, request.uid)
            if head.turn_token == lease.token:
                turns.end_turn(writer, head)

    store.write(call, hand_back, ReleaseTurnRequest(session=lease.session))


def check_append(call: Call, head: Head, token: int) -> None:
    """Refuse an append whose turn is over, or that lacks the token that the session's settings require."""
    if token:
        current(call, head, token)
    elif head.settings.require_turn:
        raise ServiceError(
            ErrorReason.ERROR_REASON_TURN_REQUIRED,
            f"{head.name} takes events only with the turn_token of the current turn",
            kind=Kind.SESSION,
            metadata={"resource": head.name},
        )


def current(call: Call, head: Head, token: int) -> TurnLease:
    """The current turn, for a caller who has its token; as a participant only for the one who holds it.

    Raises:
        ServiceError: TURN_LOST, PERMISSION_DENIED.
    """
    if head.turn is None or head.turn.token != token:
        raise _lost(head, token)
    permissions.check_acts_as(call, "token", head.turn.holder)
    return head.turn


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
        f"the turn {token} of {head.name} is over",
        kind=Kind.SESSION,
        metadata={"resource": head.name, "token": str(token)},
    )
