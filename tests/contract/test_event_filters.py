"""Filters of events find exactly what they say."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import ListEventsRequest
from activity_session.v1.info_service_pb2 import GetServerInfoRequest, ServerLimits
from activity_session_testing.logs import ROCKET
from activity_session_testing.servers import Client, unique
from activity_session_testing.steps import append, list_events, make_namespace, new_participant, new_session, refused

pytestmark = pytest.mark.one_node

Predicate = Callable[[Event], bool]


def at(text: str) -> int:
    """Return a time of RFC 3339 in nanoseconds."""
    time = Timestamp()
    time.FromJsonString(text)
    return time.ToNanoseconds()


def time_of(event: Event) -> int | None:
    return event.event_time.ToNanoseconds() if event.HasField("event_time") else None


# AUTHOR is replaced by the name of the first author of the log.
FILTERS: list[tuple[str, Predicate]] = [
    ("", lambda _: True),
    ('type = "message"', lambda e: e.type == "message"),
    ("type = message", lambda e: e.type == "message"),
    ('type != "message"', lambda e: e.type != "message"),
    ('type = ""', lambda e: e.type == ""),
    ('type = "message "', lambda e: e.type == "message "),
    ('type = "mess*"', lambda e: e.type.startswith("mess")),
    ('type = "*ge"', lambda e: e.type.endswith("ge")),
    ('type = "*ess*"', lambda e: "ess" in e.type),
    ('type = "*"', lambda _: True),
    ("type:ss", lambda e: "ss" in e.type),
    ('type:"%"', lambda e: "%" in e.type),
    ('type = "_*"', lambda e: e.type.startswith("_")),
    (f'type = "{ROCKET}"', lambda e: e.type == ROCKET),
    ('author = "AUTHOR"', lambda e: e.author.endswith("/ada")),
    ('author != "AUTHOR"', lambda e: not e.author.endswith("/ada")),
    ('author = ""', lambda e: not e.author),
    ('author != ""', lambda e: bool(e.author)),
    ('NOT author = "" AND author != "AUTHOR"', lambda e: bool(e.author) and not e.author.endswith("/ada")),
    ('event_time = "2026-01-31T12:00:00Z"', lambda e: time_of(e) == at("2026-01-31T12:00:00Z")),
    ('event_time != "2026-01-31T12:00:00Z"', lambda e: time_of(e) != at("2026-01-31T12:00:00Z")),
    ("event_time > 2026-01-31T12:00:00Z", lambda e: (time_of(e) or 0) > at("2026-01-31T12:00:00Z")),
    ("event_time >= 2026-01-31T12:00:00.000001Z", lambda e: (time_of(e) or 0) >= at("2026-01-31T12:00:00.000001Z")),
    ("event_time < 2026-01-31T13:00:00+01:00", lambda e: time_of(e) == 0),
    ("event_time <= 2026-01-31T12:00:00Z", lambda e: time_of(e) in (0, at("2026-01-31T12:00:00Z"))),
    ("NOT event_time >= 1970-01-01T00:00:00Z", lambda e: time_of(e) is None),
    ("labels.team = red", lambda e: e.labels.get("team") == "red"),
    ("labels.team != red", lambda e: e.labels.get("team") != "red"),
    ("NOT labels.team = red", lambda e: e.labels.get("team") != "red"),
    ("labels.team:*", lambda e: "team" in e.labels),
    ("NOT labels.team:*", lambda e: "team" not in e.labels),
    ('labels.team = ""', lambda e: e.labels.get("team") == ""),
    ('labels.team = "*red"', lambda e: e.labels.get("team", "").endswith("red")),
    ('labels.team = "re*"', lambda e: e.labels.get("team", "").startswith("re")),
    ("labels.team:ed", lambda e: "ed" in e.labels.get("team", "")),
    ("labels.Team:*", lambda e: "Team" in e.labels),
    ('labels.a.b/c-d_e = "de\\"ep"', lambda e: e.labels.get("a.b/c-d_e") == 'de"ep'),
    ("type = message labels.team:*", lambda e: e.type == "message" and "team" in e.labels),
    ('type = join OR author = "AUTHOR"', lambda e: e.type == "join" or e.author.endswith("/ada")),
    (
        'type = join AND author = "" OR labels.team = red',
        lambda e: e.type == "join" and (not e.author or e.labels.get("team") == "red"),
    ),
    (
        '(type = join AND author = "") OR labels.team = red',
        lambda e: (e.type == "join" and not e.author) or e.labels.get("team") == "red",
    ),
    (
        '-(type = message AND -author = "AUTHOR")',
        lambda e: not (e.type == "message" and not e.author.endswith("/ada")),
    ),
]
EVERYTHING = ("", 'type = "*"')
TYPES = ["message", "Message", "message ", "", "join", "50%", "_x", ROCKET]
LABELS: list[dict[str, str]] = [
    {},
    {"team": "red"},
    {"team": "Red"},
    {"team": ""},
    {"team": "infrared"},
    {"Team": "red", "a.b/c-d_e": 'de"ep'},
]
TIMES = ["", "1970-01-01T00:00:00Z", "2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000001Z", "9999-12-31T23:59:59Z"]
BAD_FILTERS = [
    ('text = "a"', 0),
    ("sequence > 3", 0),
    ('event_id = "a"', 0),
    ("blob:a", 0),
    ("labels:a", 0),
    ("labels. = a", 0),
    ("type.x = a", 0),
    ("type", 4),
    ("type =", 6),
    ('type > "a"', 5),
    ('type = "a*b"', 7),
    ('type = "a', 7),
    ('type = "a" OR', 13),
    ('(type = "a"', 11),
    ('author:"a"', 6),
    ('author = "ada"', 9),
    ('author = "namespaces/*"', 9),
    ('event_time = "yesterday"', 13),
    ("event_time:2026", 10),
    ('labels.a < "b"', 9),
]


@pytest.fixture
def session(client: Client, namespace: str) -> str:
    """The name of a session without events."""
    return new_session(client, namespace).name


@pytest.fixture(scope="module")
def limits(client: Client) -> ServerLimits:
    return client.info.GetServerInfo(GetServerInfoRequest()).limits


@pytest.fixture(scope="module")
def kinds(client: Client) -> list[Event]:
    """The events of a session, of all kinds, in their order."""
    namespace = make_namespace(client, unique("filtered")).name
    session = new_session(client, namespace).name
    authors = ["", *(new_participant(client, namespace, id_) for id_ in ("ada", "Ada", "ad"))]
    choose = random.Random(1).choice
    for _ in range(3):
        append(client, session, *(any_event(choose(authors), choose) for _ in range(50)))
    return list_events(client, session)


def any_event(author: str, choose: Callable[[Any], Any]) -> Event:
    event = Event(author=author, type=choose(TYPES), labels=choose(LABELS))
    if time := choose(TIMES):
        event.event_time.FromJsonString(time)
    return event


class TestFilter:
    @pytest.mark.parametrize(("text", "matches"), FILTERS, ids=[text for text, _ in FILTERS])
    def test_finds_what_it_says(self, client: Client, kinds: list[Event], text: str, matches: Predicate) -> None:
        session = kinds[0].name.rpartition("/events/")[0]
        text = text.replace("AUTHOR", f"{session.rpartition('/sessions/')[0]}/participants/ada")
        wanted = [event for event in kinds if matches(event)]
        assert 0 < len(wanted) < len(kinds) or text in EVERYTHING
        assert list_events(client, session, filter=text) == wanted
        newest_first = list_events(client, session, filter=text, order_by="sequence desc", page_size=9)
        assert newest_first == wanted[::-1]
        within = list_events(client, session, filter=text, after_sequence=20, before_sequence=120, omit_content=True)
        assert within == [event for event in wanted if 20 < event.sequence < 120]

    @pytest.mark.parametrize(("text", "position"), BAD_FILTERS)
    def test_that_cannot_be_understood_is_refused(
        self, client: Client, kinds: list[Event], text: str, position: int
    ) -> None:
        request = ListEventsRequest(parent=kinds[0].name.rpartition("/events/")[0], filter=text)
        refusal = refused(client.events.ListEvents, request, "INVALID_FILTER", "filter")
        assert refusal.info.metadata == {"field": "filter", "position": str(position)}

    def test_that_is_too_long_is_refused(self, client: Client, session: str, limits: ServerLimits) -> None:
        longest = 'type = "' + "x" * (limits.filter_characters - 9) + '"'
        assert list_events(client, session, filter=longest) == []
        request = ListEventsRequest(parent=session, filter=f"{longest} ")
        refused(client.events.ListEvents, request, "LIMIT_EXCEEDED", "filter")
