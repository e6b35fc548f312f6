"""A session that has expired is gone from that second on, as a deleted one is; one that is used may live on.

Nothing here waits for the sweep, which comes once a minute: that callers see no difference is what is tested.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import AppendEventsRequest, UpdateStateRequest
from activity_session.v1.memory_pb2 import Memory, MemoryType
from activity_session.v1.memory_service_pb2 import CreateMemoryRequest
from activity_session.v1.namespace_pb2 import Namespace, NamespaceSettings
from activity_session.v1.namespace_service_pb2 import DeleteNamespaceRequest, UpdateNamespaceRequest
from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_service_pb2 import (
    AcquireTurnRequest,
    BatchGetSessionsRequest,
    BindParticipantRequest,
    CreateSessionRequest,
    DeleteSessionRequest,
    EnsureSessionRequest,
    ListSessionsRequest,
    MarkReadRequest,
    UndeleteSessionRequest,
    UpdateSessionRequest,
)
from activity_session.v1.session_settings_pb2 import SessionSettings
from activity_session.v1.state_pb2 import StateUpdate
from activity_session_testing.servers import Client, failure
from activity_session_testing.steps import (
    AGENT,
    append,
    end_of,
    expunge_session,
    get_session,
    list_events,
    members,
    new_participant,
    new_session,
    read_state,
    refused,
    update_session,
    update_state,
)
from activity_session_testing.watches import Watching

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
IDLE = SessionSettings(idle_ttl=Duration(seconds=3600))


def at(time: datetime) -> Timestamp:
    timestamp = Timestamp()
    timestamp.FromDatetime(time)
    return timestamp


def now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


PAST = Timestamp(seconds=1)


class Expired(NamedTuple):
    """A session that has expired, with something of everything in it."""

    namespace: str
    agent: str
    session: Session

    @property
    def name(self) -> str:
        return self.session.name


@pytest.fixture
def expired(client: Client, namespace: str) -> Expired:
    agent = new_participant(client, namespace, participant_type=AGENT)
    name = new_session(client, namespace, "talk", participants=members(agent)).name
    append(client, name, "said")
    update_state(client, name, StateUpdate(key="plan", value_json="1"))
    return Expired(namespace, agent, update_session(client, Session(name=name, expire_time=PAST)))


class TestExpired:
    def test_can_be_read_as_a_deleted_one(self, client: Client, expired: Expired) -> None:
        session = expired.session
        assert get_session(client, expired.name) == session
        # The expiry that was set had passed: the session is gone since it was set, and its purge age begins then.
        assert session.delete_time == session.update_time
        assert session.purge_time.ToDatetime() - session.delete_time.ToDatetime() == timedelta(days=30)
        batch = BatchGetSessionsRequest(parent=expired.namespace, names=[expired.name])
        assert list(client.sessions.BatchGetSessions(batch).sessions) == [session]
        assert [event.text for event in list_events(client, expired.name)] == ["said"]
        assert read_state(client, expired.name)["plan"].value_json == "1"

    @pytest.mark.parametrize("filter_", ["", "last_sequence = 1", 'session_id = "talk"'])
    def test_is_listed_only_with_those_that_are_deleted(self, client: Client, expired: Expired, filter_: str) -> None:
        live = new_session(client, expired.namespace, expire_time=at(now() + HOUR))
        append(client, live.name, "first")
        request = ListSessionsRequest(parent=expired.namespace, filter=filter_)
        assert expired.name not in [session.name for session in client.sessions.ListSessions(request).sessions]
        request.show_deleted = True
        (found,) = [one for one in client.sessions.ListSessions(request).sessions if one.name == expired.name]
        assert found.delete_time == expired.session.delete_time

    def test_takes_no_writes(self, client: Client, expired: Expired) -> None:
        name, agent = expired.name, expired.agent
        memory = Memory(agent=agent, memory_type=MemoryType.MEMORY_TYPE_OBSERVATION, content="tea")
        later = Session(name=name, expire_time=at(now() + HOUR))
        calls: list[tuple[Any, Any]] = [
            (client.events.AppendEvents, AppendEventsRequest(parent=name, events=[Event(text="late")])),
            (client.events.UpdateState, UpdateStateRequest(name=name, updates=[StateUpdate(key="a", value_json="1")])),
            (client.sessions.UpdateSession, UpdateSessionRequest(session=later)),
            (client.sessions.DeleteSession, DeleteSessionRequest(name=name)),
            (client.sessions.BindParticipant, BindParticipantRequest(session=name, participant=agent, role="x")),
            (client.sessions.MarkRead, MarkReadRequest(session=name, participant=agent, sequence=1)),
            (client.sessions.AcquireTurn, AcquireTurnRequest(session=name, participant=agent)),
            (client.memories.CreateMemory, CreateMemoryRequest(parent=name, memory=memory)),
            (client.sessions.EnsureSession, EnsureSessionRequest(parent=expired.namespace, session_id="talk")),
        ]
        for call, request in calls:
            refused(call, request, "SESSION_DELETED")
        taken = CreateSessionRequest(parent=expired.namespace, session_id="talk", session=Session())
        refused(client.sessions.CreateSession, taken, "SESSION_ALREADY_EXISTS")

    def test_can_be_brought_back_by_its_etag(self, client: Client, expired: Expired) -> None:
        undelete = UndeleteSessionRequest(name=expired.name, etag=expired.session.etag)
        back = client.sessions.UndeleteSession(undelete)
        assert not back.HasField("delete_time")
        assert not back.HasField("expire_time")
        assert back == get_session(client, expired.name)
        append(client, expired.name, "goes on")

    def test_can_be_expunged(self, client: Client, expired: Expired) -> None:
        expunge_session(client, expired.name)
        assert new_session(client, expired.namespace, "talk").uid != expired.session.uid

    def test_leaves_its_namespace_empty(self, client: Client, expired: Expired) -> None:
        client.namespaces.DeleteNamespace(DeleteNamespaceRequest(name=expired.namespace))

    def test_cannot_be_watched(self, client: Client, expired: Expired) -> None:
        with Watching.of(client, expired.name) as watch:
            assert watch.wait_for_end().reason == "SESSION_DELETED"


def test_a_watch_ends_at_the_second_of_the_expiry(client: Client, namespace: str) -> None:
    name = new_session(client, namespace).name
    with Watching.of(client, name) as watch:
        watch.wait(lambda watch: watch.sessions)
        end = now() + timedelta(seconds=0.3)
        session = update_session(client, Session(name=name, expire_time=at(end)))
        assert watch.wait_for_end().reason == "SESSION_DELETED"
        assert end - timedelta(seconds=0.1) < now() < end + timedelta(seconds=10)
        last = watch.sessions[-1]
    assert last.delete_time == end_of(session)
    assert (last.etag, last.update_time) == (session.etag, session.update_time)


class TestIdleTTL:
    def test_begins_with_the_session(self, client: Client, namespace: str) -> None:
        session = new_session(client, namespace, settings=IDLE)
        assert session.settings.idle_ttl == IDLE.idle_ttl
        assert session.expire_time.ToDatetime() - session.create_time.ToDatetime() == HOUR + MINUTE
        assert get_session(client, session.name) == session

    def test_follows_the_namespace_where_the_session_says_nothing(self, client: Client, namespace: str) -> None:
        settings = NamespaceSettings(
            default_session_ttl=Duration(seconds=60), default_session_idle_ttl=Duration(seconds=3600)
        )
        changed = Namespace(name=namespace, settings=settings)
        assert client.namespaces.UpdateNamespace(UpdateNamespaceRequest(namespace=changed)).settings == settings
        session = new_session(client, namespace)
        assert session.settings.idle_ttl == IDLE.idle_ttl
        assert session.expire_time.ToDatetime() - session.create_time.ToDatetime() == HOUR + MINUTE
        fixed = new_session(client, namespace, expire_time=at(now() + MINUTE))
        assert not fixed.settings.HasField("idle_ttl")

    def test_moves_an_expiry_on_and_never_back(self, client: Client, namespace: str) -> None:
        later = at(now() + timedelta(days=1))
        session = new_session(client, namespace, expire_time=later)
        kept = update_session(client, Session(name=session.name, settings=IDLE), "settings.idle_ttl")
        assert kept.expire_time == later
        # As by a client that writes back what it has read long ago.
        stale = Session(name=session.name, expire_time=at(now() + MINUTE))
        moved = update_session(client, stale, "expire_time")
        assert moved.expire_time.ToDatetime() - moved.update_time.ToDatetime() == HOUR + MINUTE
        described = update_session(client, Session(name=session.name, description="no append"))
        assert described.expire_time == moved.expire_time

    def test_that_is_shorter_applies_at_once_where_the_expiry_is_cleared(self, client: Client, namespace: str) -> None:
        name = new_session(client, namespace, settings=IDLE).name
        shorter = Session(name=name, settings=SessionSettings(idle_ttl=Duration(seconds=1)))
        session = update_session(client, shorter, "settings.idle_ttl", "expire_time")
        assert session.expire_time.ToDatetime() - session.update_time.ToDatetime() == timedelta(seconds=1) + MINUTE
        removed = update_session(client, Session(name=name), "settings.idle_ttl", "expire_time")
        assert not removed.HasField("expire_time")

    @pytest.mark.parametrize(
        "duration", [Duration(nanos=999_999_999), Duration(seconds=-1), Duration(seconds=36_525 * 86_400 + 1)], ids=str
    )
    def test_has_bounds(self, client: Client, namespace: str, duration: Duration) -> None:
        session = Session(settings=SessionSettings(idle_ttl=duration))
        refusal = failure(client.sessions.CreateSession, CreateSessionRequest(parent=namespace, session=session))
        assert refusal.fields == ["session.settings.idle_ttl"]
