"""The use case of RewindSession: a session as it was at a number, its log and its state together."""

from activity_session.v1.session_service_pb2 import RewindSessionRequest, RewindSessionResponse
from activity_session.v1.state_pb2 import StateUpdate
from activity_session_server.rules.calls import Call
from activity_session_server.rules.errors import invalid_field
from activity_session_server.rules.history.ranges import Range
from activity_session_server.store import Store, Writer
from activity_session_server.store.idempotency import Record
from activity_session_server.store.queries.heads import Head
from activity_session_server.store.queries.history import past_state
from activity_session_server.store.queries.state import Owner
from activity_session_server.usecases import access, events, state, turns
from activity_session_server.usecases.history.supersessions import append_mark, with_reason


def rewind_session(store: Store, call: Call, request: RewindSessionRequest) -> RewindSessionResponse:
    """Take all that came after a number out of view, and the state back to what it was then."""

    def rewind(writer: Writer) -> RewindSessionResponse:
        head = access.lock_usable_head(writer, call, request.name, request.uid)
        turns.check_append(call, head, request.turn_token)
        events.check_expected(writer, head, request)
        _check_place(head, request.sequence)
        if request.sequence == head.last_sequence:
            return RewindSessionResponse(last_sequence=head.last_sequence)
        keys = [] if request.keep_state else _restore(writer, call, head, request.sequence)
        covered = [Range(request.sequence + 1, head.last_sequence)]
        superseded = append_mark(writer, call, head, covered, reason=request.reason)
        return RewindSessionResponse(
            mark=superseded.mark, last_sequence=superseded.last_sequence, state_keys=sorted(keys)
        )

    record = Record(lambda response: _with_reason(response, ""), lambda _, kept: _with_reason(kept, request.reason))
    return store.write(call, rewind, request, record)


def _check_place(head: Head, sequence: int) -> None:
    if sequence > head.last_sequence:
        text = f"{sequence} is beyond the session's last, which is {head.last_sequence}"
        raise invalid_field("sequence", text)


def _restore(writer: Writer, call: Call, head: Head, sequence: int) -> list[str]:
    """Give a locked session the state that it had at a number, as changes that come with the mark; returns the keys.

    Raises:
        ServiceError: STATE_PURGED.
    """
    then, now = _values_at(writer, head, sequence), _values_at(writer, head, head.last_sequence)
    changed = [key for key in then.keys() | now.keys() if then.get(key) != now.get(key)]
    owner = Owner(head.uid, head.name)
    updates = [
        (owner, StateUpdate(key=key, value_json=then[key]) if key in then else StateUpdate(key=key, delete=True))
        for key in changed
    ]
    state.write(writer, call, state.lock(writer, updates), "sequence", state.Moment(head, head.last_sequence + 1))
    return changed


def _values_at(writer: Writer, head: Head, sequence: int) -> dict[str, str]:
    return {key: entry.value_json for key, entry in past_state.state_at(writer, head, sequence).items()}


def _with_reason(response: RewindSessionResponse, reason: str) -> RewindSessionResponse:
    changed = RewindSessionResponse()
    changed.CopyFrom(response)
    if changed.HasField("mark"):
        changed.mark.CopyFrom(with_reason(changed.mark, reason))
    return changed
