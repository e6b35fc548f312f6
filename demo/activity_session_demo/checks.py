"""What must hold at the end: every line is in the log once, in one order that every watcher saw."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from activity_session import v1
from activity_session_demo.transcript import LINE_LABEL, Line, nicks, participant_name, type_of


def problems(
    lines: Sequence[Line], log: Sequence[v1.Event], session: v1.Session, watched: Mapping[str, Sequence[v1.Event]]
) -> Iterator[str]:
    """Yield what differs between a transcript and its replay; `watched` is what each watcher saw."""
    yield from number_problems(log)
    yield from line_problems(lines, log)
    yield from order_problems(lines, log)
    yield from member_problems(lines, session)
    for watcher, seen in watched.items():
        yield from (f"{watcher} {problem}" for problem in watch_problems(log, seen))


def number_problems(log: Sequence[v1.Event]) -> Iterator[str]:
    for number, event in enumerate(log, start=1):
        if event.sequence != number:
            yield f"the numbers of the log are not 1 to {len(log)}: instead of {number} there is {event.sequence}"
            return


def line_problems(lines: Sequence[Line], log: Sequence[v1.Event]) -> Iterator[str]:
    """Check that the log holds the transcript, down to the last character."""
    expected = Counter((str(line.number), line.text, line.kind, line.nick) for line in lines)
    found = Counter(
        (event.labels.get(LINE_LABEL, ""), event.text, event.type, event.author.rpartition("/")[2]) for event in log
    )
    for line in expected:
        if found[line] != 1:
            yield f"there {found[line]} times, not once: line {line[0]}, {line[1]}"
    for line in found.keys() - expected.keys():
        yield f"not in the transcript: {' '.join(line)}"


def order_problems(lines: Sequence[Line], log: Sequence[v1.Event]) -> Iterator[str]:
    """Check that the lines of each nick are in order; lines of different nicks may come in any order."""
    line_of = {str(line.number): line for line in lines}
    newest: dict[str, int] = {}
    for label in (event.labels.get(LINE_LABEL, "") for event in log):
        if line := line_of.get(label):
            before = newest.get(line.nick, 0)
            if line.number < before:
                yield f"out of order: line {line.number} of {line.nick or 'the channel'} comes after its {before}"
            newest[line.nick] = line.number


def member_problems(lines: Sequence[Line], session: v1.Session) -> Iterator[str]:
    namespace = session.name.partition("/sessions/")[0]
    expected = {(participant_name(namespace, nick), type_of(nick)) for nick in nicks(lines)}
    found = {(member.participant, member.participant_type) for member in session.participants}
    for what, members in (("missing", expected - found), ("unexpected", found - expected)):
        yield from (f"{what}: the member {name}, {v1.ParticipantType.Name(type_)}" for name, type_ in sorted(members))


def watch_problems(log: Sequence[v1.Event], seen: Sequence[v1.Event]) -> Iterator[str]:
    counts = Counter(event.sequence for event in seen)
    yield from (f"missed number {event.sequence}" for event in log if event.sequence not in counts)
    yield from (f"saw number {sequence} {count} times" for sequence, count in counts.items() if count > 1)
    for event, seen_event in zip(log, seen, strict=False):
        if event != seen_event:
            yield f"saw number {seen_event.sequence} where the log has {event.sequence}: {seen_event.text}"
            return
    if len(seen) > len(log):
        yield f"saw {len(seen)} events where the log has {len(log)}"
