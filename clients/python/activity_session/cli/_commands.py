"""The commands but `tail`: each makes its calls on a channel, and prints what they return."""

import argparse
import itertools
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import grpc
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from activity_session import v1
from activity_session.cli._calling import pages
from activity_session.cli._escaping import safe, say
from activity_session.cli._names import id_of, namespace_name, participant_name, session_name
from activity_session.cli._output import json_line, table, time_text
from activity_session.cli._running import FailedError
from activity_session.cli._saying import preview_of
from activity_session.cli._tailing import status_of, tail

Command = Callable[[grpc.Channel, argparse.Namespace], None]
Row = Sequence[str]


def ls(channel: grpc.Channel, flags: argparse.Namespace) -> None:
    """List the sessions of a namespace, or the namespaces."""
    request: Any
    if parent := flags.parent or flags.namespace:
        request = v1.ListSessionsRequest(
            parent=namespace_name(parent), order_by="last_event_time desc", view=v1.SESSION_VIEW_PREVIEW
        )
        found = _found(v1.SessionServiceStub(channel).ListSessions, request, "sessions", flags)
        _show(flags, _SESSION, found, _session_row)
    else:
        request = v1.ListNamespacesRequest()
        found = _found(v1.NamespaceServiceStub(channel).ListNamespaces, request, "namespaces", flags)
        _show(flags, _NAMESPACE, found, _namespace_row)


def append(channel: grpc.Channel, flags: argparse.Namespace) -> None:
    """Append an event."""
    session = session_name(flags)
    author, text = participant_name(session, flags.author), _given(flags.text)
    event = v1.Event(author=author, text=text, type=flags.type, media_type=flags.media_type)
    request = v1.AppendEventsRequest(parent=session, events=[event], request_id=flags.request_id)
    (appended,) = v1.EventServiceStub(channel).AppendEvents(request).events
    print(json_line(appended) if flags.json else appended.sequence)


def members(channel: grpc.Channel, flags: argparse.Namespace) -> None:
    """List the members of a session."""
    request = v1.GetSessionRequest(name=session_name(flags), view=v1.SESSION_VIEW_BASIC)
    session = v1.SessionServiceStub(channel).GetSession(request)
    _show(flags, _MEMBER, session.participants, partial(_member_row, session.last_sequence))


def state_get(channel: grpc.Channel, flags: argparse.Namespace) -> None:
    """Print the value of a key, or all of them."""
    entries = _entries(channel, session_name(flags), flags.key)
    if flags.json:
        for key, entry in entries:
            print(safe(json.dumps({"key": key} | MessageToDict(entry), ensure_ascii=False)))
    elif flags.key is None:
        table(_STATE, ((key, str(entry.revision), entry.value_json) for key, entry in entries))
    else:
        print(*(safe(entry.value_json) for _, entry in entries))


def state_set(channel: grpc.Channel, flags: argparse.Namespace) -> None:
    """Write the value of a key."""
    update = v1.StateUpdate(key=flags.key, value_json=_given(flags.value), expected_revision=flags.revision)
    request = v1.UpdateStateRequest(name=session_name(flags), updates=[update], request_id=flags.request_id)
    entry = v1.EventServiceStub(channel).UpdateState(request).entries[flags.key]
    print(json_line(entry) if flags.json else entry.revision)


COMMANDS: Mapping[str, Command] = {
    "append": append,
    "ls": ls,
    "members": members,
    "state_get": state_get,
    "state_set": state_set,
    "tail": tail,
}

_SESSION = ("SESSION", "STATE", "TURN", "MEMBERS", "LAST EVENT", "DESCRIPTION", "NEWEST EVENT")
_NAMESPACE = ("NAMESPACE", "STATE", "DESCRIPTION")
_MEMBER = ("PARTICIPANT", "TYPE", "READ", "UNREAD", "ROLE")
_STATE = ("KEY", "REVISION", "VALUE")


def _found(call: Any, request: Any, field: str, flags: argparse.Namespace) -> Iterator[Any]:
    """Yield as much of a list as is wanted, and say whether there is more."""
    request.filter, request.show_deleted = flags.filter, flags.deleted
    number = sys.maxsize if flags.all else flags.number
    found = pages(call, request, field, number + 1)
    yield from itertools.islice(found, number)
    if not flags.all and next(found, None) is not None:
        say(f"there are more than {number}: -n takes another number, --all shows all")


def _show(flags: argparse.Namespace, header: Row, messages: Iterable[Any], row: Callable[[Any], Row]) -> None:
    if flags.json:
        for message in messages:
            print(json_line(message))
    else:
        table(header, map(row, messages))


def _session_row(session: v1.Session) -> Row:
    return (
        id_of(session.name),
        status_of(session),
        id_of(session.turn.holder),
        ",".join(id_of(member.participant) for member in session.participants),
        time_text(session.last_event_time) if session.HasField("last_event_time") else "",
        session.description,
        preview_of(session.newest_event),
    )


def _namespace_row(namespace: v1.Namespace) -> Row:
    return id_of(namespace.name), status_of(namespace), namespace.description


def _member_row(last: int, member: v1.SessionParticipant) -> Row:
    kind = v1.ParticipantType.Name(member.participant_type).removeprefix("PARTICIPANT_TYPE_").lower()
    read = member.last_read_sequence
    return id_of(member.participant), kind, str(read), str(last - read), member.role


def _entries(channel: grpc.Channel, name: str, key: str | None) -> Iterator[tuple[str, v1.StateEntry]]:
    """Yield the keys of a state, or one of them.

    Raises:
        FailedError: that key is not there.
    """
    call, request = v1.EventServiceStub(channel).GetState, v1.GetStateRequest(name=name)
    if key is not None:
        request.keys.append(key)
    found = pages(lambda request: _Page(call(request)), request, "entries", 1000)
    first = next(found, None)
    if first is None and key is not None:
        raise FailedError(f"{name} has no key {key}")
    return itertools.chain([first] if first else [], found)


class _Page:
    """A page of a state, whose entries have an order."""

    def __init__(self, state: v1.State) -> None:
        self.entries: Sequence[tuple[str, Message]] = sorted(state.entries.items())
        self.next_page_token = state.next_page_token


def _given(text: str) -> str:
    """Return the text, or that of stdin without the end of its last line."""
    return sys.stdin.read().removesuffix("\n") if text == "-" else text
