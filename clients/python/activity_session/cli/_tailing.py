"""`tail`: the newest events of a session, and new ones as they come."""

import argparse
import itertools
import select
import sys
import threading
from collections.abc import Callable, Iterable, Iterator

import grpc

from activity_session import v1
from activity_session._watching import watch
from activity_session.cli._calling import pages
from activity_session.cli._escaping import safe
from activity_session.cli._names import id_of, session_name
from activity_session.cli._output import grey, json_line
from activity_session.cli._saying import line_of


def tail(channel: grpc.Channel, flags: argparse.Namespace) -> None:
    """Show the newest events of a session, and follow it if that is asked for: each event comes once."""
    request = v1.GetSessionRequest(name=session_name(flags), view=v1.SESSION_VIEW_BASIC)
    session = v1.SessionServiceStub(channel).GetSession(request)
    show = json_line if flags.json else line_of
    for event in _newest(channel, session, flags.number):
        print(show(event))
    if flags.follow:
        _follow(channel, session, show, is_verbose=flags.verbose)


def status_of(resource: v1.Session | v1.Namespace) -> str:
    """Return a word for whether it can be used."""
    if resource.HasField("delete_time"):
        return "deleted"
    return "active" if resource.enabled else "disabled"


def _newest(channel: grpc.Channel, session: v1.Session, number: int) -> list[v1.Event]:
    """Return that many events, up to the newest one that the session had."""
    request = v1.ListEventsRequest(
        parent=session.name, order_by="sequence desc", before_sequence=session.last_sequence + 1, uid=session.uid
    )
    found = pages(v1.EventServiceStub(channel).ListEvents, request, "events", number)
    return list(itertools.islice(found, number))[::-1]


def _follow(channel: grpc.Channel, session: v1.Session, show: Callable[[v1.Event], str], *, is_verbose: bool) -> None:
    sys.stdout.flush()
    with watch(channel, session.name, session.last_sequence, uid=session.uid) as messages:
        _call_when_nobody_reads(messages.close)
        for message in messages:
            if message.HasField("event"):
                print(show(message.event), flush=True)
            elif is_verbose:
                for line in _changes(session, message):
                    print(grey(safe(f"-- {line}")), flush=True)
            if message.HasField("session"):
                session = message.session


def _call_when_nobody_reads(end: Callable[[], None]) -> None:
    """Have a function called when the other end of stdout is closed: there may never be an event that shows it."""
    if hasattr(select, "poll") and not sys.stdout.isatty():
        poll = select.poll()
        poll.register(sys.stdout.fileno(), 0)
        threading.Thread(target=_end_after, args=(poll.poll, end), daemon=True).start()


def _end_after(wait: Callable[[], object], end: Callable[[], None]) -> None:
    wait()
    end()


def _changes(before: v1.Session, message: v1.WatchSessionResponse) -> Iterator[str]:
    """Yield a line for each thing that has changed."""
    if message.HasField("session"):
        yield from _session_changes(before, message.session)
    yield from _ranges(message.mark.supersession.ranges, "out of view")
    yield from _ranges(message.mark.supersession.superseded, "out of view")
    yield from _ranges(message.mark.supersession.restored, "in view again")
    for number in message.mark.redacted.sequences:
        yield f"redacted: {number}"


def _session_changes(before: v1.Session, after: v1.Session) -> Iterator[str]:
    if before.turn.token != after.turn.token:
        yield f"turn: {id_of(after.turn.holder) or 'free'}"
    if status_of(before) != status_of(after):
        yield f"session: {status_of(after)}"
    were, are = ({member.participant for member in session.participants} for session in (before, after))
    yield from (f"joined: {id_of(name)}" for name in sorted(are - were))
    yield from (f"left: {id_of(name)}" for name in sorted(were - are))


def _ranges(ranges: Iterable[v1.SequenceRange], what: str) -> Iterator[str]:
    for one in ranges:
        yield f"{what}: {one.first_sequence}-{one.last_sequence}"
