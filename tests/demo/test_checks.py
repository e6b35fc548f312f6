"""What the demo's checks find, when faults are put into a log that has none."""

import pytest

from activity_session.v1.event_pb2 import Event
from activity_session.v1.session_pb2 import Session, SessionParticipant
from activity_session_demo.checks import problems
from activity_session_demo.transcript import AGENT, USER, Line, parse_line

NAMESPACE = "namespaces/n"
TEXTS = (
    "=== kim has joined #here",
    "[09:00] <kim> hello",
    "[09:00] <lee> hi",
    "[09:01] <fernbot> good morning",
    "[09:01] <kim> ok",
    "[09:01] <kim> ok",
    "=== lee has left #here",
)
LINES = [parse_line(number, text) for number, text in enumerate(TEXTS, start=1)]
Log = list[Event]


def numbered(*lines: Line) -> Log:
    """Return a log that has these lines, in this order."""
    log = [line.event(NAMESPACE) for line in lines]
    for sequence, event in enumerate(log, start=1):
        event.sequence = sequence
    return log


@pytest.fixture
def log() -> Log:
    """A log without faults; lines of different nicks are not in the order of the transcript."""
    first, second, third, *others = LINES
    return numbered(third, first, second, *others)


@pytest.fixture
def session() -> Session:
    types = {"kim": USER, "lee": USER, "fernbot": AGENT}
    members = [
        SessionParticipant(participant=f"{NAMESPACE}/participants/{nick}", participant_type=type_)
        for nick, type_ in types.items()
    ]
    return Session(name=f"{NAMESPACE}/sessions/s", participants=members)


def found(log: Log, session: Session, seen: Log | None = None) -> list[str]:
    return list(problems(LINES, log, session, {"the watcher": log if seen is None else seen}))


def test_a_log_without_faults_has_no_problems(log: Log, session: Session) -> None:
    assert found(log, session) == []


def test_a_lost_line(session: Session) -> None:
    assert found(numbered(*LINES[:5], LINES[6]), session) == ["there 0 times, not once: line 6, [09:01] <kim> ok"]


def test_no_line_at_all(session: Session) -> None:
    assert len(found([], session)) == len(LINES)


def test_a_doubled_line(session: Session) -> None:
    log = numbered(*LINES, LINES[6])
    assert found(log, session) == ["there 2 times, not once: line 7, === lee has left #here"]


def test_a_line_that_was_never_said(session: Session) -> None:
    log = numbered(*LINES, parse_line(8, "[09:02] <kim> bye"))
    assert found(log, session) == ["not in the transcript: 8 [09:02] <kim> bye message kim"]


@pytest.mark.parametrize(
    ("field", "value"), [("text", "[09:00] <kim> hello "), ("type", "action"), ("author", ""), ("author", "lee")]
)
def test_a_line_that_is_not_as_it_was_said(log: Log, session: Session, field: str, value: str) -> None:
    setattr(log[2], field, value)
    assert "there 0 times, not once: line 2, [09:00] <kim> hello" in found(log, session)


def test_an_event_without_its_label(log: Log, session: Session) -> None:
    del log[2].labels["line"]
    assert "there 0 times, not once: line 2, [09:00] <kim> hello" in found(log, session)


def test_the_lines_of_a_nick_in_another_order(session: Session) -> None:
    second, first, *others = LINES
    log = numbered(first, second, *others)
    assert found(log, session) == ["out of order: line 1 of kim comes after its 2"]


def test_a_gap_in_the_numbers(log: Log, session: Session) -> None:
    log[6].sequence = 8
    assert found(log, session) == ["the numbers of the log are not 1 to 7: instead of 7 there is 8"]


def test_a_number_given_twice(log: Log, session: Session) -> None:
    log[6].sequence = 6
    assert "the numbers of the log are not 1 to 7: instead of 7 there is 6" in found(log, session)


def test_a_member_that_is_missing(log: Log, session: Session) -> None:
    del session.participants[0]
    assert found(log, session) == [f"missing: the member {NAMESPACE}/participants/kim, PARTICIPANT_TYPE_USER"]


def test_a_member_of_another_type(log: Log, session: Session) -> None:
    session.participants[2].participant_type = USER
    assert found(log, session) == [
        f"missing: the member {NAMESPACE}/participants/fernbot, PARTICIPANT_TYPE_AGENT",
        f"unexpected: the member {NAMESPACE}/participants/fernbot, PARTICIPANT_TYPE_USER",
    ]


@pytest.mark.parametrize("index", [0, 3, 6])
def test_a_watcher_that_missed_one(log: Log, session: Session, index: int) -> None:
    seen = log[:index] + log[index + 1 :]
    assert f"the watcher missed number {index + 1}" in found(log, session, seen)


def test_a_watcher_that_saw_nothing(log: Log, session: Session) -> None:
    assert found(log, session, []) == [f"the watcher missed number {number}" for number in range(1, 8)]


@pytest.mark.parametrize("index", [0, 3, 6])
def test_a_watcher_that_saw_one_twice(log: Log, session: Session, index: int) -> None:
    assert f"the watcher saw number {index + 1} 2 times" in found(log, session, [*log[: index + 1], *log[index:]])


def test_a_watcher_that_saw_another_order(log: Log, session: Session) -> None:
    seen = [*log[:3], log[4], log[3], *log[5:]]
    assert found(log, session, seen) == [
        "the watcher saw number 5 where the log has 4: [09:01] <kim> ok",
    ]


def test_a_watcher_that_saw_another_text(log: Log, session: Session) -> None:
    seen = [*log[:6], Event(sequence=7, text="hello")]
    assert found(log, session, seen) == ["the watcher saw number 7 where the log has 7: hello"]


def test_a_watcher_that_saw_more_than_there_is(log: Log, session: Session) -> None:
    seen = [*log, Event(sequence=8, text="hello")]
    assert found(log, session, seen) == ["the watcher saw 8 events where the log has 7"]
