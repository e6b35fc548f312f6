"""What the shell completes: names that the server tells within a second."""

import argparse
import contextlib
import itertools
import time
from collections.abc import Callable, Iterator
from typing import Any

# At a prompt more would not help, and nobody waits for longer.
_NUMBER, _SECONDS = 100, 1.0
_Find = Callable[[Any, argparse.Namespace, str], Iterator[str]]


def _completer(find: _Find) -> Callable[..., list[str]]:
    """Make a completer as argcomplete calls it, of what yields names."""

    def complete(prefix: str, parsed_args: argparse.Namespace, **_: object) -> list[str]:
        from activity_session.cli._calling import connected
        from activity_session.cli._escaping import safe

        found: list[str] = []
        # Whatever goes wrong, a message would stand in the line that is being written.
        with contextlib.suppress(Exception), connected(parsed_args) as channel:
            for name in itertools.islice(find(channel, parsed_args, prefix), _NUMBER):
                found.append(name)  # noqa: PERF402 - what is found before an error is kept
        return [name for name in found if safe(name) == name]

    return complete


@_completer
def namespaces(channel: Any, _flags: argparse.Namespace, prefix: str) -> Iterator[str]:
    """Yield the ids of namespaces."""
    from activity_session import v1

    request = v1.ListNamespacesRequest(filter=_beginning("namespace_id", prefix))
    return _ids(v1.NamespaceServiceStub(channel).ListNamespaces, request, "namespaces")


@_completer
def sessions(channel: Any, flags: argparse.Namespace, prefix: str) -> Iterator[str]:
    """Yield the ids of the sessions of the namespace, that of the newest event first."""
    from activity_session import v1
    from activity_session.cli._names import namespace_of

    request = v1.ListSessionsRequest(
        parent=namespace_of(flags), filter=_beginning("session_id", prefix), order_by="last_event_time desc"
    )
    return _ids(v1.SessionServiceStub(channel).ListSessions, request, "sessions")


@_completer
def participants(channel: Any, flags: argparse.Namespace, _prefix: str) -> Iterator[str]:
    """Yield the ids of the members of the session."""
    from activity_session import v1
    from activity_session.cli._names import id_of, session_name

    request = v1.GetSessionRequest(name=session_name(flags), view=v1.SESSION_VIEW_BASIC)
    session = v1.SessionServiceStub(channel).GetSession(request, timeout=_SECONDS)
    return (id_of(member.participant) for member in session.participants)


@_completer
def keys(channel: Any, flags: argparse.Namespace, prefix: str) -> Iterator[str]:
    """Yield the keys of the state of the session."""
    from activity_session import v1
    from activity_session.cli._names import session_name

    request = v1.GetStateRequest(name=session_name(flags), page_size=_NUMBER, key_prefix=prefix)
    return iter(v1.EventServiceStub(channel).GetState(request, timeout=_SECONDS).entries)


def _ids(call: Any, request: Any, field: str) -> Iterator[str]:
    """Yield the ids of a list: of a filter that few pass, there can be many pages without any."""
    from activity_session.cli._calling import pages
    from activity_session.cli._names import id_of

    end = time.monotonic() + _SECONDS
    found = pages(lambda request: call(request, timeout=end - time.monotonic()), request, field, _NUMBER)
    return (id_of(one.name) for one in found)


def _beginning(field: str, prefix: str) -> str:
    """Return the filter of what begins so."""
    escaped = "".join(f"\\{character}" if character in '\\"*' else character for character in prefix)
    return f'{field} = "{escaped}*"' if prefix else ""
