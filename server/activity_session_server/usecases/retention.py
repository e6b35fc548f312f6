"""What happens when time has passed: sessions expire and are expunged, events purged, request ids forgotten.

Several servers may sweep one database: each change locks its session and looks again.
"""

import logging
import math
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import NamedTuple

from activity_session_server.rules.calls import Call
from activity_session_server.rules.errors import ServiceError
from activity_session_server.store import Store, Writer
from activity_session_server.store.batches import FIRST_ROWS, pause_after, rows_after
from activity_session_server.store.idempotency import forget_requests
from activity_session_server.store.queries.former_sessions import forget_names
from activity_session_server.store.queries.state import forget_deleted
from activity_session_server.store.queries.swept.expunged import expunged_sessions, remove_batch
from activity_session_server.store.queries.swept.past_state import remove_former_values
from activity_session_server.usecases import aged_events
from activity_session_server.usecases.due_sessions import NewCall, expire_due, expunge_due

# Seconds that a kind may take in a round before it is the turn of the next one.
SHARE = 1.0
# Expunged sessions that are looked for at a time.
_SESSIONS = 200
# What is left of the time of a call, so that it can return when that is too short for all batches.
_SECONDS_FOR_A_BATCH = 2.0
_log = logging.getLogger("activity_session.retention")
# Is told what was done to which session, by its name, after it was done.
Note = Callable[[str, str], None]


class Swept(NamedTuple):
    """What one round has done: how many of each kind, whether one of them had too little time, and whether one failed.

    The log says how one failed.
    """

    done: dict[str, int]
    is_more_due: bool
    has_failed: bool


def sweep(store: Store, new_call: NewCall, note: Note) -> Swept:
    """Do one round of what is due: each kind for as long as its share is, whatever becomes of the others."""
    done, is_more_due, has_failed = {}, False, False
    for kind, steps in _kinds(note).items():
        done[kind], until = 0, math.inf
        try:
            for count in steps(store, new_call):
                done[kind] += count
                # From the first step on: what it takes to find much that is due is not the share of what is done.
                until = min(until, time.monotonic() + SHARE)
                if time.monotonic() >= until:
                    is_more_due = True
                    break
        except ServiceError as error:
            has_failed = True
            _log.warning("the sweep of what is to be %s failed: %s", kind, error.logged)
        except Exception:  # the other kinds go on, and the next sweep may succeed
            has_failed = True
            _log.exception("the sweep of what is to be %s failed", kind)
    return Swept(done, is_more_due, has_failed)


def try_to_remove_rest(store: Store, call: Call, session_uid: str) -> None:
    """Remove what is left of an expunged session until the deadline is near; the sweep removes what cannot be now."""
    try:
        for _ in _remove_rest(store, lambda: call, session_uid):
            if call.remaining() < _SECONDS_FOR_A_BATCH:
                break
    except Exception:  # the session is gone, whatever becomes of its rows: its caller must not get an error
        _log.warning("the rest of %s is left to the sweep", session_uid, exc_info=True)


def _remove_rests(store: Store, new_call: NewCall) -> Iterator[int]:
    while uids := store.read(new_call(), lambda reader: expunged_sessions(reader, _SESSIONS)):
        for uid in uids:
            yield from _remove_rest(store, new_call, uid)
        if len(uids) < _SESSIONS:
            return


def _remove_rest(store: Store, new_call: NewCall, session_uid: str) -> Iterator[int]:
    return _batches(store, new_call, lambda writer, most: remove_batch(writer, session_uid, most))


def _forget_requests(store: Store, new_call: NewCall) -> Iterator[int]:
    return _batches(store, new_call, forget_requests)


def _forget_keys(store: Store, new_call: NewCall) -> Iterator[int]:
    def forget(writer: Writer, most: int) -> int:
        return forget_deleted(writer, writer.now - new_call().limits.purge_age, most)

    return _batches(store, new_call, forget)


def _remove_values(store: Store, new_call: NewCall) -> Iterator[int]:
    def remove(writer: Writer, most: int) -> int:
        return remove_former_values(writer, writer.now - new_call().limits.state_history_age, most)

    return _batches(store, new_call, remove)


def _forget_names(store: Store, new_call: NewCall) -> Iterator[int]:
    def forget(writer: Writer, most: int) -> int:
        return forget_names(writer, writer.now - new_call().limits.purge_age, most)

    return _batches(store, new_call, forget)


def _batches(store: Store, new_call: NewCall, remove: Callable[[Writer, int], int]) -> Iterator[int]:
    """Remove batch after batch until nothing is left; between two of them, others have as much time as one took."""

    def batch(most: int) -> int:
        return store.write(new_call(), lambda writer: remove(writer, most))

    begun = time.monotonic()
    removed = batch(FIRST_ROWS)
    while removed:
        pause = pause_after(time.monotonic() - begun)
        yield removed
        time.sleep(pause)
        begun = time.monotonic()
        removed = batch(rows_after(removed))


def _kinds(note: Note) -> Mapping[str, Callable[[Store, NewCall], Iterator[int]]]:
    """The steps of each kind, by what is done to what is due."""
    return {
        "expired": partial(expire_due, partial(note, "expired")),
        "expunged": partial(expunge_due, partial(note, "expunged")),
        "purged": partial(aged_events.purge_due, partial(note, "purged")),
        "removed": _remove_rests,
        "forgotten": _forget_requests,
        "keys": _forget_keys,
        "values": _remove_values,
        "names": _forget_names,
    }
