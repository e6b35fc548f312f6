"""What becomes of sessions whose time has come: the expired ones are deleted, the long deleted ones expunged."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import groupby
from operator import attrgetter

from activity_session_server.rules.calls import Call
from activity_session_server.rules.names import Kind, format_name
from activity_session_server.store import Reader, Store, Writer
from activity_session_server.store.batches import pause_after
from activity_session_server.store.queries import namespaces
from activity_session_server.store.queries.namespaces import HeldNamespace
from activity_session_server.store.queries.swept.due import DueSession, expired_sessions, purgeable_sessions
from activity_session_server.store.queries.swept.due_changes import expire_sessions, expunge_sessions

# Sessions that are looked for at a time, and of which some are taken up, by chance: several servers that sweep at once
# would otherwise do the same ones, and all but one for nothing.
_FOUND = 2000
_SESSIONS = 500
# The most sessions of a batch, which keeps them locked for some milliseconds, and the pause after it as a multiple of
# what it took: callers must not feel it when several servers sweep.
BATCH = 10
_PAUSE = 4
_chance = random.SystemRandom()
# Makes the Call for a transaction.
NewCall = Callable[[], Call]
# What is done in a transaction to sessions of a namespace, by their uids; returns the ids of those that were due.
Act = Callable[[Writer, HeldNamespace, Sequence[str]], Sequence[str]]


def expire_due(note: Callable[[str], None], store: Store, new_call: NewCall) -> Iterator[int]:
    """Delete the sessions that have expired; `note` is called with the name of each.

    Yields how many a step has done.
    """
    return _each(store, new_call, expired_sessions, expire_sessions, note)


def expunge_due(note: Callable[[str], None], store: Store, new_call: NewCall) -> Iterator[int]:
    """Expunge the deleted sessions whose purge time has come, in the same way; their rests are removed later."""
    return _each(store, new_call, purgeable_sessions, expunge_sessions, note)


def _each(
    store: Store,
    new_call: NewCall,
    find: Callable[[Reader, int], Sequence[DueSession]],
    act: Act,
    note: Callable[[str], None],
) -> Iterator[int]:
    """Act on all sessions that are found; those on which it was not possible are left to the next sweep."""
    while found := store.read(new_call(), lambda reader: find(reader, _FOUND)):
        done = 0
        for few in _by_namespace(_chance.sample(found, min(len(found), _SESSIONS))):
            begun = time.monotonic()
            ids = store.write(new_call(), partial(_act, act=act, few=few))
            for session_id in ids:
                note(format_name(Kind.SESSION, few[0].namespace_id, session_id))
            done += len(ids)
            yield len(ids)
            time.sleep(pause_after(_PAUSE * (time.monotonic() - begun)))
        if not done:
            return


def _by_namespace(found: Sequence[DueSession]) -> Iterator[Sequence[DueSession]]:
    """A few sessions at a time, all of one namespace."""
    of_namespace = attrgetter("namespace_id")
    for _, group in groupby(sorted(found, key=of_namespace), of_namespace):
        those = list(group)
        yield from (those[begin : begin + BATCH] for begin in range(0, len(those), BATCH))


def _act(writer: Writer, act: Act, few: Sequence[DueSession]) -> Sequence[str]:
    namespace = namespaces.hold_namespace(writer, few[0].namespace_id)
    return act(writer, namespace, [session.uid for session in few])
