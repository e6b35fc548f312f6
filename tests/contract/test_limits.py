"""Every limit of GetServerInfo: at the limit everything is kept whole, and one more is refused with its name."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import grpc
import pytest
from google.protobuf.message import Message

from activity_session.v1.conflict_pb2 import Conflict
from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import AppendEventsRequest, ListEventsRequest, UpdateStateRequest
from activity_session.v1.info_service_pb2 import GetServerInfoRequest, ServerLimits
from activity_session.v1.namespace_pb2 import Namespace
from activity_session.v1.namespace_service_pb2 import CreateNamespaceRequest, ListNamespacesRequest
from activity_session.v1.participant_pb2 import PARTICIPANT_TYPE_USER, Participant
from activity_session.v1.participant_service_pb2 import (
    CreateParticipantRequest,
    EnsureParticipantRequest,
    GetParticipantRequest,
    ListParticipantsRequest,
)
from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_service_pb2 import (
    AcquireTurnRequest,
    BatchGetSessionsRequest,
    BatchGetSessionsResponse,
    BindParticipantRequest,
    CreateSessionRequest,
    EnsureSessionRequest,
    GetSessionRequest,
    ListSessionsRequest,
    RenewTurnRequest,
    UpdateSessionRequest,
)
from activity_session.v1.session_settings_pb2 import SessionSettings
from activity_session.v1.state_pb2 import StateUpdate
from activity_session_testing.rpcs import RPCS
from activity_session_testing.servers import Client, Failure, failure, unique
from activity_session_testing.steps import (
    acquire_turn,
    append,
    delete_session,
    get_session,
    members,
    new_participant,
    new_session,
    refused,
    update_session,
    update_state,
)

pytestmark = pytest.mark.one_node

ASTRONAUT = "🚀"  # four bytes of UTF-8
MOST_DETAILS = 4096
MOST_METADATA = 8192


@pytest.fixture(scope="module")
def limits(client: Client) -> ServerLimits:
    return client.info.GetServerInfo(GetServerInfoRequest()).limits


class Case(NamedTuple):
    """Return a session that uses that much of a limit, the field that an error names, and the size that it has."""

    session: Callable[[int], Session]
    field: str
    metadata_field: str = ""


def _labels(count: int) -> dict[str, str]:
    return {f"label-{number}": "x" for number in range(count)}


SESSIONS = {
    "description_bytes": Case(lambda n: Session(description="x" * n), "session.description"),
    "data_bytes": Case(lambda n: Session(data="x" * n), "session.data"),
    "labels": Case(lambda n: Session(labels=_labels(n)), "session.labels"),
    "label_key_characters": Case(lambda n: Session(labels={"k" * n: "x"}), "session.labels"),
    "label_value_characters": Case(lambda n: Session(labels={"key": ASTRONAUT * n}), "session.labels.key"),
    "collection_overrides": Case(
        lambda n: Session(settings=SessionSettings(collection_overrides=_labels(n))),
        "session.settings.collection_overrides",
    ),
}
# Each of these has a test of its own below.
OTHERS = {
    "request_bytes",
    "response_bytes",
    "id_characters",
    "session_participants",
    "role_characters",
    "batch_get_names",
    "page_size",
    "filter_characters",
    "filter_terms",
    "filter_depth",
    "request_id_characters",
    "request_id_age",
    "purge_age",
    "state_history_age",
    "turn_ttl",
}
TESTS = Path(__file__).parents[1]
# These are tested next to what they limit.
ELSEWHERE = {
    "event_content_bytes": "contract/test_event_limits.py",
    "event_type_characters": "contract/test_event_limits.py",
    "media_type_characters": "contract/test_event_limits.py",
    "batch_events": "contract/test_event_limits.py",
    "batch_bytes": "contract/test_event_limits.py",
    "superseded_ranges": "server/test_superseded_ranges.py",
    "superseded_exceptions": "contract/test_supersessions.py",
    "state_value_bytes": "contract/test_state.py",
    "state_key_characters": "contract/test_state.py",
    "state_updates": "contract/test_state.py",
    "state_keys": "server/test_state_limit.py",
    "memory_content_bytes": "contract/test_memories.py",
    "batch_memories": "contract/test_memories.py",
    "update_mask_paths": "contract/test_costly_requests.py",
    "state_value_levels": "contract/test_state.py",
    "request_fields": "contract/test_costly_requests.py",
    "filter_rows": "server/test_filter_rows.py",
    "namespace_sessions": "server/test_quotas.py",
    "namespace_bytes": "server/test_quotas.py",
    "watches": "server/test_followers.py",
    "watches_per_connection": "server/test_followers.py",
    "watch_backlog": "server/test_followers.py",
    "waiting_turns": "server/test_followers.py",
    "waiting_turns_per_connection": "server/test_followers.py",
}


def check_past(refusal: Failure, field: str, limit: int, size: int) -> None:
    """Check that a refusal names the field, the limit and the size."""
    assert refusal.code is grpc.StatusCode.INVALID_ARGUMENT
    assert refusal.reason == "LIMIT_EXCEEDED", refusal.message
    assert refusal.info.metadata == {"field": field, "limit": str(limit), "size": str(size)}
    assert field in refusal.fields
    assert str(limit) in refusal.message


def is_empty(client: Client, namespace: str) -> bool:
    return not client.sessions.ListSessions(ListSessionsRequest(parent=namespace, show_deleted=True)).sessions


def test_every_limit_is_shown_here_or_elsewhere() -> None:
    assert set(SESSIONS) | OTHERS | set(ELSEWHERE) == set(ServerLimits.DESCRIPTOR.fields_by_name)
    for name, file in ELSEWHERE.items():
        assert name in (TESTS / file).read_text()


@pytest.mark.parametrize("name", SESSIONS)
class TestSession:
    def test_at_a_limit_is_kept_whole(self, client: Client, namespace: str, limits: ServerLimits, name: str) -> None:
        given = SESSIONS[name].session(getattr(limits, name))
        for session in self.written(client, namespace, given):
            assert session.description == given.description
            assert session.data == given.data
            assert session.labels == given.labels
            assert session.settings.collection_overrides == given.settings.collection_overrides

    @staticmethod
    def written(client: Client, namespace: str, given: Session) -> Iterator[Session]:
        """Return the session as it is read after each of the calls that write it."""
        created = CreateSessionRequest(parent=namespace, session=given)
        yield get_session(client, client.sessions.CreateSession(created).name)
        ensured = EnsureSessionRequest(parent=namespace, session_id=unique("session"), session=given)
        yield get_session(client, client.sessions.EnsureSession(ensured).session.name)
        name = new_session(client, namespace).name
        given.name = name
        update_session(client, given)
        yield get_session(client, name)

    def test_past_a_limit_is_refused(self, client: Client, namespace: str, limits: ServerLimits, name: str) -> None:
        limit = getattr(limits, name)
        given = SESSIONS[name].session(limit + 1)
        current = new_session(client, namespace)
        given.name = current.name
        calls: list[tuple[Callable[[Any], Any], Message]] = [
            (client.sessions.CreateSession, CreateSessionRequest(parent=namespace, session=given)),
            (client.sessions.EnsureSession, EnsureSessionRequest(parent=namespace, session_id="x", session=given)),
            (client.sessions.UpdateSession, UpdateSessionRequest(session=given)),
        ]
        for call, request in calls:
            check_past(failure(call, request), SESSIONS[name].field, limit, limit + 1)
        listed = client.sessions.ListSessions(ListSessionsRequest(parent=namespace)).sessions
        assert [session.etag for session in listed] == [current.etag]


def test_a_session_with_everything_at_its_limit_fits(client: Client, address: str, limits: ServerLimits) -> None:
    longest = ASTRONAUT * (limits.id_characters - 8)
    owner = CreateNamespaceRequest(namespace=Namespace(), namespace_id=longest + unique("x").rjust(8, "-"))
    namespace = client.namespaces.CreateNamespace(owner).name
    names = [
        new_participant(client, namespace, f"{longest}{number:08}") for number in range(limits.session_participants)
    ]
    numbered = "{number:03}".format
    given = Session(
        description="x" * limits.description_bytes,
        data="x" * limits.data_bytes,
        labels={
            numbered(number=number).rjust(limits.label_key_characters, "k"): ASTRONAUT * limits.label_value_characters
            for number in range(limits.labels)
        },
        settings=SessionSettings(
            collection_overrides={
                longest + numbered(number=number): ASTRONAUT * limits.id_characters
                for number in range(limits.collection_overrides)
            }
        ),
        participants=members(*names, role=ASTRONAUT * limits.role_characters),
    )
    request = CreateSessionRequest(parent=namespace, session_id=ASTRONAUT * limits.id_characters, session=given)
    with grpc.insecure_channel(address, [("grpc.use_local_subchannel_pool", 1)]) as channel:
        created = RPCS["CreateSession"].on(channel)(request, timeout=20)
        assert RPCS["GetSession"].on(channel)(GetSessionRequest(name=created.name), timeout=20) == created
    assert created.labels == given.labels
    assert [(member.participant, member.role) for member in created.participants] == [
        (member.participant, member.role) for member in given.participants
    ]


class TestBytes:
    @pytest.mark.parametrize("field", ["description", "data"])
    def test_are_counted_and_not_characters(
        self, client: Client, namespace: str, limits: ServerLimits, field: str
    ) -> None:
        limit = getattr(limits, f"{field}_bytes")
        text = ASTRONAUT * (limit // 4)
        created = new_session(client, namespace, **{field: text})
        assert getattr(get_session(client, created.name), field) == text
        request = CreateSessionRequest(parent=namespace, session=Session(**{field: text + "x"}))
        check_past(failure(client.sessions.CreateSession, request), f"session.{field}", limit, limit + 1)

    def test_of_other_descriptions_are_limited_alike(
        self, client: Client, namespace: str, limits: ServerLimits
    ) -> None:
        most, past = "x" * limits.description_bytes, "x" * (limits.description_bytes + 1)
        new_participant(client, namespace, description=most)
        participant = Participant(participant_type=PARTICIPANT_TYPE_USER, description=past)
        request = CreateParticipantRequest(parent=namespace, participant=participant)
        refusal = failure(client.participants.CreateParticipant, request)
        check_past(refusal, "participant.description", len(most), len(past))
        ensuring = EnsureParticipantRequest(parent=namespace, participant_id="x", participant=participant)
        refusal = failure(client.participants.EnsureParticipant, ensuring)
        check_past(refusal, "participant.description", len(most), len(past))
        create = client.namespaces.CreateNamespace
        assert create(CreateNamespaceRequest(namespace=Namespace(description=most))).description == most
        refusal = failure(create, CreateNamespaceRequest(namespace=Namespace(description=past)))
        check_past(refusal, "namespace.description", len(most), len(past))


class TestIds:
    def test_at_the_limit_are_kept_whole(self, client: Client, limits: ServerLimits) -> None:
        longest = ASTRONAUT * (limits.id_characters - 8) + unique("x").rjust(8, "-")[:8]
        request = CreateNamespaceRequest(namespace=Namespace(), namespace_id=longest)
        namespace = client.namespaces.CreateNamespace(request).name
        participant = new_participant(client, namespace, longest)
        session = new_session(client, namespace, longest, participants=members(participant))
        assert session.name == f"namespaces/{longest}/sessions/{longest}"
        assert get_session(client, session.name) == session
        found = client.participants.GetParticipant(GetParticipantRequest(name=participant))
        assert found.name == f"namespaces/{longest}/participants/{longest}"
        pages = client.sessions.ListSessions(
            ListSessionsRequest(parent=namespace, filter=f'participants:"{participant}"')
        )
        assert [one.name for one in pages.sessions] == [session.name]

    def test_past_the_limit_are_refused(self, client: Client, namespace: str, limits: ServerLimits) -> None:
        limit = limits.id_characters
        long = ASTRONAUT * (limit + 1)
        user = Participant(participant_type=PARTICIPANT_TYPE_USER)
        calls: list[tuple[Callable[[Any], Any], Message, str]] = [
            (
                client.namespaces.CreateNamespace,
                CreateNamespaceRequest(namespace=Namespace(), namespace_id=long),
                "namespace_id",
            ),
            (
                client.participants.CreateParticipant,
                CreateParticipantRequest(parent=namespace, participant=user, participant_id=long),
                "participant_id",
            ),
            (
                client.sessions.CreateSession,
                CreateSessionRequest(parent=namespace, session=Session(), session_id=long),
                "session_id",
            ),
            (client.sessions.GetSession, GetSessionRequest(name=f"{namespace}/sessions/{long}"), "name"),
        ]
        for call, request, field in calls:
            check_past(failure(call, request), field, limit, limit + 1)
        assert is_empty(client, namespace)


class TestParticipants:
    def test_are_limited_in_number(self, client: Client, namespace: str, limits: ServerLimits) -> None:
        limit = limits.session_participants
        names = [new_participant(client, namespace, f"p{number:03}") for number in range(limit + 1)]
        full = new_session(client, namespace, participants=members(*names[:limit]))
        assert len(get_session(client, full.name).participants) == limit
        bound = BindParticipantRequest(session=full.name, participant=names[limit])
        check_past(failure(client.sessions.BindParticipant, bound), "participant", limit, limit + 1)
        session = Session(participants=members(*names))
        for call, request in (
            (client.sessions.CreateSession, CreateSessionRequest(parent=namespace, session=session)),
            (
                client.sessions.EnsureSession,
                EnsureSessionRequest(parent=namespace, session_id="other", session=session),
            ),
        ):
            check_past(failure(call, request), "session.participants", limit, limit + 1)
        assert get_session(client, full.name) == full
        assert len(client.sessions.ListSessions(ListSessionsRequest(parent=namespace)).sessions) == 1

    def test_are_limited_in_their_roles(self, client: Client, namespace: str, limits: ServerLimits) -> None:
        limit, participant = limits.role_characters, new_participant(client, namespace)
        most, past = ASTRONAUT * limit, ASTRONAUT * (limit + 1)
        session = new_session(client, namespace, participants=members(participant, role=most))
        assert get_session(client, session.name).participants[0].role == most
        bound = BindParticipantRequest(session=session.name, participant=participant, role=past)
        check_past(failure(client.sessions.BindParticipant, bound), "role", limit, limit + 1)
        created = CreateSessionRequest(parent=namespace, session=Session(participants=members(participant, role=past)))
        refusal = failure(client.sessions.CreateSession, created)
        check_past(refusal, "session.participants[0].role", limit, limit + 1)
        assert get_session(client, session.name) == session


class TestReads:
    def test_of_a_batch_are_limited_in_number(self, client: Client, namespace: str, limits: ServerLimits) -> None:
        name, limit = new_session(client, namespace).name, limits.batch_get_names
        request = BatchGetSessionsRequest(parent=namespace, names=[name] * limit)
        assert len(client.sessions.BatchGetSessions(request).sessions) == limit
        request.names.append(name)
        check_past(failure(client.sessions.BatchGetSessions, request), "names", limit, limit + 1)

    def test_of_a_page_end_at_the_limit(self, client: Client, namespace: str, limits: ServerLimits) -> None:
        for number in range(limits.page_size + 1):
            new_participant(client, namespace, f"{number:05}")
        request = ListParticipantsRequest(parent=namespace, page_size=limits.page_size)
        for size in (limits.page_size, limits.page_size + 1, 2**31 - 1):
            request.page_size = size
            page = client.participants.ListParticipants(request)
            assert len(page.participants) == limits.page_size
        request.page_token = page.next_page_token
        assert len(client.participants.ListParticipants(request).participants) == 1

    def test_end_at_the_size_of_an_answer(
        self, client: Client, namespace: str, address: str, limits: ServerLimits
    ) -> None:
        first = new_session(client, namespace, data="x" * 2_500_000).name
        second = new_session(client, namespace, data="x" * 1_500_000).name
        request = BatchGetSessionsRequest(parent=namespace, names=[first, second])
        make_answer(client, request, limits.response_bytes)
        with grpc.insecure_channel(address) as channel:
            answer = RPCS["BatchGetSessions"].on(channel)(request, timeout=20)
        assert answer.ByteSize() == limits.response_bytes
        past = limits.response_bytes + 1
        make_answer(client, request, past)
        check_past(failure(client.sessions.BatchGetSessions, request), "names", past - 1, past)


def make_answer(client: Client, request: BatchGetSessionsRequest, size: int) -> None:
    """Fill the last session of a batch until the response has that size."""
    # Each update changes the times in it, which sometimes changes its size.
    for _ in range(20):
        found = [get_session(client, name) for name in request.names]
        missing = size - BatchGetSessionsResponse(sessions=found).ByteSize()
        if not missing:
            return
        data = "x" * (len(found[-1].data) + missing)
        update_session(client, Session(name=found[-1].name, data=data), "data")
    raise AssertionError(f"no response of {size} bytes")


FILTERS: dict[str, Callable[[int], str]] = {
    "filter_characters": lambda n: 'description="' + ASTRONAUT * (n - 14) + '"',
    "filter_terms": lambda n: " OR ".join(["enabled=true"] * n),
    "filter_depth": lambda n: "(" * n + "enabled=true" + ")" * n,
}


@pytest.mark.parametrize("name", FILTERS)
def test_filters_are_limited(client: Client, namespace: str, limits: ServerLimits, name: str) -> None:
    session, limit = new_session(client, namespace), getattr(limits, name)
    request = ListSessionsRequest(parent=namespace, filter=FILTERS[name](limit))
    found = client.sessions.ListSessions(request).sessions
    assert [one.name for one in found] == ([] if name == "filter_characters" else [session.name])
    request.filter = FILTERS[name](limit + 1)
    check_past(failure(client.sessions.ListSessions, request), "filter", limit, limit + 1)
    everywhere = ListNamespacesRequest(filter=request.filter)
    check_past(failure(client.namespaces.ListNamespaces, everywhere), "filter", limit, limit + 1)


def test_request_ids_are_limited(client: Client, namespace: str, limits: ServerLimits) -> None:
    limit = limits.request_id_characters
    request = CreateSessionRequest(parent=namespace, session=Session(), request_id="x" * (limit + 1))
    check_past(failure(client.sessions.CreateSession, request), "request_id", limit, limit + 1)
    assert is_empty(client, namespace)
    request.request_id = "x" * limit
    assert client.sessions.CreateSession(request) == client.sessions.CreateSession(request)


def test_masked_updates_are_counted_with_what_is_there(client: Client, namespace: str, limits: ServerLimits) -> None:
    full = new_session(client, namespace, labels=_labels(limits.labels))
    request = UpdateSessionRequest(session=Session(name=full.name, labels={"more": "x", "label-0": "new"}))
    request.update_mask.paths.append("labels.more")
    refusal = failure(client.sessions.UpdateSession, request)
    check_past(refusal, "session.labels", limits.labels, limits.labels + 1)
    assert get_session(client, full.name) == full
    request.update_mask.paths[:] = ["labels.label-0"]
    assert client.sessions.UpdateSession(request).labels["label-0"] == "new"


def test_ages_are_told(client: Client, namespace: str, limits: ServerLimits) -> None:
    deleted = delete_session(client, new_session(client, namespace).name)
    age = deleted.purge_time.ToDatetime() - deleted.delete_time.ToDatetime()
    assert age == limits.purge_age.ToTimedelta()
    assert limits.request_id_age.ToTimedelta() == timedelta(hours=24)
    assert limits.state_history_age.ToTimedelta() == timedelta(days=7)


def test_turns_are_given_for_so_long_and_no_longer(client: Client, namespace: str, limits: ServerLimits) -> None:
    session, participant = new_session(client, namespace).name, new_participant(client, namespace)
    longest = limits.turn_ttl.ToSeconds()
    token = acquire_turn(client, session, participant, longest).token
    client.sessions.RenewTurn(RenewTurnRequest(session=session, token=token, ttl=limits.turn_ttl))
    before = get_session(client, session)
    for seconds, nanos in ((longest, 1000), (longest + 1, 0), (0, 99_999_000), (0, 0), (-1, 0), (2**62, 0)):
        acquiring = AcquireTurnRequest(session=session, participant=participant)
        renewing = RenewTurnRequest(session=session, token=token)
        for call, request in ((client.sessions.AcquireTurn, acquiring), (client.sessions.RenewTurn, renewing)):
            request.ttl.seconds, request.ttl.nanos = seconds, nanos
            refused(call, request, "INVALID_FIELD", "ttl")
    assert get_session(client, session) == before
    acquire_turn(client, session, participant, 0.1)


def test_a_batch_with_everything_at_its_limit_fits(client: Client, address: str, limits: ServerLimits) -> None:
    session = new_session(client, longest_namespace(client, limits), ASTRONAUT * limits.id_characters).name
    ids = [f"{ASTRONAUT * (limits.id_characters - 3)}{number:03}" for number in range(limits.batch_events)]
    rest = limits.batch_bytes // limits.batch_events - Event(event_id=ids[0]).ByteSize() - 4
    request = AppendEventsRequest(parent=session, events=[Event(event_id=id_, text="x" * rest) for id_ in ids])
    with grpc.insecure_channel(address, [("grpc.use_local_subchannel_pool", 1)]) as channel:
        answer = RPCS["AppendEvents"].on(channel)(request, timeout=20)
        page = RPCS["ListEvents"].on(channel)(ListEventsRequest(parent=session, page_size=1000), timeout=20)
    assert [event.event_id for event in answer.events] == ids
    assert list(page.events) == list(answer.events)


def longest_namespace(client: Client, limits: ServerLimits) -> str:
    """A namespace with the longest possible name."""
    identifier = ASTRONAUT * (limits.id_characters - 12) + unique("x").rjust(12, "-")
    request = CreateNamespaceRequest(namespace=Namespace(), namespace_id=identifier)
    return client.namespaces.CreateNamespace(request).name


class TestRequests:
    def test_at_the_limit_are_answered(self, client: Client, namespace: str, limits: ServerLimits) -> None:
        raw = padded(CreateSessionRequest(parent=namespace, session=Session()), limits.request_bytes)
        created = Session.FromString(RPCS["CreateSession"].raw_on(client.channel)(raw))
        assert get_session(client, created.name) == created

    def test_past_the_limit_are_refused(self, client: Client, namespace: str, limits: ServerLimits) -> None:
        limit = limits.request_bytes
        raw = padded(CreateSessionRequest(parent=namespace, session=Session()), limit + 1)
        refusal = raw_failure(client, "CreateSession", raw)
        check_past(refusal, "request", limit, limit + 1)
        assert is_empty(client, namespace)

    def test_far_past_the_limit_are_refused_with_numbers(
        self, client: Client, namespace: str, limits: ServerLimits
    ) -> None:
        size = 4 * limits.request_bytes
        raw = padded(CreateSessionRequest(parent=namespace, session=Session()), size)
        refusal = raw_failure(client, "CreateSession", raw)
        assert refusal.code is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert str(size) in refusal.message
        assert is_empty(client, namespace)


def raw_failure(client: Client, name: str, raw: bytes) -> Failure:
    with pytest.raises(grpc.RpcError) as caught:
        RPCS[name].raw_on(client.channel)(raw)
    return Failure(caught.value)


def padded(request: Message, size: int) -> bytes:
    """Return a request of exactly that size; the padding is a field that the server does not know."""
    raw = request.SerializeToString()
    # Field 1000, of bytes: two bytes of tag, four of length if it has 2 to 256 MiB.
    length = size - len(raw) - 6
    groups = [length >> shift & 0x7F | (0x80 if shift < 21 else 0) for shift in (0, 7, 14, 21)]
    return raw + b"\xc2\x3e" + bytes(groups) + b"\0" * length


class TestErrors:
    """The size of errors: a client with default options accepts 8 KiB of metadata, and loses everything above that."""

    @pytest.fixture
    def longest(self, client: Client, limits: ServerLimits) -> str:
        return longest_namespace(client, limits)

    @staticmethod
    def seen(address: str, name: str, request: Message) -> Failure:
        """Return the error of a failing call as a client with default options sees it."""
        with grpc.insecure_channel(address, [("grpc.use_local_subchannel_pool", 1)]) as channel:
            refusal = failure(RPCS[name].on(channel), request, timeout=20)
        details = refusal.status.ByteSize()
        assert 0 < details <= MOST_DETAILS
        assert refusal.status.code == refusal.code.value[0]
        message = sum(1 if 32 <= byte <= 126 and byte != ord("%") else 3 for byte in refusal.message.encode())
        # The details travel in base64, the message percent-encoded.
        assert details * 4 // 3 + message < MOST_METADATA
        return refusal

    def test_about_the_longest_names_arrive(self, client: Client, address: str, longest: str) -> None:
        session_id = ASTRONAUT * 255
        name = f"{longest}/sessions/{session_id}"
        assert self.seen(address, "GetSession", GetSessionRequest(name=name)).reason == "SESSION_NOT_FOUND"
        session = new_session(client, longest, session_id)
        created = CreateSessionRequest(parent=longest, session_id=session_id, session=Session())
        assert self.seen(address, "CreateSession", created).reason == "SESSION_ALREADY_EXISTS"
        stale = UpdateSessionRequest(session=Session(name=name, etag=ASTRONAUT * 10_000, data="x"))
        refusal = self.seen(address, "UpdateSession", stale)
        assert refusal.code is grpc.StatusCode.ABORTED
        assert refusal.info.metadata["etag"] == session.etag
        delete_session(client, name)
        refusal = self.seen(address, "UpdateSession", UpdateSessionRequest(session=Session(name=name, data="x")))
        assert refusal.code is grpc.StatusCode.FAILED_PRECONDITION
        assert refusal.reason == "SESSION_DELETED"

    def test_about_what_was_missed_arrive(self, client: Client, address: str, longest: str) -> None:
        session = new_session(client, longest, ASTRONAUT * 255).name
        author = new_participant(client, longest, ASTRONAUT * 255)
        for number in range(20):
            append(client, session, Event(event_id=f"{ASTRONAUT * 250}{number}", author=author, text=ASTRONAUT))
        late = AppendEventsRequest(parent=session, events=[Event(text="late")], expected_last_sequence=0)
        refusal = self.seen(address, "AppendEvents", late)
        assert refusal.reason == "SEQUENCE_MISMATCH"
        assert refusal.info.metadata["last_sequence"] == "20"
        (conflict,) = refusal.details(Conflict)
        assert conflict.last_sequence == 20

    def test_about_many_keys_arrive(self, client: Client, address: str, longest: str) -> None:
        session = new_session(client, longest, ASTRONAUT * 255).name
        keys = [f"{ASTRONAUT * 250}{number:03}" for number in range(100)]
        update_state(client, session, *(StateUpdate(key=key, value_json=f'"{key}"') for key in keys))
        updates = [StateUpdate(key=key, value_json="1", expected_revision=9) for key in keys]
        refusal = self.seen(address, "UpdateState", UpdateStateRequest(name=session, updates=updates))
        assert refusal.reason == "REVISION_MISMATCH"
        assert refusal.info.metadata["revision"] == "1"
        assert len(refusal.details(Conflict)) == 1

    def test_with_a_hundred_violations_arrive(self, address: str, longest: str) -> None:
        names = [f"{longest}/sessions/{ASTRONAUT * 200}/{number}" for number in range(100)]
        refusal = self.seen(address, "BatchGetSessions", BatchGetSessionsRequest(parent=longest, names=names))
        assert refusal.code is grpc.StatusCode.INVALID_ARGUMENT
        assert refusal.reason == "INVALID_FIELD"
        assert "names[0]" in refusal.fields

    def test_with_long_paths_and_keys_arrive(self, address: str, longest: str) -> None:
        labels = {f"{ASTRONAUT * 2_000}{number}": "x" for number in range(60)}
        created = CreateSessionRequest(parent=longest, session_id=" ", session=Session(labels=labels))
        assert self.seen(address, "CreateSession", created).reason == "LIMIT_EXCEEDED"
        updated = UpdateSessionRequest(session=Session(name=f"{longest}/sessions/x", description="e\u0301" * 5000))
        updated.update_mask.paths.extend(f"{ASTRONAUT * 1000}.{number}" for number in range(100))
        assert self.seen(address, "UpdateSession", updated).reason == "INVALID_FIELD"
        listed = ListSessionsRequest(parent=longest, filter=f"{ASTRONAUT * 1900}=x")
        assert self.seen(address, "ListSessions", listed).reason == "INVALID_FILTER"
        listed = ListSessionsRequest(parent=longest, page_token=ASTRONAUT * 100_000, order_by=ASTRONAUT * 1000)
        assert self.seen(address, "ListSessions", listed).code is grpc.StatusCode.INVALID_ARGUMENT

    def test_do_not_echo_large_values(self, address: str) -> None:
        refusal = self.seen(address, "GetSession", GetSessionRequest(name="x" * 1_000_000))
        assert refusal.fields == ["name"]
        assert len(refusal.message) < 1000
