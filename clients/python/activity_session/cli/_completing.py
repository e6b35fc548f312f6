"""What the shell completes: names that the server tells within a second, or else nothing."""

import argparse
from collections.abc import Callable, Iterable
from typing import Any

# At a prompt more would not help, and nobody waits for longer.
_NUMBER, _SECONDS = 100, 1.0


def _completer(find: Callable[[Any, argparse.Namespace, str], Iterable[str]]) -> Callable[..., list[str]]:
    """Make a completer as argcomplete calls it."""

    def complete(prefix: str, parsed_args: argparse.Namespace, **_: object) -> list[str]:
        from activity_session.cli._calling import connected
        from activity_session.cli._escaping import safe

        parsed_args.timeout = _SECONDS
        try:
            with connected(parsed_args) as channel:
                return [found for found in find(channel, parsed_args, prefix) if safe(found) == found]
        except Exception:  # whatever it is, a message would stand in the line that is being written
            return []

    return complete


@_completer
def namespaces(channel: Any, _flags: argparse.Namespace, prefix: str) -> Iterable[str]:
    """The ids of namespaces."""
    from activity_session import v1

    request = v1.ListNamespacesRequest(page_size=_NUMBER, filter=_beginning("namespace_id", prefix))
    return _ids(one.name for one in v1.NamespaceServiceStub(channel).ListNamespaces(request).namespaces)


@_completer
def sessions(channel: Any, flags: argparse.Namespace, prefix: str) -> Iterable[str]:
    """The ids of the sessions of the namespace."""
    from activity_session import v1
    from activity_session.cli._names import namespace_of

    request = v1.ListSessionsRequest(
        parent=namespace_of(flags),
        page_size=_NUMBER,
        filter=_beginning("session_id", prefix),
        order_by="last_event_time desc",
    )
    return _ids(one.name for one in v1.SessionServiceStub(channel).ListSessions(request).sessions)


@_completer
def participants(channel: Any, flags: argparse.Namespace, _prefix: str) -> Iterable[str]:
    """The ids of the members of the session."""
    from activity_session import v1
    from activity_session.cli._names import session_name

    request = v1.GetSessionRequest(name=session_name(flags), view=v1.SESSION_VIEW_BASIC)
    return _ids(one.participant for one in v1.SessionServiceStub(channel).GetSession(request).participants)


@_completer
def keys(channel: Any, flags: argparse.Namespace, prefix: str) -> Iterable[str]:
    """The keys of the state of the session."""
    from activity_session import v1
    from activity_session.cli._names import session_name

    request = v1.GetStateRequest(name=session_name(flags), page_size=_NUMBER, key_prefix=prefix)
    return sorted(v1.EventServiceStub(channel).GetState(request).entries)


def _beginning(field: str, prefix: str) -> str:
    """Return the filter of what begins so."""
    escaped = "".join(f"\\{character}" if character in '\\"*' else character for character in prefix)
    return f'{field} = "{escaped}*"' if prefix else ""


def _ids(names: Iterable[str]) -> Iterable[str]:
    return (name.rpartition("/")[2] for name in names)
