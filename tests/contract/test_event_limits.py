"""Events are kept whole up to each limit and refused above it."""

from collections.abc import Callable
from typing import Any, NamedTuple

import grpc
import pytest

from activity_session.v1.event_pb2 import Event
from activity_session.v1.info_service_pb2 import GetServerInfoRequest, ServerLimits
from activity_session_testing.logs import ROCKET, as_given, copied, refused_append, set_state, state
from activity_session_testing.servers import Client
from activity_session_testing.steps import append, list_events, new_session

pytestmark = pytest.mark.one_node


class LimitCase(NamedTuple):
    """Return events that use that much of a limit, and the field that an error names."""

    events: Callable[[int], list[Event]]
    field: str


def second(**fields: Any) -> list[Event]:
    """Return two events, the second one with these fields."""
    return [Event(text="first"), Event(**fields)]


def of_bytes(size: int) -> list[Event]:
    """Return events that have that many bytes together, each within its own limit."""
    most = Event(text="x" * 1_000_000)
    count, rest = divmod(size, most.ByteSize())
    around = Event(text="x" * 100_000).ByteSize() - 100_000
    events = [*[most] * count, Event(text="x" * (rest - around))]
    assert sum(event.ByteSize() for event in events) == size
    return events


LIMIT_CASES = {
    "text": ("event_content_bytes", LimitCase(lambda n: second(text="x" * n), "events[1].text")),
    "text of many bytes": (
        "event_content_bytes",
        LimitCase(lambda n: second(text=ROCKET * (n // 4) + "x" * (n % 4)), "events[1].text"),
    ),
    "blob": ("event_content_bytes", LimitCase(lambda n: second(blob=b"\xff" * n), "events[1].blob")),
    "type": ("event_type_characters", LimitCase(lambda n: second(type=ROCKET * n), "events[1].type")),
    "media_type": ("media_type_characters", LimitCase(lambda n: second(media_type=ROCKET * n), "events[1].media_type")),
    "event_id": ("id_characters", LimitCase(lambda n: second(event_id=ROCKET * n), "events[1].event_id")),
    "labels": (
        "labels",
        LimitCase(lambda n: second(labels={f"key-{number}": "x" for number in range(n)}), "events[1].labels"),
    ),
    "key of a label": ("label_key_characters", LimitCase(lambda n: second(labels={"k" * n: "x"}), "events[1].labels")),
    "value of a label": (
        "label_value_characters",
        LimitCase(lambda n: second(labels={"key": ROCKET * n}), "events[1].labels.key"),
    ),
    "events": ("batch_events", LimitCase(lambda n: [Event()] * n, "events")),
    "bytes of a batch": ("batch_bytes", LimitCase(of_bytes, "events")),
}


@pytest.fixture
def session(client: Client, namespace: str) -> str:
    """The name of a session without events."""
    return new_session(client, namespace).name


@pytest.fixture(scope="module")
def limits(client: Client) -> ServerLimits:
    return client.info.GetServerInfo(GetServerInfoRequest()).limits


@pytest.mark.parametrize("kind", LIMIT_CASES)
class TestLimits:
    def test_what_is_at_a_limit_is_kept_whole(
        self, client: Client, session: str, limits: ServerLimits, kind: str
    ) -> None:
        limit, case = LIMIT_CASES[kind]
        given = case.events(getattr(limits, limit))
        answered = list(append(client, session, *given).events)
        assert list_events(client, session) == answered
        kept = [copied(as_given(event), event_id=one.event_id) for event, one in zip(answered, given, strict=True)]
        assert kept == given

    def test_what_is_past_a_limit_is_refused(
        self, client: Client, session: str, limits: ServerLimits, kind: str
    ) -> None:
        name, case = LIMIT_CASES[kind]
        limit = getattr(limits, name)
        refusal = refused_append(client, session, case.events(limit + 1), "LIMIT_EXCEEDED", case.field)
        assert refusal.code is grpc.StatusCode.INVALID_ARGUMENT
        assert refusal.info.metadata == {"field": case.field, "limit": str(limit), "size": str(limit + 1)}


def test_state_updates_count_among_the_bytes_of_a_batch(client: Client, session: str, limits: ServerLimits) -> None:
    update = set_state("a", "1")
    room = limits.batch_bytes - update.ByteSize()
    refusal = refused_append(client, session, of_bytes(room + 1), "LIMIT_EXCEEDED", "events", state_updates=[update])
    assert refusal.info.metadata["size"] == str(limits.batch_bytes + 1)
    append(client, session, *of_bytes(room), state_updates=[update])
    assert state(client, session) == {"a": ("1", 1)}
