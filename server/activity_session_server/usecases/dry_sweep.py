"""What a sweep would do now, by the conditions by which it would do it; nothing is changed."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from activity_session_server.rules.calls import Call
from activity_session_server.rules.names import Kind, format_name
from activity_session_server.store import Reader, Store
from activity_session_server.store.idempotency import count_over
from activity_session_server.store.queries import former_sessions, state
from activity_session_server.store.queries.swept.aged_events import Aged, aged_sessions, count_due
from activity_session_server.store.queries.swept.due import count_due_sessions, expired_sessions, purgeable_sessions
from activity_session_server.store.queries.swept.expunged import count_rows
from activity_session_server.store.queries.swept.past_state import count_former_values
from activity_session_server.store.readers import utc_clock
from activity_session_server.usecases.due_sessions import NewCall

# No database has more sessions.
_ALL = 2**31 - 1


class Due(NamedTuple):
    """What is due of a kind: how many, and the names of the first sessions.

    `sessions` is how many sessions have the events that are due; 0 for other kinds.
    """

    number: int
    names: Sequence[str] = ()
    sessions: int = 0


def what_is_due(store: Store, new_call: NewCall, most_names: int) -> Iterator[tuple[str, Due]]:
    """What is due of each kind, named as the sweep names it, with at most so many names of sessions."""
    counts = store.read(new_call(), count_due_sessions)
    expired = store.read(new_call(), lambda reader: expired_sessions(reader, most_names))
    yield "expired", Due(counts["expired"], [one.name for one in expired])
    expunged = store.read(new_call(), lambda reader: purgeable_sessions(reader, most_names))
    yield "expunged", Due(counts["expunged"], [one.name for one in expunged])
    yield "purged", _purged(store, new_call, most_names)
    for kind, count in store.read(new_call(), lambda reader: _rows(reader, new_call())).items():
        yield kind, Due(count)


def _purged(store: Store, new_call: NewCall, most_names: int) -> Due:
    found = [one for one in store.read(new_call(), lambda reader: aged_sessions(reader, _ALL)) if one.is_due]
    events = sum(_count(store, new_call(), session) for session in found)
    names = [format_name(Kind.SESSION, one.namespace_id, one.session_id) for one in found[:most_names]]
    return Due(events, names, len(found))


def _count(store: Store, call: Call, session: Aged) -> int:
    return store.read(call, lambda reader: count_due(reader, session))


def _rows(reader: Reader, call: Call) -> dict[str, int]:
    now = utc_clock()
    latest = now - call.limits.purge_age
    return {
        "removed": count_rows(reader),
        "forgotten": count_over(reader),
        "keys": state.count_deleted(reader, latest),
        "values": count_former_values(reader, now - call.limits.state_history_age),
        "names": former_sessions.count_names(reader, latest),
    }
