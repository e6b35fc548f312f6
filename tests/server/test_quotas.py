"""Quotas of subjects and of namespaces: who uses more is refused, is told when to come back, and is in nobody's way."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import pairwise
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo

from activity_session import v1
from activity_session_server.app import App, own_call
from activity_session_server.live.meters import Meter
from activity_session_server.live.stored_bytes import StoredBytes
from activity_session_server.rules.access.callers import Grant
from activity_session_server.rules.access.permissions import PERMISSIONS, may_write
from activity_session_server.rules.access.quotas import ADDS, Quota
from activity_session_server.rules.access.roles import Role
from activity_session_server.rules.errors import ServiceError
from activity_session_server.store.queries import namespaces
from activity_session_testing.access import Access, serving_callers
from activity_session_testing.backends import BACKENDS
from activity_session_testing.moments import before, eventually
from activity_session_testing.servers import Client, Failure, connected, failure, serving
from activity_session_testing.steps import (
    AGENT,
    acquire_turn,
    append,
    at_once,
    delete_session,
    expunge_session,
    get_session,
    make_namespace,
    new_memory,
    new_participant,
    new_session,
    release_turn,
    update_state,
    waiting_for_turn,
)

MEMORY = "sqlite:///:memory:"
NAMESPACE = "namespaces/default"
SUBJECTS = ("ada", "bob")
GRANTS = [Grant(subject, "", Role.ADMIN) for subject in SUBJECTS]
THREADS = 8
# Seconds that a call is held in flight at most.
LONGEST = 20.0


@pytest.fixture(params=BACKENDS)
def served(request: pytest.FixtureRequest, new_database: Callable[[str], str]) -> Iterator[Client]:
    """A client of a server on each backend."""
    with serving(new_database(request.param), threads=THREADS) as server, connected(server.address) as client:
        yield client


@contextmanager
def callers(*grants: Grant, **settings: Any) -> Iterator[tuple[Access, Callable[[str], Client]]]:
    """A server, and a client for each subject."""
    with serving_callers(MEMORY, grants or GRANTS, **settings) as access, ExitStack() as stack:
        yield access, lambda subject: stack.enter_context(access.client(subject))


def until_refused(call: Callable[[], object], most: int) -> tuple[int, Failure]:
    """How often a call succeeds before it is refused, and how it is refused."""
    for number in range(most):
        try:
            call()
        except grpc.RpcError as error:
            return number, Failure(error)
    raise AssertionError(f"{most} calls succeeded")


def delay_of(failed: Failure) -> float:
    """The seconds after which to try again."""
    (info,) = failed.details(RetryInfo)
    seconds: float = info.retry_delay.ToTimedelta().total_seconds()
    return seconds


@contextmanager
def held(access: Access) -> Iterator[Callable[[], None]]:
    """Hold the next two reads of sessions until they are let go."""
    gate = threading.Event()
    with before(access.server, "SELECT", lambda: gate.wait(LONGEST), most=2):
        try:
            yield gate.set
        finally:
            gate.set()


def watching(client: Client) -> Callable[..., v1.WatchSessionResponse]:
    """The first message of a watch, which ends with it."""

    def watch(request: v1.WatchSessionRequest) -> v1.WatchSessionResponse:
        stream = client.sessions.WatchSession(request, timeout=LONGEST)
        first: v1.WatchSessionResponse = next(stream)
        stream.cancel()
        return first

    return watch


def is_refused(call: Callable[..., object], request: Any) -> bool:
    try:
        call(request)
    except grpc.RpcError:
        return True
    return False


class TestCallsPerSecond:
    def test_of_a_subject_are_refused_with_the_time_until_the_next_one(self) -> None:
        rate = 4
        with callers(subject_calls_per_second=rate) as (_, client):
            ada, bob = client("ada"), client("bob")
            session = new_session(bob, NAMESPACE).name
            served, refusal = until_refused(lambda: get_session(ada, session), 10 * rate)
            assert rate <= served < 2 * rate
            assert (refusal.code, refusal.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "QUOTA_EXCEEDED")
            assert refusal.info.metadata == {"quota": "subject_calls_per_second", "limit": str(rate), "subject": "ada"}
            delay = delay_of(refusal)
            assert 0 < delay <= 1 / rate
            # Others go on.
            get_session(bob, session)
            time.sleep(delay)
            get_session(ada, session)

    def test_of_all_callers_of_a_namespace_count_together(self) -> None:
        rate = 4
        with callers(namespace_calls_per_second=rate) as (_, client):
            ada, bob = client("ada"), client("bob")
            other = make_namespace(ada).name
            session, elsewhere = new_session(ada, NAMESPACE).name, new_session(ada, other).name
            both = iter([ada, bob] * rate)
            served, refusal = until_refused(lambda: get_session(next(both), session), 2 * rate)
            assert served >= rate - 1
            metadata = {"quota": "namespace_calls_per_second", "limit": str(rate), "namespace": NAMESPACE}
            assert refusal.info.metadata == metadata
            get_session(bob, elsewhere)
            # It is about no namespace.
            bob.info.GetServerInfo(v1.GetServerInfoRequest())

    def test_of_callers_without_credentials_count_together(self) -> None:
        with (
            serving(MEMORY, subject_calls_per_second=2) as server,
            connected(server.address) as one,
            connected(server.address) as another,
        ):
            both = iter([one, another] * 4)
            _, refusal = until_refused(lambda: next(both).info.GetServerInfo(v1.GetServerInfoRequest()), 8)
            assert "subject" not in refusal.info.metadata
            assert "callers without credentials" in refusal.message

    def test_of_a_namespace_are_not_used_up_by_those_who_may_not_call(self) -> None:
        grants = [Grant("ada", "default", Role.ADMIN), Grant("eve", "other", Role.ADMIN)]
        with callers(*grants, namespace_calls_per_second=3) as (_, client):
            ada, eve = client("ada"), client("eve")
            session = new_session(ada, NAMESPACE).name
            request = v1.GetSessionRequest(name=session)
            assert {failure(eve.sessions.GetSession, request).reason for _ in range(10)} == {"PERMISSION_DENIED"}
            get_session(ada, session)

    def test_are_no_more_than_the_quota_over_time(self) -> None:
        rate, seconds = 50, 1.0
        meter = Meter("subject", Quota(calls_per_second=rate))
        served, until = 0, time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                meter.begin("ada", 0)
                meter.end("ada")
                served += 1
            except ServiceError as refusal:
                time.sleep(refusal.retry_delay or 0)
        # What a second has, at once, and then as many for each second; a loaded machine may lose some.
        assert 1.5 * rate < served <= 2 * rate + 1


class TestBytesPerSecond:
    def test_are_refused_with_the_time_until_as_many_may_come(self) -> None:
        rate = 20_000
        with callers(subject_bytes_per_second=rate) as (_, client):
            ada, bob = client("ada"), client("bob")
            session = new_session(bob, NAMESPACE).name
            served, refusal = until_refused(lambda: append(ada, session, "x" * (rate // 4)), 40)
            assert 3 <= served < 8
            assert refusal.info.metadata == {
                "quota": "subject_bytes_per_second",
                "limit": str(rate),
                "subject": "ada",
            }
            append(bob, session, "x")
            time.sleep(delay_of(refusal))
            append(ada, session, "x" * (rate // 4))

    def test_let_a_request_of_more_pass_after_a_pause(self) -> None:
        with callers(namespace_bytes_per_second=1000) as (_, client):
            ada = client("ada")
            session = new_session(ada, NAMESPACE).name
            eventually(lambda: not is_refused(partial(append, ada, session), "x" * 3000))
            # It has taken the bytes of some seconds.
            refusal = failure(ada.sessions.GetSession, v1.GetSessionRequest(name=session))
            assert refusal.info.metadata["quota"] == "namespace_bytes_per_second"
            assert 1 < delay_of(refusal) < 4


class TestCallsInFlight:
    def test_of_a_subject_are_refused_while_as_many_are_served(self) -> None:
        with callers(subject_calls_in_flight=2, poll_interval=60, health_interval=300) as (access, client):
            ada, bob = client("ada"), client("bob")
            session = new_session(bob, NAMESPACE).name
            with held(access) as let_go:
                calls = [ada.sessions.GetSession.future(v1.GetSessionRequest(name=session)) for _ in range(2)]
                eventually(lambda: access.server.quotas.subjects.in_flight("ada") == 2)
                refusal = failure(ada.sessions.GetSession, v1.GetSessionRequest(name=session))
                assert refusal.info.metadata == {"quota": "subject_calls_in_flight", "limit": "2", "subject": "ada"}
                assert delay_of(refusal) == 1
                let_go()
                assert {call.result().name for call in calls} == {session}
            get_session(bob, session)
            get_session(ada, session)

    @pytest.mark.parametrize("kind", ["subject", "namespace"])
    def test_are_over_when_a_call_fails(self, kind: str) -> None:
        with callers(**{f"{kind}_calls_in_flight": 1}) as (_, client):
            ada = client("ada")
            session = new_session(ada, NAMESPACE).name
            for name in (f"{NAMESPACE}/sessions/missing", "no name"):
                failure(ada.sessions.GetSession, v1.GetSessionRequest(name=name))
                failure(watching(ada), v1.WatchSessionRequest(name=name))
            get_session(ada, session)

    def test_are_not_those_that_only_wait(self) -> None:
        with callers(subject_calls_in_flight=1, namespace_calls_in_flight=1) as (access, client):
            ada = client("ada")
            first, second = new_participant(ada, NAMESPACE), new_participant(ada, NAMESPACE)
            session = new_session(ada, NAMESPACE).name
            lease = acquire_turn(ada, session, first)
            watch = ada.sessions.WatchSession(v1.WatchSessionRequest(name=session), timeout=LONGEST)
            next(watch)
            waiting = waiting_for_turn(ada, session, second)
            uses = access.server.quotas.subjects
            eventually(lambda: (uses.in_flight("ada"), uses.watches("ada")) == (0, 2))
            release_turn(ada, lease)
            assert waiting.result().holder == second
            watch.cancel()

    @pytest.mark.parametrize("kind", ["subject", "namespace"])
    def test_are_over_when_their_response_is_there(self, kind: str) -> None:
        with callers(**{f"{kind}_calls_in_flight": 1}) as (_, client):
            ada = client("ada")
            agent, session = new_participant(ada, NAMESPACE), new_session(ada, NAMESPACE).name
            for _ in range(50):
                # A stream, of which the end is its response.
                acquire_turn(ada, session, agent)
                get_session(ada, session)


class TestWatches:
    @pytest.mark.parametrize("kind", ["subject", "namespace"])
    def test_are_refused_while_as_many_are_open(self, kind: str) -> None:
        with callers(**{f"{kind}_watches": 2}) as (_, client):
            ada = client("ada")
            session = new_session(ada, NAMESPACE).name
            request = v1.WatchSessionRequest(name=session)
            watches = [ada.sessions.WatchSession(request, timeout=LONGEST) for _ in range(2)]
            for watch in watches:
                next(watch)
            refusal = failure(watching(ada), request)
            owner = {"subject": "ada", "namespace": NAMESPACE}[kind]
            assert refusal.info.metadata == {"quota": f"{kind}_watches", "limit": "2", kind: owner}
            append(ada, session, "calls go on")
            watches[0].cancel()
            eventually(lambda: not is_refused(watching(ada), request))
            watches[1].cancel()

    def test_of_others_are_not_counted(self) -> None:
        with callers(subject_watches=1) as (_, client):
            session = new_session(client("ada"), NAMESPACE).name
            for subject in SUBJECTS:
                next(client(subject).sessions.WatchSession(v1.WatchSessionRequest(name=session), timeout=LONGEST))

    def test_are_counted_together_with_calls_that_wait_for_a_turn(self) -> None:
        with callers(subject_watches=1) as (_, client):
            ada = client("ada")
            first, second = new_participant(ada, NAMESPACE), new_participant(ada, NAMESPACE)
            session = new_session(ada, NAMESPACE).name
            acquire_turn(ada, session, first)
            watch = ada.sessions.WatchSession(v1.WatchSessionRequest(name=session), timeout=LONGEST)
            next(watch)
            waiting = v1.AcquireTurnRequest(session=session, participant=second, wait=True)
            waiting.ttl.FromSeconds(30)
            refusal = failure(ada.sessions.AcquireTurn, waiting)
            assert refusal.info.metadata["quota"] == "subject_watches"
            watch.cancel()


class TestMeter:
    def test_forgets_those_that_use_nothing(self) -> None:
        meter = Meter("subject", Quota(calls_in_flight=1, calls_per_second=1_000_000))
        meter.begin("busy", 0)
        for number in range(10_000):
            meter.begin(f"{number}", 0)
            meter.end(f"{number}")
        assert len(meter) < 100
        with pytest.raises(ServiceError):
            meter.begin("busy", 0)


def set_quotas(client: Client, namespace: str, **quotas: int) -> v1.Namespace:
    """Give a namespace quotas of its own, and no others."""
    settings = v1.NamespaceSettings(quotas=v1.NamespaceQuotas(**quotas))
    request = v1.UpdateNamespaceRequest(namespace=v1.Namespace(name=namespace, settings=settings))
    request.update_mask.paths.append("settings.quotas")
    updated: v1.Namespace = client.namespaces.UpdateNamespace(request)
    assert updated.settings.quotas == settings.quotas
    return updated


class TestQuotasOfANamespace:
    def test_win_over_those_of_the_server_after_some_seconds(self) -> None:
        with callers(namespace_watches=1, health_interval=0.1) as (_, client):
            ada = client("ada")
            larger, none = make_namespace(ada).name, make_namespace(ada).name
            sessions = {name: new_session(ada, name).name for name in (NAMESPACE, larger, none)}
            set_quotas(ada, larger, watches=2)
            set_quotas(ada, none, watches=0)
            most = {NAMESPACE: 1, larger: 2, none: 5}
            for name, session in sessions.items():
                request = v1.WatchSessionRequest(name=session)
                watches = []
                for _ in range(most[name]):
                    eventually(lambda request=request: not is_refused(watching(ada), request))  # type: ignore[misc]
                    watches.append(ada.sessions.WatchSession(request, timeout=LONGEST))
                    next(watches[-1])
                assert is_refused(watching(ada), request) == (name != none)
                for watch in watches:
                    watch.cancel()

    def test_bound_its_calls_where_the_server_has_no_quota(self) -> None:
        with callers(health_interval=0.1) as (access, client):
            ada = client("ada")
            session = new_session(ada, NAMESPACE).name
            set_quotas(ada, NAMESPACE, calls_per_second=2)
            eventually(lambda: access.server.quotas.namespaces.counts_calls)
            _, refusal = until_refused(lambda: get_session(ada, session), 10)
            assert refusal.info.metadata["quota"] == "namespace_calls_per_second"

    def test_are_not_for_its_admins_to_change(self) -> None:
        grants = [Grant("ada", "", Role.ADMIN), Grant("eve", "default", Role.ADMIN)]
        with callers(*grants) as (_, client):
            ada, eve = client("ada"), client("eve")
            namespace = set_quotas(ada, NAMESPACE, watches=1)
            for settings in (
                v1.NamespaceSettings(),
                v1.NamespaceSettings(quotas=v1.NamespaceQuotas(watches=2)),
                v1.NamespaceSettings(quotas=v1.NamespaceQuotas(watches=1, sessions=1)),
            ):
                request = v1.UpdateNamespaceRequest(namespace=v1.Namespace(name=NAMESPACE, settings=settings))
                request.update_mask.paths.append("settings")
                refusal = failure(eve.namespaces.UpdateNamespace, request)
                assert refusal.reason == "PERMISSION_DENIED"
                assert refusal.info.metadata == {"resource": NAMESPACE, "field": "namespace.settings.quotas"}
            # With the quotas as they are it may send the others.
            namespace.settings.purge_age.FromSeconds(60)
            request = v1.UpdateNamespaceRequest(namespace=namespace)
            assert eve.namespaces.UpdateNamespace(request).settings == namespace.settings


class TestSessions:
    def test_of_a_namespace_are_no_more_than_its_quota(self, served: Client) -> None:
        namespace = make_namespace(served).name
        set_quotas(served, namespace, sessions=2)
        first = new_session(served, namespace, "first").name
        new_session(served, namespace, "second")
        third = v1.CreateSessionRequest(parent=namespace, session_id="third", session=v1.Session())
        refusal = failure(served.sessions.CreateSession, third)
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "QUOTA_EXCEEDED")
        assert refusal.info.metadata == {"quota": "namespace_sessions", "limit": "2", "namespace": namespace}
        ensured = v1.EnsureSessionRequest(parent=namespace, session_id="third")
        assert failure(served.sessions.EnsureSession, ensured).reason == "QUOTA_EXCEEDED"
        # What is there is there.
        append(served, first, "goes on")
        ensured.session_id = "first"
        assert served.sessions.EnsureSession(ensured).session.name == first
        third.session_id = "first"
        assert failure(served.sessions.CreateSession, third).reason == "SESSION_ALREADY_EXISTS"
        # Deleted ones count until they are expunged.
        third.session_id = "third"
        delete_session(served, first)
        assert failure(served.sessions.CreateSession, third).reason == "QUOTA_EXCEEDED"
        expunge_session(served, first)
        served.sessions.CreateSession(third)

    def test_of_other_namespaces_are_not_counted(self, served: Client) -> None:
        for namespace in (make_namespace(served).name, make_namespace(served).name):
            set_quotas(served, namespace, sessions=1)
            new_session(served, namespace)

    def test_that_come_at_once_do_not_wait_for_each_other_long(self, served: Client) -> None:
        namespace, most = make_namespace(served).name, 5
        set_quotas(served, namespace, sessions=most)
        outcomes = at_once([partial(new_session, served, namespace) for _ in range(4 * most)])
        created = [one for one in outcomes if not isinstance(one, Failure)]
        # Some may not have seen each other.
        assert most <= len(created) <= most + THREADS
        assert {one.reason for one in outcomes if isinstance(one, Failure)} <= {"QUOTA_EXCEEDED"}
        assert len(created) < 4 * most

    def test_are_as_many_as_the_server_allows_where_the_namespace_does_not_say(self) -> None:
        with serving(MEMORY, namespace_sessions=1) as server, connected(server.address) as client:
            one, other = make_namespace(client).name, make_namespace(client).name
            set_quotas(client, other, sessions=0)
            new_session(client, one)
            refusal = failure(client.sessions.CreateSession, v1.CreateSessionRequest(parent=one, session=v1.Session()))
            assert refusal.reason == "QUOTA_EXCEEDED"
            for _ in range(3):
                new_session(client, other)
            assert client.info.GetServerInfo(v1.GetServerInfoRequest()).limits.namespace_sessions == 1


@pytest.fixture(params=BACKENDS)
def counted(request: pytest.FixtureRequest, new_database: Callable[[str], str]) -> Iterator[tuple[App, Client]]:
    """A server on each backend that counts what is stored again and again."""
    with serving(new_database(request.param), health_interval=0.1) as server, connected(server.address) as client:
        yield server, client


def stored_bytes(server: App, namespace: str) -> int:
    call = own_call(server.settings, "test")
    return server.store.read(call, lambda reader: namespaces.stored_bytes(reader, namespace))


def until_full(call: Callable[..., object], *args: Any, **fields: Any) -> Failure:
    """How a call is refused, which is made until it is."""
    refusals: list[Failure] = []

    def is_full() -> bool:
        try:
            call(*args, **fields)
        except grpc.RpcError as error:
            refusals.append(Failure(error))
        return bool(refusals)

    eventually(is_full)
    assert refusals[0].info.metadata["quota"] == "namespace_bytes"
    return refusals[0]


# Writes that a full namespace does not refuse: they free something, coordinate, or store little.
FREE = {
    *("CreateNamespace", "UpdateNamespace", "DeleteNamespace", "UndeleteNamespace"),
    *("CreateParticipant", "EnsureParticipant", "UpdateParticipant", "DeleteParticipant", "UndeleteParticipant"),
    *("EnsureSession", "DeleteSession", "UndeleteSession", "ExpungeSession", "PurgeSessions", "BindParticipant"),
    *("UnbindParticipant", "MarkRead", "AcquireTurn", "RenewTurn", "ReleaseTurn", "DeleteMemory", "UndeleteMemory"),
    "RedactEvents",
}


def test_each_write_adds_to_what_is_stored_or_is_free() -> None:
    writes = {method for method in PERMISSIONS if may_write(method)}
    assert writes >= ADDS
    assert {method.rpartition("/")[2] for method in writes - ADDS} == FREE


class TestStoredBytes:
    def test_of_a_namespace_are_no_more_than_its_quota(self, counted: tuple[App, Client]) -> None:
        _, client = counted
        namespace, content = make_namespace(client).name, "x" * 1000
        session, agent = (
            new_session(client, namespace, "kept").name,
            new_participant(client, namespace, participant_type=AGENT),
        )
        other = new_session(client, namespace).name
        append(client, other, *[content] * 15)
        set_quotas(client, namespace, bytes=20_000)
        refusal = until_full(append, client, session, content)
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "QUOTA_EXCEEDED")
        assert refusal.info.metadata == {"quota": "namespace_bytes", "limit": "20000", "namespace": namespace}
        assert 0 < delay_of(refusal) < 10
        until_full(new_memory, client, session, agent, content=content)
        until_full(update_state, client, session, v1.StateUpdate(key="note", value_json=f'"{content}"'))
        until_full(new_session, client, namespace, data=content)
        # What frees some goes on, and what stores nothing.
        release_turn(client, acquire_turn(client, session, agent))
        get_session(client, session)
        assert client.sessions.EnsureSession(v1.EnsureSessionRequest(parent=namespace, session_id="kept"))
        delete_session(client, other)
        expunge_session(client, other)
        eventually(lambda: not is_refused(partial(append, client, session), content))

    def test_are_those_of_events_data_memories_and_state(self, counted: tuple[App, Client]) -> None:
        server, client = counted
        namespace = make_namespace(client).name
        session, agent = new_session(client, namespace).name, new_participant(client, namespace, participant_type=AGENT)
        sizes = [stored_bytes(server, namespace)]
        calls: list[Callable[[], object]] = [
            partial(append, client, session, "x" * 1000, "y" * 500),
            partial(new_session, client, namespace, data="é" * 750),
            partial(new_memory, client, session, agent, content="ab" * 700, memo="c" * 100),
            *(
                partial(update_state, client, owner, v1.StateUpdate(key="note", value_json=f'"{"z" * 1498}"'))
                for owner in (namespace, agent, session)
            ),
        ]
        for call in calls:
            call()
            sizes.append(stored_bytes(server, namespace))
        for before_it, after_it in pairwise(sizes):
            # An event has a few bytes of its own: its id, its time.
            assert 1500 <= after_it - before_it < 1700
        assert stored_bytes(server, make_namespace(client).name) == 0
        # A retry adds nothing.
        event = v1.Event(event_id="once", text="x" * 1000)
        append(client, session, event)
        size = stored_bytes(server, namespace)
        append(client, session, event)
        assert stored_bytes(server, namespace) == size

    def test_of_a_server_that_starts_are_known_to_its_first_call(self, new_database: Callable[[str], str]) -> None:
        database_url = new_database("sqlite-file")
        with serving(database_url) as server, connected(server.address) as client:
            session = new_session(client, NAMESPACE).name
            append(client, session, "x" * 10_000)
        with serving(database_url, namespace_bytes=10_000) as server, connected(server.address) as client:
            request = v1.AppendEventsRequest(parent=session, events=[v1.Event(text="x")])
            assert failure(client.events.AppendEvents, request).info.metadata["quota"] == "namespace_bytes"
            assert client.info.GetServerInfo(v1.GetServerInfoRequest()).limits.namespace_bytes == 10_000

    def test_are_counted_less_often_where_that_takes_long(self) -> None:
        began: list[float] = []

        def count(_: str) -> int:
            began.append(time.monotonic())
            time.sleep(0.05)
            return 0

        stored = StoredBytes(1_000_000, count, interval=0.01)
        stored.start()
        until = time.monotonic() + 2.5
        while time.monotonic() < until:
            stored.add(NAMESPACE, 1)
            time.sleep(0.01)
        stored.stop()
        assert len(began) >= 2
        assert min(later - earlier for earlier, later in pairwise(began)) >= 1

    def test_that_cannot_be_counted_are_taken_as_they_were(self) -> None:
        counts = iter([90])

        def count(_: str) -> int:
            for counted in counts:
                return counted
            raise ServiceError(v1.ErrorReason.ERROR_REASON_DATABASE_UNAVAILABLE, "it is away")

        stored = StoredBytes(100, count, interval=0.01)
        stored.add(NAMESPACE, 0)
        for _ in range(3):
            stored.count_all()
            with pytest.raises(ServiceError):
                stored.add(NAMESPACE, 11)
        stored.add(NAMESPACE, 10)

    def test_of_namespaces_that_nobody_adds_to_are_forgotten(self) -> None:
        stored = StoredBytes(100, lambda _: 0, interval=0.01)
        stored.start()
        stored.add(NAMESPACE, 1)
        assert len(stored) == 1
        for number in range(100):
            stored.add(f"namespaces/{number}", 1)
        eventually(lambda: not len(stored))
        stored.stop()
