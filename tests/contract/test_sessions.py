"""What the RPCs of sessions do with one session."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from activity_session.v1.namespace_pb2 import Namespace, NamespaceSettings
from activity_session.v1.namespace_service_pb2 import DeleteNamespaceRequest, UpdateNamespaceRequest
from activity_session.v1.session_pb2 import SESSION_VIEW_BASIC, SESSION_VIEW_FULL, Session, SessionView
from activity_session.v1.session_service_pb2 import (
    BatchGetSessionsRequest,
    CreateSessionRequest,
    DeleteSessionRequest,
    EnsureSessionRequest,
    EnsureSessionResponse,
    ExpungeSessionRequest,
    GetSessionRequest,
    UndeleteSessionRequest,
    UpdateSessionRequest,
)
from activity_session.v1.session_settings_pb2 import MemorySettings, SessionSettings
from activity_session_testing.servers import Client, unique
from activity_session_testing.steps import (
    at_once,
    delete_session,
    get_session,
    member_names,
    members,
    new_participant,
    new_session,
    refused,
    update_session,
)

MIB = 1024 * 1024
LATER = Timestamp(seconds=4_102_444_800, nanos=123_456_000)
WORDS = "Grüße, 世界 👩‍🚀 \"quoted\" 'too' \\ %_ \t\r\n"


def full_fields() -> dict[str, Any]:
    """A value for each field of a session that callers set, but for flags and participants."""
    return {
        "description": WORDS,
        "data": WORDS,
        "labels": {"team": "a-team", "a.b/c_d": WORDS.strip().replace("\t", ""), "empty": ""},
        "expire_time": LATER,
        "settings": SessionSettings(sync_chat=True),
    }


def ensure(client: Client, namespace: str, session_id: str, session: Session | None = None) -> EnsureSessionResponse:
    request = EnsureSessionRequest(parent=namespace, session_id=session_id, session=session)
    return client.sessions.EnsureSession(request)


def undelete(client: Client, name: str) -> Session:
    return client.sessions.UndeleteSession(UndeleteSessionRequest(name=name))


def expunge(client: Client, name: str) -> None:
    client.sessions.ExpungeSession(ExpungeSessionRequest(name=name))


def update_namespace(client: Client, namespace: Namespace) -> None:
    client.namespaces.UpdateNamespace(UpdateNamespaceRequest(namespace=namespace))


@pytest.fixture
def session(client: Client, namespace: str) -> Session:
    """A session with a value in each field."""
    return new_session(client, namespace, **full_fields())


@pytest.fixture
def deleted(client: Client, session: Session) -> Session:
    return delete_session(client, session.name)


class TestCreate:
    def test_answers_what_is_read_afterwards(self, client: Client, namespace: str) -> None:
        session_id = unique("session")
        created = new_session(client, namespace, session_id, **full_fields())
        assert created.name == f"{namespace}/sessions/{session_id}"
        assert created.enabled
        assert not created.managed
        assert not created.auto_created
        assert created.create_time == created.update_time
        assert not created.HasField("delete_time")
        assert not created.HasField("purge_time")
        assert get_session(client, created.name) == created

    def test_keeps_every_field_exactly(self, session: Session) -> None:
        for field, value in full_fields().items():
            if field == "settings":
                assert session.settings.sync_chat
            else:
                assert getattr(session, field) == value

    @pytest.mark.parametrize("data", ["e\u0301 is not NFC", " \n", "👩‍🚀" * 30_000, "\ufeffx", "\u2028"])
    def test_keeps_data_as_it_is(self, client: Client, namespace: str, data: str) -> None:
        created = new_session(client, namespace, data=data)
        assert get_session(client, created.name).data == data

    def test_generates_an_id_where_none_is_given(self, client: Client, namespace: str) -> None:
        request = CreateSessionRequest(parent=namespace, session=Session())
        first, second = (client.sessions.CreateSession(request) for _ in range(2))
        assert first.name != second.name
        assert get_session(client, first.name) == first

    def test_passes_over_what_is_the_servers_own(self, client: Client, namespace: str) -> None:
        created = new_session(
            client,
            namespace,
            name="anything",
            uid="mine",
            etag="mine",
            auto_created=True,
            last_sequence=7,
            create_time=LATER,
            delete_time=LATER,
            purge_time=LATER,
        )
        assert created.uid not in ("", "mine")
        assert created.etag not in ("", "mine")
        assert not created.auto_created
        assert created.last_sequence == 0
        assert created.create_time.seconds < LATER.seconds
        assert not created.HasField("delete_time")

    def test_binds_participants(self, client: Client, namespace: str) -> None:
        alice, bot = new_participant(client, namespace), new_participant(client, namespace)
        created = new_session(client, namespace, participants=members(alice, bot, role="guest"))
        assert member_names(created) == sorted([alice, bot])
        assert {member.role for member in created.participants} == {"guest"}
        assert get_session(client, created.name) == created

    def test_leaves_nothing_when_a_participant_is_missing(self, client: Client, namespace: str) -> None:
        alice, session_id = new_participant(client, namespace), unique("session")
        session = Session(participants=members(alice, f"{namespace}/participants/nobody"))
        request = CreateSessionRequest(parent=namespace, session_id=session_id, session=session)
        refusal = refused(client.sessions.CreateSession, request, "PARTICIPANT_NOT_FOUND")
        assert refusal.info.metadata["resource"] == f"{namespace}/participants/nobody"
        name = f"{namespace}/sessions/{session_id}"
        refused(client.sessions.GetSession, GetSessionRequest(name=name), "SESSION_NOT_FOUND")
        assert member_names(new_session(client, namespace, session_id)) == []

    def test_refuses_a_taken_name_also_of_a_deleted_session(
        self, client: Client, namespace: str, deleted: Session
    ) -> None:
        taken = [new_session(client, namespace).name, deleted.name]
        for name in taken:
            request = CreateSessionRequest(
                parent=namespace, session_id=name.rpartition("/")[2], session=Session(description="another")
            )
            refusal = refused(client.sessions.CreateSession, request, "SESSION_ALREADY_EXISTS")
            assert refusal.info.metadata["resource"] == name
        assert get_session(client, deleted.name) == deleted

    def test_takes_the_same_id_in_another_namespace(self, client: Client, session: Session) -> None:
        session_id = session.name.rpartition("/")[2]
        other = new_session(client, "namespaces/default", session_id)
        assert other.uid != session.uid
        assert get_session(client, session.name) == session

    def test_tells_ids_apart_by_each_character(self, client: Client, namespace: str) -> None:
        ids = [
            "alice",
            "Alice",
            "ALICE",
            "álice",
            "alicé",
            "alice.",
            "alice_",
            "ß",
            "ss",
            "\uff41lice",
            "👩",
            "👩‍🚀",
            "İ",
            "i",
        ]
        for session_id in ids:
            new_session(client, namespace, session_id, data=session_id)
        for session_id in ids:
            assert get_session(client, f"{namespace}/sessions/{session_id}").data == session_id

    @pytest.mark.parametrize(
        "session_id", ["a/b", "/", " a", "a ", "\u3000a", "a\nb", "a\0", "\x7f", "\x85", "e\u0301", "-", "x" * 256]
    )
    def test_refuses_a_malformed_id(self, client: Client, namespace: str, session_id: str) -> None:
        request = CreateSessionRequest(parent=namespace, session_id=session_id, session=Session())
        reason = "LIMIT_EXCEEDED" if len(session_id) > 255 else "INVALID_FIELD"
        refused(client.sessions.CreateSession, request, reason, "session_id")

    @pytest.mark.parametrize(
        ("session", "field"),
        [
            (Session(description="a\0"), "session.description"),
            (Session(data="\0"), "session.data"),
            (Session(data=f"{'a' * 100_000}\0b"), "session.data"),
            (Session(labels={"": "x"}), "session.labels"),
            (Session(labels={"-x": "x"}), "session.labels"),
            (Session(labels={"ä": "x"}), "session.labels"),
            (Session(labels={"team": "a\nb"}), "session.labels.team"),
            (Session(expire_time=Timestamp(seconds=-1)), "session.expire_time"),
            (Session(expire_time=Timestamp(seconds=253_402_300_800)), "session.expire_time"),
            (Session(expire_time=Timestamp(seconds=1, nanos=10**9)), "session.expire_time"),
            (Session(expire_time=Timestamp(seconds=1, nanos=-1)), "session.expire_time"),
        ],
    )
    def test_refuses_malformed_fields(self, client: Client, namespace: str, session: Session, field: str) -> None:
        request = CreateSessionRequest(parent=namespace, session=session)
        refused(client.sessions.CreateSession, request, "INVALID_FIELD", field)

    def test_names_every_violation(self, client: Client) -> None:
        request = CreateSessionRequest(parent="default", session_id="a/b", request_id=" ")
        refusal = refused(client.sessions.CreateSession, request, "INVALID_FIELD")
        assert refusal.fields == ["parent", "session", "session_id", "request_id"]

    def test_refuses_a_namespace_that_is_missing_disabled_or_deleted(self, client: Client, namespace: str) -> None:
        def request(parent: str) -> CreateSessionRequest:
            return CreateSessionRequest(parent=parent, session=Session())

        create = client.sessions.CreateSession
        refused(create, request("namespaces/nowhere"), "NAMESPACE_NOT_FOUND")
        update_namespace(client, Namespace(name=namespace, enabled=False))
        refused(create, request(namespace), "NAMESPACE_DISABLED")
        update_namespace(client, Namespace(name=namespace, enabled=True))
        client.namespaces.DeleteNamespace(DeleteNamespaceRequest(name=namespace))
        refused(create, request(namespace), "NAMESPACE_DELETED")


class TestExpiry:
    def test_is_open_where_nobody_sets_it(self, client: Client, namespace: str) -> None:
        assert not new_session(client, namespace).HasField("expire_time")

    def test_follows_the_namespace_where_the_session_does_not_say(self, client: Client, namespace: str) -> None:
        settings = NamespaceSettings(default_session_ttl=Duration(seconds=3600, nanos=250_000_000))
        update_namespace(client, Namespace(name=namespace, settings=settings))
        created = new_session(client, namespace)
        lifetime = created.expire_time.ToDatetime() - created.create_time.ToDatetime()
        assert lifetime == timedelta(hours=1, microseconds=250_000)
        assert new_session(client, namespace, expire_time=LATER).expire_time == LATER
        assert ensure(client, namespace, unique("session")).session.HasField("expire_time")

    def test_is_kept_to_the_microsecond_between_its_bounds(self, client: Client, namespace: str) -> None:
        times = [Timestamp(seconds=1, nanos=1000), Timestamp(seconds=253_402_300_799, nanos=999_999_000)]
        for time in times:
            created = new_session(client, namespace, expire_time=time)
            assert get_session(client, created.name).expire_time == time

    def test_is_answered_as_it_is_kept(self, client: Client, namespace: str) -> None:
        finer = Timestamp(seconds=LATER.seconds, nanos=123_456_789)
        created = new_session(client, namespace, expire_time=finer)
        assert created.expire_time == LATER
        assert get_session(client, created.name) == created
        updated = update_session(client, Session(name=created.name, expire_time=finer))
        assert updated.expire_time == LATER
        assert get_session(client, created.name) == updated

    def test_that_has_passed_is_cleared_by_an_undeletion(self, client: Client, namespace: str) -> None:
        passed = Timestamp()
        passed.FromDatetime(datetime.now(UTC) - timedelta(hours=1))
        kept, cleared = new_session(client, namespace, expire_time=LATER), new_session(client, namespace)
        delete_session(client, kept.name)
        assert undelete(client, kept.name).expire_time == LATER
        update_session(client, Session(name=cleared.name, expire_time=passed), "expire_time")
        # The sweep may have been faster; either way the session is deleted afterwards.
        if not get_session(client, cleared.name).HasField("delete_time"):
            delete_session(client, cleared.name)
        assert not undelete(client, cleared.name).HasField("expire_time")
        assert not get_session(client, cleared.name).HasField("expire_time")


class TestEnsure:
    def test_creates_the_first_time_only(self, client: Client, namespace: str) -> None:
        session_id = unique("session")
        first = ensure(client, namespace, session_id, Session(**full_fields()))
        assert first.created
        assert first.session.auto_created
        assert first.session.data == WORDS
        second = ensure(client, namespace, session_id)
        assert not second.created
        assert second.session == first.session == get_session(client, first.session.name)

    def test_leaves_all_but_missing_members_as_it_is(self, client: Client, namespace: str, session: Session) -> None:
        given = Session(description="other", data="other", labels={"x": "y"}, enabled=False, etag="stale")
        answer = ensure(client, namespace, session.name.rpartition("/")[2], given)
        assert not answer.created
        assert answer.session == session == get_session(client, session.name)

    def test_binds_missing_members(self, client: Client, namespace: str) -> None:
        alice, bob = new_participant(client, namespace), new_participant(client, namespace)
        before = new_session(client, namespace, participants=members(alice, role="host"))
        session_id = before.name.rpartition("/")[2]
        answer = ensure(client, namespace, session_id, Session(participants=members(alice, bob, role="guest")))
        assert [(member.participant, member.role) for member in answer.session.participants] == [
            (alice, "host"),
            (bob, "guest"),
        ]
        assert answer.session.etag != before.etag
        assert get_session(client, before.name) == answer.session
        again = ensure(client, namespace, session_id, Session(participants=members(alice, bob)))
        assert again.session == answer.session

    def test_changes_nothing_when_a_participant_is_missing(self, client: Client, namespace: str) -> None:
        alice, before = new_participant(client, namespace), new_session(client, namespace)
        session = Session(participants=members(alice, f"{namespace}/participants/nobody"))
        for session_id in (before.name.rpartition("/")[2], unique("session")):
            request = EnsureSessionRequest(parent=namespace, session_id=session_id, session=session)
            refused(client.sessions.EnsureSession, request, "PARTICIPANT_NOT_FOUND")
        assert get_session(client, before.name) == before
        name = f"{namespace}/sessions/{session_id}"
        refused(client.sessions.GetSession, GetSessionRequest(name=name), "SESSION_NOT_FOUND")

    def test_refuses_a_deleted_session(self, client: Client, namespace: str, deleted: Session) -> None:
        request = EnsureSessionRequest(parent=namespace, session_id=deleted.name.rpartition("/")[2])
        refused(client.sessions.EnsureSession, request, "SESSION_DELETED")

    def test_needs_an_id(self, client: Client, namespace: str) -> None:
        request = EnsureSessionRequest(parent=namespace)
        refused(client.sessions.EnsureSession, request, "INVALID_FIELD", "session_id")

    def test_gets_a_disabled_session_but_binds_nobody_to_it(self, client: Client, namespace: str) -> None:
        disabled, alice = new_session(client, namespace, enabled=False), new_participant(client, namespace)
        session_id = disabled.name.rpartition("/")[2]
        assert ensure(client, namespace, session_id).session == disabled
        request = EnsureSessionRequest(
            parent=namespace, session_id=session_id, session=Session(participants=members(alice))
        )
        refused(client.sessions.EnsureSession, request, "SESSION_DISABLED")

    def test_creates_nothing_in_a_disabled_or_missing_namespace(self, client: Client, namespace: str) -> None:
        update_namespace(client, Namespace(name=namespace, enabled=False))
        for parent, reason in ((namespace, "NAMESPACE_DISABLED"), ("namespaces/nowhere", "NAMESPACE_NOT_FOUND")):
            request = EnsureSessionRequest(parent=parent, session_id=unique("session"))
            refused(client.sessions.EnsureSession, request, reason)


class TestGet:
    def test_views_differ_in_data_alone(self, client: Client, session: Session) -> None:
        def get(view: SessionView.ValueType) -> Session:
            return client.sessions.GetSession(GetSessionRequest(name=session.name, view=view))

        assert get(SESSION_VIEW_FULL) == session
        basic = get(SESSION_VIEW_BASIC)
        assert basic.data == ""
        basic.data = session.data
        assert basic == session

    def test_answers_a_deleted_session(self, client: Client, deleted: Session) -> None:
        assert get_session(client, deleted.name) == deleted

    @pytest.mark.parametrize(
        ("name", "reason"),
        [
            ("namespaces/default/sessions/nothing", "SESSION_NOT_FOUND"),
            ("namespaces/nowhere/sessions/nothing", "NAMESPACE_NOT_FOUND"),
            ("namespaces/default/participants/alice", "INVALID_FIELD"),
            ("namespaces/default/sessions/", "INVALID_FIELD"),
            ("namespaces/default/sessions/a/b", "INVALID_FIELD"),
            ("sessions/a", "INVALID_FIELD"),
            ("", "INVALID_FIELD"),
        ],
    )
    def test_tells_what_is_missing_from_what_is_malformed(self, client: Client, name: str, reason: str) -> None:
        refused(client.sessions.GetSession, GetSessionRequest(name=name), reason)

    def test_refuses_an_unknown_view(self, client: Client, session: Session) -> None:
        request = GetSessionRequest(name=session.name, view=99)  # type: ignore[arg-type]
        refused(client.sessions.GetSession, request, "INVALID_FIELD", "view")


class TestBatchGet:
    def test_keeps_the_order_and_what_is_asked_twice(self, client: Client, namespace: str) -> None:
        first, second, third = (new_session(client, namespace, data=str(number)) for number in range(3))
        delete_session(client, third.name)
        names = [third.name, first.name, second.name, first.name]
        answer = client.sessions.BatchGetSessions(BatchGetSessionsRequest(parent=namespace, names=names))
        assert [session.name for session in answer.sessions] == names
        assert [session.data for session in answer.sessions] == ["2", "0", "1", "0"]
        assert list(answer.sessions)[1:] == [first, second, first]

    def test_leaves_data_out_of_the_basic_view(self, client: Client, namespace: str, session: Session) -> None:
        request = BatchGetSessionsRequest(parent=namespace, names=[session.name], view=SESSION_VIEW_BASIC)
        (answered,) = client.sessions.BatchGetSessions(request).sessions
        assert answered.data == ""
        assert answered.labels == session.labels

    def test_answers_all_or_none(self, client: Client, namespace: str, session: Session) -> None:
        missing = f"{namespace}/sessions/nothing"
        request = BatchGetSessionsRequest(parent=namespace, names=[session.name, missing])
        refusal = refused(client.sessions.BatchGetSessions, request, "SESSION_NOT_FOUND")
        assert refusal.info.metadata["resource"] == missing

    def test_refuses_names_of_another_namespace(self, client: Client, namespace: str, session: Session) -> None:
        elsewhere = new_session(client, "namespaces/default")
        request = BatchGetSessionsRequest(parent=namespace, names=[session.name, elsewhere.name])
        refused(client.sessions.BatchGetSessions, request, "INVALID_FIELD", "names[1]")
        longer = BatchGetSessionsRequest(parent=namespace, names=[f"{namespace}x/sessions/a"])
        refused(client.sessions.BatchGetSessions, longer, "INVALID_FIELD", "names[0]")

    @pytest.mark.parametrize("name", ["", "namespaces/x", "namespaces/x/sessions/a b "])
    def test_refuses_malformed_names(self, client: Client, namespace: str, session: Session, name: str) -> None:
        request = BatchGetSessionsRequest(parent=namespace, names=[session.name, name])
        refused(client.sessions.BatchGetSessions, request, "INVALID_FIELD", "names[1]")

    def test_needs_names(self, client: Client, namespace: str) -> None:
        request = BatchGetSessionsRequest(parent=namespace)
        refused(client.sessions.BatchGetSessions, request, "INVALID_FIELD", "names")

    def test_takes_at_most_a_hundred_names(self, client: Client, namespace: str, session: Session) -> None:
        request = BatchGetSessionsRequest(parent=namespace, names=[session.name] * 100)
        assert len(client.sessions.BatchGetSessions(request).sessions) == 100
        request.names.append(session.name)
        refused(client.sessions.BatchGetSessions, request, "LIMIT_EXCEEDED", "names")

    def test_refuses_answers_that_a_client_would_not_take(self, client: Client, namespace: str) -> None:
        large = [new_session(client, namespace, data="x" * 2_200_000).name for _ in range(2)]
        for names in (large, [large[0]] * 2):
            request = BatchGetSessionsRequest(parent=namespace, names=names)
            refusal = refused(client.sessions.BatchGetSessions, request, "LIMIT_EXCEEDED", "names")
            assert refusal.info.metadata["limit"] == str(4 * MIB)
            assert int(refusal.info.metadata["size"]) > 4 * MIB
            request.view = SESSION_VIEW_BASIC
            assert len(client.sessions.BatchGetSessions(request).sessions) == 2


class TestUpdate:
    def test_without_a_mask_changes_what_is_populated(self, client: Client, session: Session) -> None:
        updated = update_session(client, Session(name=session.name, description="new", labels={"only": "this"}))
        expected = Session()
        expected.CopyFrom(session)
        expected.description = "new"
        expected.labels.clear()
        expected.labels["only"] = "this"
        assert same_but_for_change(updated, expected)
        assert get_session(client, session.name) == updated

    def test_with_a_star_replaces_all(self, client: Client, session: Session) -> None:
        blank = new_session(client, session.name.rpartition("/sessions/")[0])
        updated = update_session(client, Session(name=session.name, data="kept"), "*")
        assert updated.data == "kept"
        assert updated.enabled
        for field in ("description", "labels", "settings"):
            assert getattr(updated, field) == getattr(blank, field)
        assert not updated.HasField("expire_time")
        assert get_session(client, session.name) == updated

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            ("description", "new"),
            ("data", "new"),
            ("enabled", False),
            ("expire_time", Timestamp(seconds=4_000_000_000)),
        ],
    )
    def test_changes_one_masked_field_alone(self, client: Client, session: Session, path: str, value: object) -> None:
        given = Session(**{**full_fields(), "name": session.name, "description": "x", "data": "x", path: value})
        updated = update_session(client, given, path)
        assert getattr(updated, path) == value
        expected = Session()
        expected.CopyFrom(session)
        expected.ClearField(path)  # type: ignore[arg-type]
        expected.MergeFrom(Session(**{path: value}))  # type: ignore[arg-type]
        assert same_but_for_change(updated, expected)
        assert get_session(client, session.name) == updated

    @pytest.mark.parametrize("path", ["description", "data", "labels", "expire_time", "settings"])
    def test_clears_a_masked_field_that_is_not_populated(self, client: Client, session: Session, path: str) -> None:
        updated = update_session(client, Session(name=session.name), path)
        blank = new_session(client, session.name.rpartition("/sessions/")[0])
        assert getattr(updated, path) == getattr(blank, path)
        assert get_session(client, session.name) == updated

    def test_enables_when_the_flag_is_cleared(self, client: Client, session: Session) -> None:
        update_session(client, Session(name=session.name, enabled=False), "enabled")
        assert update_session(client, Session(name=session.name), "enabled").enabled

    def test_sets_and_removes_one_label(self, client: Client, session: Session) -> None:
        given = Session(name=session.name, labels={"new": "1", "team": "b-team", "other": "x"})
        updated = update_session(client, given, "labels.new", "labels.team", "labels.a.b/c_d", "labels.nothing")
        assert dict(updated.labels) == {"new": "1", "team": "b-team", "empty": ""}
        assert get_session(client, session.name) == updated

    def test_refuses_a_label_of_a_mask_that_is_no_label(self, client: Client, session: Session) -> None:
        given = Session(name=session.name, labels={"not a key": "x"})
        request = UpdateSessionRequest(session=given, update_mask=FieldMask(paths=["labels.not a key"]))
        refused(client.sessions.UpdateSession, request, "INVALID_FIELD", "session.labels")

    def test_changes_one_setting(self, client: Client, session: Session) -> None:
        settings = SessionSettings(override_importance=5, memory=MemorySettings(get_max_memories=3, get_min_score=1))
        given = Session(name=session.name, settings=settings)
        updated = update_session(client, given, "settings.override_importance", "settings.memory.get_min_score")
        assert updated.settings.override_importance == 5
        assert updated.settings.sync_chat
        assert updated.settings.memory.get_min_score == 1
        assert updated.settings.memory.get_max_memories == 25
        assert get_session(client, session.name) == updated

    @pytest.mark.parametrize(
        "path",
        [
            "participants.role",
            "nothing",
            "",
            "labels.",
            "settings.nothing",
            "settings.memory.nothing",
            "settings.memory.get_min_score.x",
            "settings.collection_overrides.",
            "description.x",
            "expire_time.seconds",
            "name.x",
            "Description",
        ],
    )
    def test_refuses_paths_that_cannot_be_changed(self, client: Client, session: Session, path: str) -> None:
        given = Session(name=session.name, description="new")
        request = UpdateSessionRequest(session=given, update_mask=FieldMask(paths=["description", path]))
        refused(client.sessions.UpdateSession, request, "INVALID_FIELD", "update_mask")
        assert get_session(client, session.name) == session

    def test_refuses_a_star_beside_other_paths(self, client: Client, session: Session) -> None:
        mask = FieldMask(paths=["*", "data"])
        request = UpdateSessionRequest(session=Session(name=session.name), update_mask=mask)
        refused(client.sessions.UpdateSession, request, "INVALID_FIELD", "update_mask")

    def test_passes_over_the_servers_own_fields(self, client: Client, session: Session) -> None:
        given = Session(name=session.name, uid="mine", auto_created=True, last_sequence=9, create_time=LATER)
        paths = ("name", "uid", "auto_created", "last_sequence", "create_time", "update_time", "purge_time", "etag")
        updated = update_session(client, given, *paths)
        assert same_but_for_change(updated, session)

    def test_takes_back_what_was_read(self, client: Client, session: Session) -> None:
        session.description = "read, changed, written"
        updated = update_session(client, session)
        assert same_but_for_change(updated, session)
        assert updated.description == "read, changed, written"

    def test_refuses_a_stale_etag(self, client: Client, session: Session) -> None:
        current = update_session(client, Session(name=session.name, etag=session.etag, description="first"))
        for etag in (session.etag, "made up", current.etag.strip('"')):
            request = UpdateSessionRequest(session=Session(name=session.name, etag=etag, description="second"))
            refusal = refused(client.sessions.UpdateSession, request, "ETAG_MISMATCH")
            assert refusal.info.metadata == {"resource": session.name, "etag": current.etag}
        assert get_session(client, session.name) == current

    @pytest.mark.parametrize(
        "path", ["description", "data", "enabled", "labels", "labels.team", "settings.sync_chat", "expire_time"]
    )
    def test_changes_the_etag_and_the_update_time(self, client: Client, session: Session, path: str) -> None:
        updated = update_session(client, Session(name=session.name), path)
        assert updated.etag != session.etag
        assert updated.update_time.ToNanoseconds() >= session.update_time.ToNanoseconds()
        assert updated.create_time == session.create_time

    def test_of_different_fields_at_once_loses_none(self, client: Client, session: Session) -> None:
        for number in range(5):
            text = f"round {number}"
            given = Session(name=session.name, description=text, data=text, labels={"team": text, "empty": text})
            paths = ("description", "data", "labels.team", "labels.empty", "settings.sync_chat")
            answers = at_once(partial(update_session, client, given, path) for path in paths)
            assert all(isinstance(answer, Session) for answer in answers)
            now = get_session(client, session.name)
            assert [now.description, now.data, now.labels["team"], now.labels["empty"]] == [text] * 4
            assert not now.settings.sync_chat

    def test_of_a_disabled_session_must_enable_it(self, client: Client, session: Session) -> None:
        update_session(client, Session(name=session.name, enabled=False), "enabled")
        request = UpdateSessionRequest(session=Session(name=session.name, description="new"))
        refused(client.sessions.UpdateSession, request, "SESSION_DISABLED")
        updated = update_session(client, Session(name=session.name, description="new", enabled=True))
        assert updated.enabled
        assert updated.description == "new"

    def test_refuses_what_is_missing_or_deleted(self, client: Client, deleted: Session) -> None:
        namespace = deleted.name.rpartition("/sessions/")[0]
        for name, reason in (
            (deleted.name, "SESSION_DELETED"),
            (f"{namespace}/sessions/nothing", "SESSION_NOT_FOUND"),
            ("namespaces/nowhere/sessions/nothing", "NAMESPACE_NOT_FOUND"),
            ("", "INVALID_FIELD"),
        ):
            request = UpdateSessionRequest(session=Session(name=name, description="new"))
            refused(client.sessions.UpdateSession, request, reason)
        assert get_session(client, deleted.name) == deleted


class TestDeletion:
    def test_is_soft(self, client: Client, session: Session) -> None:
        deleted = delete_session(client, session.name)
        assert deleted.HasField("delete_time")
        assert deleted.etag != session.etag
        expected = Session()
        expected.CopyFrom(session)
        expected.delete_time.CopyFrom(deleted.delete_time)
        expected.purge_time.CopyFrom(deleted.purge_time)
        assert same_but_for_change(deleted, expected)
        assert get_session(client, session.name) == deleted

    def test_is_followed_by_a_purge_after_the_servers_age(self, deleted: Session) -> None:
        assert purge_age(deleted) == timedelta(days=30)

    def test_is_followed_by_a_purge_after_the_namespaces_age(self, client: Client, namespace: str) -> None:
        settings = NamespaceSettings(purge_age=Duration(seconds=7200, nanos=1000))
        update_namespace(client, Namespace(name=namespace, settings=settings))
        deleted = delete_session(client, new_session(client, namespace).name)
        assert purge_age(deleted) == timedelta(hours=2, microseconds=1)

    def test_can_be_undone(self, client: Client, session: Session) -> None:
        delete_session(client, session.name)
        restored = undelete(client, session.name)
        assert same_but_for_change(restored, session)
        assert restored.etag != session.etag
        assert get_session(client, session.name) == restored
        assert update_session(client, Session(name=session.name, description="new")).description == "new"

    def test_refuses_what_is_not_live(self, client: Client, namespace: str, deleted: Session) -> None:
        disabled = new_session(client, namespace, enabled=False)
        for name, reason in (
            (deleted.name, "SESSION_DELETED"),
            (disabled.name, "SESSION_DISABLED"),
            (f"{namespace}/sessions/nothing", "SESSION_NOT_FOUND"),
        ):
            refused(client.sessions.DeleteSession, DeleteSessionRequest(name=name), reason)

    def test_is_not_undone_twice(self, client: Client, session: Session) -> None:
        request = UndeleteSessionRequest(name=session.name)
        refused(client.sessions.UndeleteSession, request, "SESSION_ALREADY_EXISTS")

    def test_keeps_the_name_taken_until_it_is_expunged(self, client: Client, namespace: str, deleted: Session) -> None:
        session_id = deleted.name.rpartition("/")[2]
        request = CreateSessionRequest(parent=namespace, session_id=session_id, session=Session())
        refused(client.sessions.CreateSession, request, "SESSION_ALREADY_EXISTS")
        expunge(client, deleted.name)
        refused(client.sessions.GetSession, GetSessionRequest(name=deleted.name), "SESSION_NOT_FOUND")
        assert client.sessions.CreateSession(request).name == deleted.name

    def test_cannot_be_skipped_by_expunging(self, client: Client, session: Session) -> None:
        for force in (False, True):
            request = ExpungeSessionRequest(name=session.name, force=force)
            refused(client.sessions.ExpungeSession, request, "SESSION_NOT_DELETED")
        assert get_session(client, session.name) == session

    def test_gives_a_namesake_nothing_of_the_old_one(self, client: Client, namespace: str) -> None:
        session_id, alice = unique("session"), new_participant(client, namespace)
        old = new_session(client, namespace, session_id, data="old", participants=members(alice))
        delete_session(client, old.name)
        expunge(client, old.name)
        new = new_session(client, namespace, session_id)
        assert new.uid != old.uid
        assert new.etag != old.etag
        assert (new.data, member_names(new)) == ("", [])
        for call, request in etag_calls(client, new.name, old.etag):
            refused(call, request, "ETAG_MISMATCH")
        assert get_session(client, new.name) == new

    def test_life_follows_the_etag(self, client: Client, session: Session) -> None:
        sessions, name = client.sessions, session.name
        refused(sessions.DeleteSession, DeleteSessionRequest(name=name, etag="stale"), "ETAG_MISMATCH")
        deleted = sessions.DeleteSession(DeleteSessionRequest(name=name, etag=session.etag))
        refused(sessions.UndeleteSession, UndeleteSessionRequest(name=name, etag=session.etag), "ETAG_MISMATCH")
        restored = sessions.UndeleteSession(UndeleteSessionRequest(name=name, etag=deleted.etag))
        deleted = sessions.DeleteSession(DeleteSessionRequest(name=name, etag=restored.etag))
        refused(sessions.ExpungeSession, ExpungeSessionRequest(name=name, etag=restored.etag), "ETAG_MISMATCH")
        sessions.ExpungeSession(ExpungeSessionRequest(name=name, etag=deleted.etag))
        refused(sessions.ExpungeSession, ExpungeSessionRequest(name=name), "SESSION_NOT_FOUND")


def etag_calls(client: Client, name: str, etag: str) -> Iterator[tuple[object, Message]]:
    yield client.sessions.UpdateSession, UpdateSessionRequest(session=Session(name=name, etag=etag, data="x"))
    yield client.sessions.DeleteSession, DeleteSessionRequest(name=name, etag=etag)


def purge_age(session: Session) -> timedelta:
    return session.purge_time.ToDatetime() - session.delete_time.ToDatetime()


def same_but_for_change(left: Session, right: Session) -> bool:
    """Return whether two readings differ at most in their etag and update time."""
    return without_change(left) == without_change(right)


def without_change(session: Session) -> Session:
    copy = Session()
    copy.CopyFrom(session)
    copy.ClearField("etag")
    copy.ClearField("update_time")
    return copy
