"""The command `purge`: it does at once what the sweep of a server would do, or says what that is."""

import contextlib
from collections import Counter
from collections.abc import Iterator

from activity_session_server.app import audit_log_of, own_call, store_as_it_is, swept_note
from activity_session_server.rules.calls import Call
from activity_session_server.settings import Settings
from activity_session_server.store import Store
from activity_session_server.usecases import dry_sweep, retention

# What is counted of each kind: one, and several.
_UNITS = {
    "expired": ("session", "sessions"),
    "expunged": ("session", "sessions"),
    "purged": ("event", "events"),
    "removed": ("row of expunged sessions", "rows of expunged sessions"),
    "forgotten": ("request id", "request ids"),
    "keys": ("deleted state key", "deleted state keys"),
    "values": ("former value of state", "former values of state"),
    "names": ("name of expunged sessions", "names of expunged sessions"),
}
_VERBS = {"keys": "forgotten", "values": "removed", "names": "forgotten"}


class PurgeError(Exception):
    """Something that was due could not be done; the log says why."""


def purge_lines(settings: Settings) -> Iterator[str]:
    """Do what is due until nothing is, and say what was done, a line for each kind.

    Raises:
        SchemaError: when there is no database, or its schema is not the one this version needs.
        PurgeError: when a kind failed; what was done before is told.
        AuditFileError: when the file of the audit log cannot be opened.
    """
    note = swept_note(settings, audit_log_of(settings))
    done: Counter[str] = Counter()
    with _opened(settings) as store:
        while True:
            swept = retention.sweep(store, lambda: _call(settings), note)
            done.update(swept.done)
            if not swept.is_more_due or swept.has_failed:
                break
    yield from (f"{_verb(kind)}: {_counted(done[kind], kind)}" for kind in _UNITS)
    if swept.has_failed:
        raise PurgeError("not all that is due could be done")


def due_lines(settings: Settings, most_names: int) -> Iterator[str]:
    """Say what is due, a line for each kind, and the names of at most so many sessions of each; change nothing.

    Raises:
        SchemaError: when there is no database, or its schema is not the one this version needs.
        ServiceError: DATABASE_UNAVAILABLE, DATABASE_BUSY.
    """
    with _opened(settings) as store:
        for kind, due in dry_sweep.what_is_due(store, lambda: _call(settings), most_names):
            sessions = due.sessions or due.number
            of_sessions = f" of {_counted(due.sessions, 'expired')}" if due.sessions else ""
            yield f"would be {_verb(kind)}: {_counted(due.number, kind)}{of_sessions}"
            yield from (f"  {name}" for name in due.names)
            if due.names and len(due.names) < sessions:
                yield f"  and {sessions - len(due.names)} more"


@contextlib.contextmanager
def _opened(settings: Settings) -> Iterator[Store]:
    store = store_as_it_is(settings)
    try:
        yield store
    finally:
        store.close()


def _call(settings: Settings) -> Call:
    return own_call(settings, "purge")


def _verb(kind: str) -> str:
    return _VERBS.get(kind, kind)


def _counted(count: int, kind: str) -> str:
    return f"{count} {_UNITS[kind][count != 1]}"
