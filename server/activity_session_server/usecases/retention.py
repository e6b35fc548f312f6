"""What happens when time has passed: sessions expire and are expunged, request ids are forgotten.

Several servers may sweep one database: each change locks its session and looks again.
"""

import logging
from datetime import timedelta

from activity_session_server.rules import flags
from activity_session_server.rules.calls import Call
from activity_session_server.store import Store, Writer
from activity_session_server.store.codec import to_datetime
from activity_session_server.store.idempotency import forget_requests
from activity_session_server.store.queries import namespaces, sessions
from activity_session_server.store.queries.expunged import expunged_sessions, remove_batch
from activity_session_server.store.queries.namespaces import HeldNamespace
from activity_session_server.store.queries.state import forget_deleted

# About how many of each kind are done in one round.
ROUND = 200
_log = logging.getLogger("activity_session.retention")
# What is left of the time of a call, so that it can return when that is too short for all batches.
_SECONDS_FOR_A_BATCH = 2.0


def purge_age(call: Call, namespace: HeldNamespace) -> timedelta:
    """How long a deleted session of a namespace is kept before it is expunged."""
    own = namespace.settings.purge_age
    return call.limits.purge_age if own is None else own


def sweep(store: Store, call: Call) -> dict[str, int]:
    """Do one round of what is due, about `ROUND` of each kind; returns how many of each."""
    expired = store.read(call, lambda reader: sessions.expired_sessions(reader, ROUND))
    purged = store.read(call, lambda reader: sessions.purgeable_sessions(reader, ROUND))
    return {
        "expired": sum(_expire(store, call, *ids) for ids in expired),
        "expunged": sum(_purge(store, call, *ids) for ids in purged),
        "removed": sum(remove_rest(store, call, uid) for uid in store.read(call, expunged_sessions)),
        "forgotten": store.write(call, lambda writer: forget_requests(writer, ROUND)),
        "keys": store.write(call, lambda writer: forget_deleted(writer, writer.now - call.limits.purge_age, ROUND)),
    }


def try_to_remove_rest(store: Store, call: Call, session_uid: str) -> None:
    """Remove what is left of an expunged session; what cannot be removed now is left to the sweep."""
    try:
        remove_rest(store, call, session_uid)
    except Exception:  # the session is gone, whatever becomes of its rows: its caller must not get an error
        _log.warning("the rest of %s is left to the sweep", session_uid, exc_info=True)


def remove_rest(store: Store, call: Call, session_uid: str) -> int:
    """Remove what is left of an expunged session, batch by batch, until the deadline is near; returns how many rows."""
    removed = 0
    while call.remaining() > _SECONDS_FOR_A_BATCH:
        count = store.write(call, lambda writer: remove_batch(writer, session_uid))
        removed += count
        if not count:
            break
    return removed


def _expire(store: Store, call: Call, namespace_id: str, session_id: str) -> bool:
    def expire(writer: Writer) -> bool:
        namespace = namespaces.hold_namespace(writer, namespace_id)
        locked = sessions.find_session_to_lock(writer, namespace, session_id, full=False)
        if locked is None or flags.is_deleted(locked.message):
            return False
        session = locked.message
        if not session.HasField("expire_time") or to_datetime(session.expire_time) > writer.now:
            return False
        sessions.delete_session(writer, locked, writer.now + purge_age(call, namespace))
        return True

    return store.write(call, expire)


def _purge(store: Store, call: Call, namespace_id: str, session_id: str) -> bool:
    def purge(writer: Writer) -> bool:
        namespace = namespaces.hold_namespace(writer, namespace_id)
        locked = sessions.find_session_to_lock(writer, namespace, session_id, full=False)
        if locked is None or not flags.is_deleted(locked.message):
            return False
        session = locked.message
        if to_datetime(session.purge_time) > writer.now or sessions.has_memories(writer, session):
            return False
        sessions.expunge_session(writer, locked)
        return True

    return store.write(call, purge)
