"""The filter language on each list, compared with a plain Python predicate over the same rows."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from activity_session.v1.namespace_pb2 import Namespace
from activity_session.v1.namespace_service_pb2 import ListNamespacesRequest, UpdateNamespaceRequest
from activity_session.v1.participant_pb2 import Participant
from activity_session.v1.participant_service_pb2 import ListParticipantsRequest, UpdateParticipantRequest
from activity_session.v1.session_pb2 import Session, SessionParticipant
from activity_session.v1.session_service_pb2 import (
    EnsureSessionRequest,
    ListSessionsRequest,
    UpdateSessionRequest,
)
from activity_session_testing.servers import Client, connected, failure, serving, unique
from activity_session_testing.steps import AGENT, USER, make_namespace, make_participant, new_session

pytestmark = pytest.mark.one_node

INVALID = grpc.StatusCode.INVALID_ARGUMENT
Predicate = Callable[[Any], bool]

# Each id is also a pattern, or the beginning, end or look-alike of another one.
IDS = [
    "alice",
    "Alice",
    "ALICE",
    "alicé",
    "alice.",
    "alice bob",
    "bob",
    "bobby",
    "a",
    "ab",
    "abc",
    "b",
    "%",
    "_",
    "a%c",
    "a_c",
    "axc",
    "*",
    "a*c",
    "a?c",
    "[a]",
    "a]",
    "|%|",
    "back\\slash",
    'quo"te',
    "it's",
    "-dash",
    "OR",
    "😀",
    "😀😁",
    "会议",
    "^a-z$",
]
TEXTS = ["", "a", "A", "a ", " a", "a\nb", "a%", "a_", "50% off", "😀 ok", "x*y", "[z]", "a\\b", 'say "hi"', "|", "'"]
LABELS: list[dict[str, str]] = [
    {},
    {"team": "red"},
    {"team": "Red"},
    {"team": "red "},
    {"team": ""},
    {"team": "infrared", "a.b/c-d_e": "deep"},
    {"a": "team", "b": "red"},
    {"team": 'r"e\\d'},
    {"team": "%"},
    {"team": "_ed"},
    {"team": "null"},
    {"team": "😀"},
]
TIMES = ["", "2100-01-01T00:00:00Z", "2100-01-01T00:00:00.000001Z", "2100-06-30T12:00:00.5Z", "9999-12-31T23:59:59Z"]


def time_of(text: str) -> Timestamp:
    time = Timestamp()
    time.FromJsonString(text)
    return time


def id_of(row: Any) -> str:
    return str(row.name.rpartition("/")[2])


@dataclass(frozen=True)
class Population:
    """Rows of each kind, as they are, and the namespace of those that have one."""

    client: Client
    tag: str
    namespace: str
    sessions: list[Session]
    participants: list[Participant]
    namespaces: list[Namespace]

    def check_sessions(self, filter_: str, predicate: Predicate) -> int:
        request = ListSessionsRequest(parent=self.namespace, filter=filter_, page_size=1000)
        found = [id_of(row) for row in self.client.sessions.ListSessions(request).sessions]
        return self._compared(filter_, found, self.sessions, predicate)

    def check_participants(self, filter_: str, predicate: Predicate) -> int:
        request = ListParticipantsRequest(parent=self.namespace, filter=filter_, page_size=1000)
        found = [id_of(row) for row in self.client.participants.ListParticipants(request).participants]
        return self._compared(filter_, found, self.participants, predicate)

    def check_namespaces(self, filter_: str, predicate: Predicate) -> int:
        """All namespaces of the server are listed: the tag leaves out those of other tests."""
        bounded = f'namespace_id="{self.tag}*" ({filter_})'
        request = ListNamespacesRequest(filter=bounded, page_size=1000)
        found = [id_of(row) for row in self.client.namespaces.ListNamespaces(request).namespaces]
        return self._compared(filter_, found, self.namespaces, predicate)

    @staticmethod
    def _compared(filter_: str, found: list[str], rows: list[Any], predicate: Predicate) -> int:
        expected = sorted(id_of(row) for row in rows if predicate(row))
        assert found == expected, filter_
        return len(found)


@pytest.fixture(scope="module")
def system(database_url: str) -> Iterator[Client]:
    """A server for the system role, so that managed resources can be created."""
    with serving(database_url, anonymous_role="system") as server, connected(server.address) as client:
        yield client


@pytest.fixture(scope="module")
def population(system: Client) -> Population:
    tag = unique("filtered") + ":"
    namespace = make_namespace(system, tag).name
    participants = [populate_participant(system, namespace, number) for number in range(len(IDS))]
    sessions = [populate_session(system, namespace, number, participants) for number in range(len(IDS))]
    namespaces = [populate_namespace(system, f"{tag}-{number}", number) for number in range(8)]
    return Population(
        system, tag, namespace, touched(system, sessions), participants, [named(system, tag), *namespaces]
    )


def named(client: Client, tag: str) -> Namespace:
    request = ListNamespacesRequest(filter=f'namespace_id="{tag}"')
    return client.namespaces.ListNamespaces(request).namespaces[0]


def populate_participant(client: Client, namespace: str, number: int) -> Participant:
    created = make_participant(
        client,
        namespace,
        IDS[number],
        participant_type=AGENT if number % 3 else USER,
        description=TEXTS[number % len(TEXTS)],
        managed=number % 5 == 0,
    )
    if number % 4:
        return created
    disabled = Participant(name=created.name, enabled=False)
    return client.participants.UpdateParticipant(UpdateParticipantRequest(participant=disabled))


def populate_namespace(client: Client, namespace_id: str, number: int) -> Namespace:
    created = make_namespace(client, namespace_id, description=TEXTS[number], managed=number % 3 == 0)
    if number % 2:
        return created
    disabled = Namespace(name=created.name, enabled=False)
    return client.namespaces.UpdateNamespace(UpdateNamespaceRequest(namespace=disabled))


def populate_session(client: Client, namespace: str, number: int, participants: list[Participant]) -> Session:
    usable = [participant for participant in participants if participant.enabled]
    members = [SessionParticipant(participant=one.name) for one in usable[number % 7 : number % 7 + number % 3]]
    session = Session(
        description=TEXTS[number * 5 % len(TEXTS)],
        managed=number % 6 == 0,
        enabled=number % 5 != 0,
        labels=LABELS[number % len(LABELS)],
        participants=members,
    )
    if expire_time := TIMES[number % len(TIMES)]:
        session.expire_time.CopyFrom(time_of(expire_time))
    if number % 4 == 0:
        ensuring = EnsureSessionRequest(parent=namespace, session_id=IDS[number], session=session)
        return client.sessions.EnsureSession(ensuring).session
    fields = {field.name: value for field, value in session.ListFields()}
    return new_session(client, namespace, IDS[number], **{"enabled": session.enabled, **fields})


def touched(client: Client, sessions: list[Session]) -> list[Session]:
    """Update every third session, the last one first, so that creation and update have different orders."""
    rows = dict(enumerate(sessions))
    for number in range(len(sessions) - 1, 0, -3):
        session = Session(name=sessions[number].name, enabled=True)
        rows[number] = client.sessions.UpdateSession(UpdateSessionRequest(session=session))
    return list(rows.values())


class Case(NamedTuple):
    """A filter and what it means."""

    filter: str
    predicate: Predicate


def quoted(text: str) -> str:
    """Return a text as a value in which no character is special."""
    return '"' + "".join("\\" + character if character in '"\\*' else character for character in text) + '"'


def check_selective(numbers: list[int], rows: int) -> None:
    """If all cases found everything or nothing, they would show little."""
    assert any(0 < number < rows for number in numbers)


@pytest.mark.parametrize("operator", ["=", "!=", "<", "<=", ">", ">=", ":"])
def test_ids_compare_code_point_by_code_point(population: Population, operator: str) -> None:
    compare: dict[str, Callable[[str, str], bool]] = {
        "=": lambda id_, value: id_ == value,
        "!=": lambda id_, value: id_ != value,
        "<": lambda id_, value: id_ < value,
        "<=": lambda id_, value: id_ <= value,
        ">": lambda id_, value: id_ > value,
        ">=": lambda id_, value: id_ >= value,
        ":": lambda id_, value: value in id_,
    }
    numbers = []
    for value in (*IDS, "", "aa", "zzz", "ALICE ", "alice ", " ", "é", "\U0010ffff"):

        def predicate(row: Any, value: str = value) -> bool:
            return compare[operator](id_of(row), value)

        numbers.append(population.check_sessions(f"session_id {operator} {quoted(value)}", predicate))
        population.check_participants(f"participant_id{operator}{quoted(value)}", predicate)
    check_selective(numbers, len(IDS))


@pytest.mark.parametrize("value", ["alice ", "alice\t", "a ", "a\x1f", "bob \x01"])
def test_an_id_is_less_than_itself_with_anything_behind_it(population: Population, value: str) -> None:
    """Some collations pad the shorter text with spaces first."""
    population.check_sessions(f"session_id < {quoted(value)}", lambda row: id_of(row) < value)
    population.check_sessions(f"session_id >= {quoted(value)}", lambda row: id_of(row) >= value)
    population.check_sessions(f"session_id = {quoted(value)}", lambda row: id_of(row) == value)


@pytest.mark.parametrize("inner", ["a", "b", "A", "%", "_", "?", "[", "]", "[a]", "^", "-", "|", "\\", '"', "'", "😀"])
def test_wildcards_stand_at_either_end_and_all_else_for_itself(population: Population, inner: str) -> None:
    value = quoted(inner)[1:-1]
    numbers = []
    for filter_, predicate in (
        (f'session_id="{value}*"', lambda row: id_of(row).startswith(inner)),
        (f'session_id="*{value}"', lambda row: id_of(row).endswith(inner)),
        (f'session_id="*{value}*"', lambda row: inner in id_of(row)),
        (f'session_id!="*{value}*"', lambda row: inner not in id_of(row)),
        (f'session_id:"{value}*"', lambda row: inner in id_of(row)),
        (f'description="{value}*"', lambda row: row.description.startswith(inner)),
        (f'description="*{value}"', lambda row: row.description.endswith(inner)),
        (f'NOT description:"{value}"', lambda row: inner not in row.description),
        (f'labels.team="*{value}*"', lambda row: inner in row.labels.get("team", "")),
    ):
        numbers.append(population.check_sessions(filter_, predicate))
    check_selective(numbers, len(IDS))


@pytest.mark.parametrize(
    "case",
    [
        Case('session_id="\\*"', lambda row: id_of(row) == "*"),
        Case('session_id="a\\*c"', lambda row: id_of(row) == "a*c"),
        Case('session_id="\\**"', lambda row: id_of(row).startswith("*")),
        Case('session_id="*\\*"', lambda row: id_of(row).endswith("*")),
        Case('session_id="\\a\\l\\i\\c\\e"', lambda row: id_of(row) == "alice"),
        Case('session_id="back\\\\slash"', lambda row: id_of(row) == "back\\slash"),
        Case("session_id=back\\slash", lambda row: id_of(row) == "back\\slash"),
        Case('session_id="quo\\"te"', lambda row: id_of(row) == 'quo"te'),
        Case("session_id=it's", lambda row: id_of(row) == "it's"),
        Case("session_id=-dash", lambda row: id_of(row) == "-dash"),
        Case('session_id="OR"', lambda row: id_of(row) == "OR"),
        Case("session_id=*", lambda _: True),
        Case("session_id=**", lambda _: True),
        Case('session_id="*"', lambda _: True),
        Case("session_id=a*", lambda row: id_of(row).startswith("a")),
        Case("session_id=*c", lambda row: id_of(row).endswith("c")),
        Case("session_id:c", lambda row: "c" in id_of(row)),
        Case('session_id=""', lambda _: False),
        Case('session_id:""', lambda _: True),
        Case("session_id=会议", lambda row: id_of(row) == "会议"),
        Case('description="*\n*"', lambda row: "\n" in row.description),
        Case('description="a\nb"', lambda row: row.description == "a\nb"),
        Case('description="a"', lambda row: row.description == "a"),
        Case('description="a "', lambda row: row.description == "a "),
        Case('description="A"', lambda row: row.description == "A"),
        Case('description!="a"', lambda row: row.description != "a"),
        Case('description=""', lambda row: not row.description),
        Case('description!=""', lambda row: bool(row.description)),
        Case("description=*", lambda _: True),
        Case("description:a", lambda row: "a" in row.description),
        Case("NOT description:a", lambda row: "a" not in row.description),
        Case('NOT description="a"', lambda row: row.description != "a"),
        Case("description=50*", lambda row: row.description.startswith("50")),
    ],
    ids=lambda case: ascii(case.filter),
)
def test_texts_with_quotes_escapes_and_exact_spaces(population: Population, case: Case) -> None:
    population.check_sessions(*case)
    if not case.filter.startswith("session_id"):
        population.check_participants(*case)
        population.check_namespaces(*case)


def team(row: Any) -> str | None:
    return row.labels.get("team") if "team" in row.labels else None


@pytest.mark.parametrize(
    "case",
    [
        Case("labels.team=red", lambda row: team(row) == "red"),
        Case('labels.team="red "', lambda row: team(row) == "red "),
        Case('labels.team="Red"', lambda row: team(row) == "Red"),
        Case("labels.team!=red", lambda row: team(row) != "red"),
        Case("NOT labels.team=red", lambda row: team(row) != "red"),
        Case("-labels.team!=red", lambda row: team(row) == "red"),
        Case("labels.team:red", lambda row: "red" in (team(row) or "")),
        Case("NOT labels.team:red", lambda row: "red" not in (team(row) or "")),
        Case("labels.team=*red", lambda row: (team(row) or "").endswith("red")),
        Case("labels.team:*", lambda row: team(row) is not None),
        Case("labels.team=*", lambda row: team(row) is not None),
        Case("NOT labels.team:*", lambda row: team(row) is None),
        Case("labels.team!=*", lambda row: team(row) is None),
        Case('labels.team=""', lambda row: team(row) == ""),
        Case('labels.team!=""', lambda row: team(row) != ""),
        Case('labels.team="%"', lambda row: team(row) == "%"),
        Case('labels.team="_ed"', lambda row: team(row) == "_ed"),
        Case("labels.team=null", lambda row: team(row) == "null"),
        Case("labels.team=😀", lambda row: team(row) == "😀"),
        Case('labels.team="r\\"e\\\\d"', lambda row: team(row) == 'r"e\\d'),
        Case("labels.a.b/c-d_e=deep", lambda row: row.labels.get("a.b/c-d_e") == "deep"),
        Case("labels.a=team", lambda row: row.labels.get("a") == "team"),
        Case("labels.a:*", lambda row: "a" in row.labels),
        Case("labels.missing:*", lambda _: False),
        Case("labels.missing!=x", lambda _: True),
        Case("labels.TEAM:*", lambda _: False),
    ],
    ids=lambda case: ascii(case.filter),
)
def test_labels(population: Population, case: Case) -> None:
    population.check_sessions(*case)


def has_flag(field: str, expected: bool, row: Any) -> bool:  # noqa: FBT001
    return getattr(row, field) is expected


@pytest.mark.parametrize("field", ["enabled", "managed", "auto_created"])
def test_flags(population: Population, field: str) -> None:
    checks = [population.check_sessions]
    if field != "auto_created":
        checks += [population.check_participants, population.check_namespaces]
    for check in checks:
        for filter_, expected in (
            (f"{field}=true", True),
            (f"{field}=false", False),
            (f"{field} != true", False),
            (f"NOT {field}=false", True),
            (f"-{field}=true", False),
        ):
            assert check(filter_, partial(has_flag, field, expected)) > 0


@pytest.mark.parametrize("field", ["create_time", "update_time"])
@pytest.mark.parametrize(
    ("operator", "compare"),
    [
        ("=", lambda one, other: one == other),
        ("!=", lambda one, other: one != other),
        ("<", lambda one, other: one < other),
        ("<=", lambda one, other: one <= other),
        (">", lambda one, other: one > other),
        (">=", lambda one, other: one >= other),
    ],
)
def test_times_of_the_server(
    population: Population, field: str, operator: str, compare: Callable[[int, int], bool]
) -> None:
    for rows, check in (
        (population.sessions, population.check_sessions),
        (population.participants, population.check_participants),
        (population.namespaces, population.check_namespaces),
    ):
        for pivot in rows[:: len(rows) // 4]:
            time = getattr(pivot, field)

            def predicate(row: Any, time: Any = time) -> bool:
                return compare(getattr(row, field).ToNanoseconds(), time.ToNanoseconds())

            check(f"{field}{operator}{time.ToJsonString()}", predicate)
            check(f'{field} {operator} "{time.ToJsonString()}"', predicate)


def expiry(row: Any) -> int | None:
    return row.expire_time.ToNanoseconds() if row.HasField("expire_time") else None


LAST_YEAR = time_of("9999-01-01T00:00:00Z").ToNanoseconds()
NEW_YEAR = time_of("2100-01-01T00:00:00Z").ToNanoseconds()


@pytest.mark.parametrize(
    "case",
    [
        Case("expire_time = 2100-01-01T00:00:00Z", lambda row: expiry(row) == NEW_YEAR),
        Case('expire_time = "2100-01-01T00:00:00.000000Z"', lambda row: expiry(row) == NEW_YEAR),
        Case("expire_time=2100-01-01T02:00:00+02:00", lambda row: expiry(row) == NEW_YEAR),
        Case("expire_time=2099-12-31T18:30:00-05:30", lambda row: expiry(row) == NEW_YEAR),
        Case('expire_time="2100-01-01 00:00:00Z"', lambda row: expiry(row) == NEW_YEAR),
        Case("expire_time != 2100-01-01T00:00:00Z", lambda row: expiry(row) != NEW_YEAR),
        Case("NOT expire_time = 2100-01-01T00:00:00Z", lambda row: expiry(row) != NEW_YEAR),
        Case("expire_time > 2100-01-01T00:00:00Z", lambda row: (expiry(row) or 0) > NEW_YEAR),
        Case("NOT expire_time > 2100-01-01T00:00:00Z", lambda row: (expiry(row) or 0) <= NEW_YEAR),
        Case("-expire_time < 9999-01-01T00:00:00Z", lambda row: not 0 < (expiry(row) or 0) < LAST_YEAR),
        Case("expire_time <= 2100-01-01T00:00:00.000001Z", lambda row: 0 < (expiry(row) or 0) <= NEW_YEAR + 1000),
        Case("expire_time < 2100-01-01T00:00:00.000001Z", lambda row: 0 < (expiry(row) or 0) < NEW_YEAR + 1000),
        Case("expire_time > 1970-01-01T00:00:00Z", lambda row: expiry(row) is not None),
        Case("NOT expire_time >= 1970-01-01T00:00:00Z", lambda row: expiry(row) is None),
        Case("expire_time < 9999-12-31T23:59:59.999999Z", lambda row: expiry(row) is not None),
        Case("expire_time > 0001-01-01T00:00:00Z", lambda row: expiry(row) is not None),
        Case("expire_time < 0001-01-01T00:00:00Z", lambda _: False),
    ],
    ids=lambda case: case.filter,
)
def test_times_that_may_be_unset(population: Population, case: Case) -> None:
    population.check_sessions(*case)


@pytest.mark.parametrize(
    "case",
    [
        Case("last_sequence=0", lambda _: True),
        Case("last_sequence>=0", lambda _: True),
        Case("last_sequence>-1", lambda _: True),
        Case('last_sequence<"1"', lambda _: True),
        Case("last_sequence!=0", lambda _: False),
        Case("last_sequence>0", lambda _: False),
        Case("last_sequence<=-9223372036854775808", lambda _: False),
        Case("last_sequence<9223372036854775807", lambda _: True),
    ],
    ids=lambda case: case.filter,
)
def test_numbers(population: Population, case: Case) -> None:
    population.check_sessions(*case)


@pytest.mark.parametrize("value", ["USER", "AGENT", "PARTICIPANT_TYPE_USER", '"PARTICIPANT_TYPE_AGENT"'])
def test_types_of_participants(population: Population, value: str) -> None:
    wanted = USER if "USER" in value else AGENT
    population.check_participants(f"participant_type={value}", lambda row: row.participant_type == wanted)
    population.check_participants(f"participant_type != {value}", lambda row: row.participant_type != wanted)
    population.check_participants(f"NOT participant_type={value}", lambda row: row.participant_type != wanted)


def members(row: Any) -> set[str]:
    return {member.participant for member in row.participants}


def has_member(name: str, row: Any) -> bool:
    return name in members(row)


def lacks_member(name: str, row: Any) -> bool:
    return name not in members(row)


def test_participants_of_sessions(population: Population) -> None:
    numbers = []
    for participant in population.participants:
        filter_ = f"participants:{quoted(participant.name)}"
        numbers.append(population.check_sessions(filter_, partial(has_member, participant.name)))
        population.check_sessions(f"-{filter_}", partial(lacks_member, participant.name))
    check_selective(numbers, len(IDS))


def test_participants_that_do_not_exist_take_part_in_nothing(population: Population) -> None:
    for name in (
        f"{population.namespace}/participants/nobody",
        "namespaces/default/participants/alice",
        f"{population.namespace}/participants/aliCE",
    ):
        assert population.check_sessions(f'participants:"{name}"', lambda _: False) == 0


def test_participants_of_two_kinds_of_membership(population: Population) -> None:
    one, other = (f'participants:"{row.name}"' for row in population.participants[1:3])
    first, second = (row.name for row in population.participants[1:3])
    population.check_sessions(f"{one} AND {other}", lambda row: {first, second} <= members(row))
    population.check_sessions(f"{one} OR {other}", lambda row: bool({first, second} & members(row)))
    population.check_sessions(
        f"{one} AND NOT {other}", lambda row: first in members(row) and second not in members(row)
    )


A, B, C, D = "enabled=true", "session_id:a", "description:a", "auto_created=true"


def a(row: Any) -> bool:
    return bool(row.enabled)


def b(row: Any) -> bool:
    return "a" in id_of(row)


def c(row: Any) -> bool:
    return "a" in row.description


def d(row: Any) -> bool:
    return bool(row.auto_created)


@pytest.mark.parametrize(
    "case",
    [
        Case(f"{A} AND {B}", lambda row: a(row) and b(row)),
        Case(f"{A} {B}", lambda row: a(row) and b(row)),
        Case(f"{A} OR {B}", lambda row: a(row) or b(row)),
        # OR binds tighter than AND, and than the AND that is not written.
        Case(f"{A} AND {B} OR {C}", lambda row: a(row) and (b(row) or c(row))),
        Case(f"{A} OR {B} AND {C}", lambda row: (a(row) or b(row)) and c(row)),
        Case(f"{A} {B} OR {C}", lambda row: a(row) and (b(row) or c(row))),
        Case(f"{A} OR {B} {C}", lambda row: (a(row) or b(row)) and c(row)),
        Case(f"{A} OR {B} AND {C} OR {D}", lambda row: (a(row) or b(row)) and (c(row) or d(row))),
        Case(f"{A} {B} AND {C}", lambda row: a(row) and b(row) and c(row)),
        Case(f"({A} AND {B}) OR {C}", lambda row: (a(row) and b(row)) or c(row)),
        Case(f"{A} OR ({B} AND {C})", lambda row: a(row) or (b(row) and c(row))),
        Case(f"({A} {B})({C})", lambda row: a(row) and b(row) and c(row)),
        # NOT and - bind tightest.
        Case(f"NOT {A} AND {B}", lambda row: not a(row) and b(row)),
        Case(f"NOT {A} OR {B}", lambda row: not a(row) or b(row)),
        Case(f"-{A} {B}", lambda row: not a(row) and b(row)),
        Case(f"- {A}", lambda row: not a(row)),
        Case(f"NOT ({A} OR {B})", lambda row: not (a(row) or b(row))),
        Case(f"-({A} AND {B})", lambda row: not (a(row) and b(row))),
        Case(f"NOT({A})", lambda row: not a(row)),
        Case(f"NOT NOT {A}", a),
        Case(f"--{A}", a),
        Case(f"NOT -{A}", a),
        Case(f"((({A})))", a),
        Case(f"  {A}\n\tAND\u00a0{B}  ", lambda row: a(row) and b(row)),
        Case("enabled  =  true", a),
        Case("", lambda _: True),
        Case("   ", lambda _: True),
    ],
    ids=lambda case: ascii(case.filter),
)
def test_precedence(population: Population, case: Case) -> None:
    population.check_sessions(*case)


def test_the_rows_tell_all_readings_of_precedence_apart(population: Population) -> None:
    combinations = {(a(row), b(row), c(row), d(row)) for row in population.sessions}
    assert len(combinations) >= 12
    assert {(True, False, True), (False, False, True), (True, True, False)} <= {one[:3] for one in combinations}


LEAVES: list[Case] = [
    Case(A, a),
    Case(B, b),
    Case(C, c),
    Case(D, d),
    Case("managed=false", lambda row: not row.managed),
    Case("session_id>=b", lambda row: id_of(row) >= "b"),
    Case('session_id="*c"', lambda row: id_of(row).endswith("c")),
    Case('description="a*"', lambda row: row.description.startswith("a")),
    Case('description!=""', lambda row: bool(row.description)),
    Case("labels.team:red", lambda row: "red" in (team(row) or "")),
    Case("labels.team!=red", lambda row: team(row) != "red"),
    Case("labels.a:*", lambda row: "a" in row.labels),
    Case("expire_time>2100-01-01T00:00:00Z", lambda row: (expiry(row) or 0) > NEW_YEAR),
    Case('expire_time<="2100-01-01T00:00:00.000001Z"', lambda row: 0 < (expiry(row) or 0) <= NEW_YEAR + 1000),
    Case("last_sequence<1", lambda _: True),
]


def conjunction(choice: random.Random, depth: int) -> Case:
    found = alternative(choice, depth)
    for _ in range(choice.choice((0, 0, 1, 2))):
        found = joined_by(choice.choice((" AND ", " ")), found, alternative(choice, depth))
    return found


def alternative(choice: random.Random, depth: int) -> Case:
    found = term(choice, depth)
    for _ in range(choice.choice((0, 0, 1, 2))):
        found = joined_by(" OR ", found, term(choice, depth))
    return found


def joined_by(word: str, left: Case, right: Case) -> Case:
    if word == " OR ":
        return Case(left.filter + word + right.filter, lambda row: left.predicate(row) or right.predicate(row))
    return Case(left.filter + word + right.filter, lambda row: left.predicate(row) and right.predicate(row))


def term(choice: random.Random, depth: int) -> Case:
    inner = choice.choice(LEAVES)
    if depth and choice.random() < 0.4:
        whole = conjunction(choice, depth - 1)
        inner = Case(f"({whole.filter})", whole.predicate)
    sign = choice.choice(("", "", "NOT ", "-"))
    return Case(sign + inner.filter, lambda row: inner.predicate(row) != bool(sign))


@pytest.mark.parametrize("seed", range(60))
def test_filters_put_together_at_random(population: Population, seed: int) -> None:
    population.check_sessions(*conjunction(random.Random(seed), 2))


@pytest.mark.parametrize(
    ("filter_", "position"),
    [
        ("enabled", 7),
        ("  enabled  ", 11),
        ("enabled=", 8),
        ("enabled=maybe", 8),
        ("enabled=TRUE", 8),
        ('enabled="true"', 8),
        ("enabled<true", 7),
        ("enabled ~ true", 8),
        ("nonsense=1", 0),
        ("uid=x", 0),
        ("data=x", 0),
        ("Enabled=true", 0),
        ("enabled.x=true", 0),
        ("enabled=true AND nonsense=1", 17),
        ('description="😀" AND nonsense=1', 20),
        ("(enabled=true", 13),
        ("enabled=true)", 12),
        ("()", 1),
        (")", 0),
        ("enabled=true OR", 15),
        ("enabled=true AND", 16),
        ("AND enabled=true", 0),
        ("OR enabled=true", 0),
        ("enabled=true AND OR enabled=true", 17),
        ("not enabled=true", 0),
        ("NOT", 3),
        ("-", 1),
        ("enabled=(true)", 8),
        ("=true", 0),
        ('"alice"', 0),
        ("alice", 0),
        ('session_id="abc', 11),
        ('session_id="abc\\"', 11),
        ("session_id=a*b", 11),
        ('session_id="a*b"', 11),
        ("session_id=***", 11),
        ("session_id < a*", 13),
        ("session_id = OR", 13),
        ("description < a", 12),
        ("labels=red", 0),
        ("labels:team", 0),
        ("labels.=red", 0),
        ("labels.-x=red", 0),
        ("labels.té=red", 0),
        (f"labels.{'x' * 64}=red", 0),
        ("labels.team<red", 11),
        ("create_time>yesterday", 12),
        ("create_time>2026-13-01T00:00:00Z", 12),
        ("create_time:2026-01-01T00:00:00Z", 11),
        ("create_time > *", 14),
        ("create_time>10000-01-01T00:00:00Z", 12),
        ("create_time>0001-01-01T00:00:00+01:00", 12),
        ("last_sequence=1.5", 14),
        ("last_sequence=9223372036854775808", 14),
        ("last_sequence=-9223372036854775809", 14),
        ("last_sequence=\u0661", 14),
        ("last_sequence=1e3", 14),
        ("last_sequence=0x10", 14),
        ("participants:alice", 13),
        ('participants:"namespaces/a/sessions/b"', 13),
        ('participants:"*"', 13),
        ('participants="namespaces/a/participants/b"', 12),
        ("namespace_id=a", 0),
        ("participant_id=a", 0),
        ('description="a\0b"', 0),
        ("enabled=true;enabled=true", 8),
        ("enabled=true, managed=true", 8),
        ("enabled=true && managed=true", 13),
    ],
    ids=ascii,
)
def test_a_filter_that_cannot_be_understood_is_refused_with_the_position(
    population: Population, filter_: str, position: int
) -> None:
    request = ListSessionsRequest(parent=population.namespace, filter=filter_)
    failed = failure(population.client.sessions.ListSessions, request)
    assert (failed.code, failed.reason) == (INVALID, "INVALID_FILTER")
    assert dict(failed.info.metadata) == {"field": "filter", "position": str(position)}
    assert failed.fields == ["filter"]


def test_each_list_has_fields_of_its_own(population: Population) -> None:
    for call, request, others in (
        (
            population.client.namespaces.ListNamespaces,
            ListNamespacesRequest(),
            ["session_id=a", "participant_id=a", "labels.a=b", "auto_created=true", "participant_type=USER"],
        ),
        (
            population.client.participants.ListParticipants,
            ListParticipantsRequest(parent=population.namespace),
            ["namespace_id=a", "session_id=a", "expire_time>2026-01-01T00:00:00Z", "last_sequence=0"],
        ),
    ):
        for other in others:
            request.filter = other
            failed = failure(call, request)
            assert (failed.reason, failed.info.metadata["position"]) == ("INVALID_FILTER", "0")


@pytest.mark.parametrize("value", ["user", "BOT", "*", "PARTICIPANT_TYPE_UNSPECIFIED", "1"])
def test_an_unknown_type_of_participant_is_refused(population: Population, value: str) -> None:
    request = ListParticipantsRequest(parent=population.namespace, filter=f"participant_type={value}")
    failed = failure(population.client.participants.ListParticipants, request)
    assert (failed.reason, failed.info.metadata["position"]) == ("INVALID_FILTER", "17")


def check_limit(population: Population, filter_: str, limit: int) -> None:
    """Check that a filter is refused that exceeds a limit by one."""
    request = ListSessionsRequest(parent=population.namespace, filter=filter_)
    failed = failure(population.client.sessions.ListSessions, request)
    assert (failed.code, failed.reason, failed.fields) == (INVALID, "LIMIT_EXCEEDED", ["filter"])
    assert dict(failed.info.metadata) == {"field": "filter", "limit": str(limit), "size": str(limit + 1)}


def test_a_filter_has_at_most_2000_characters(population: Population) -> None:
    filter_ = "session_id=" + quoted("😀" * (2000 - 13))
    assert len(filter_) == 2000
    population.check_sessions(filter_, lambda _: False)
    check_limit(population, filter_ + " ", 2000)


def test_the_longest_filter_that_a_server_can_allow_is_answered(database_url: str) -> None:
    start, end = 'description:"', '"'
    # No character becomes longer than this one, when it is decomposed.
    longest = start + "\U0001d160" * (4_000 - len(start + end)) + end
    with serving(database_url, filter_characters=4_000) as server, connected(server.address) as client:
        namespace = make_namespace(client).name
        new_session(client, namespace, description="😀" * 10_000)
        request = ListSessionsRequest(parent=namespace, filter=longest)
        assert list(client.sessions.ListSessions(request).sessions) == []


def test_a_filter_has_at_most_50_comparisons(population: Population) -> None:
    for word in (" AND ", " OR ", " "):
        population.check_sessions(word.join(["enabled=true"] * 50), a)
        check_limit(population, word.join(["enabled=true"] * 51), 50)


def test_the_heaviest_comparisons_together_are_answered(population: Population) -> None:
    name = population.participants[1].name
    filter_ = " OR ".join(["labels.a.b/c=*x*", f'participants:"{name}"', "description:z"] * 16)
    population.check_sessions(
        filter_, lambda row: name in members(row) or "z" in row.description or "x" in row.labels.get("a.b/c", "")
    )


@pytest.mark.parametrize(("opening", "closing"), [("(", ")"), ("NOT ", ""), ("-", "")])
def test_a_filter_is_nested_16_levels_deep_at_most(population: Population, opening: str, closing: str) -> None:
    population.check_sessions(f"{opening * 16}enabled=true{closing * 16}", a)
    check_limit(population, f"{opening * 17}enabled=true{closing * 17}", 16)


def test_ids_of_namespaces(population: Population) -> None:
    for filter_, predicate in (
        (f'namespace_id="{population.tag}-1"', lambda row: id_of(row).endswith("-1")),
        ("namespace_id=*-1", lambda row: id_of(row).endswith("-1")),
        (f'namespace_id>"{population.tag}-4"', lambda row: id_of(row) > f"{population.tag}-4"),
        (f'namespace_id!="{population.tag}"', lambda row: id_of(row) != population.tag),
        (f'namespace_id:"{population.tag[1:]}-"', lambda row: "-" in id_of(row)[len(population.tag) :]),
        (f'namespace_id="{population.tag.upper()}"', lambda _: False),
    ):
        population.check_namespaces(filter_, predicate)
