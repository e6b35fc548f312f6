"""The purge of events that are older than their session keeps them, in batches, the oldest first."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from activity_session_server.rules.calls import Call
from activity_session_server.rules.names import Kind, format_name
from activity_session_server.store import Store, Writer
from activity_session_server.store.batches import FIRST_ROWS, pause_after, rows_after
from activity_session_server.store.queries import namespaces
from activity_session_server.store.queries.swept.aged_events import (
    Aged,
    Purged,
    aged_sessions,
    move_bounds,
    purge_batch,
)

# Sessions that are looked for at a time in each namespace, that are taken up of those, by chance, since other servers
# may sweep too, and of which one transaction moves the bounds.
_FOUND = 2000
_SESSIONS = 200
_BOUNDS = 50
_chance = random.SystemRandom()


def purge_due(note: Callable[[str], None], store: Store, new_call: Callable[[], Call]) -> Iterator[int]:
    """Purge what is due, session by session; `note` is called with the name of each that has lost events.

    Yields how many events a step has removed.
    """
    looked_at: set[str] = set()
    while found := _found(store, new_call(), looked_at):
        looked_at.update(session.uid for session in found)
        yield from _move_bounds(store, new_call, [one for one in found if not (one.is_due or one.has_own_age)])
        for session in found:
            if session.is_due or session.has_own_age:
                yield from _purge(note, store, new_call, session)


def _found(store: Store, call: Call, looked_at: set[str]) -> list[Aged]:
    """The next sessions; those that this round has looked at are left to the next one, whatever became of them."""
    found = store.read(call, lambda reader: aged_sessions(reader, _FOUND))
    new = [session for session in found if session.uid not in looked_at]
    return _chance.sample(new, min(len(new), _SESSIONS))


def _move_bounds(store: Store, new_call: Callable[[], Call], sessions: Sequence[Aged]) -> Iterator[int]:
    for start in range(0, len(sessions), _BOUNDS):
        store.write(new_call(), partial(move_bounds, sessions=sessions[start : start + _BOUNDS]))
        yield 0


def _purge(note: Callable[[str], None], store: Store, new_call: Callable[[], Call], session: Aged) -> Iterator[int]:
    """Purge a session batch by batch; after each of them, others have as much time as it took."""
    most, is_more_due, is_first = FIRST_ROWS, True, True
    while is_more_due:
        begun = time.monotonic()
        count, is_more_due = store.write(new_call(), partial(_purge_batch, session=session, most=most))
        if is_first and count:
            note(format_name(Kind.SESSION, session.namespace_id, session.session_id))
        yield count
        time.sleep(pause_after(time.monotonic() - begun))
        most, is_first = rows_after(count), False


def _purge_batch(writer: Writer, session: Aged, most: int) -> Purged:
    namespace = namespaces.hold_namespace(writer, session.namespace_id)
    return purge_batch(writer, namespace, session.uid, most)
