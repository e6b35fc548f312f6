"""The life of a namespace."""

from datetime import timedelta
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask

from activity_session.v1.namespace_pb2 import Namespace, NamespaceSettings
from activity_session.v1.namespace_service_pb2 import (
    CreateNamespaceRequest,
    DeleteNamespaceRequest,
    GetNamespaceRequest,
    ListNamespacesRequest,
    UndeleteNamespaceRequest,
    UpdateNamespaceRequest,
)
from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_service_pb2 import EnsureSessionRequest
from activity_session_testing.servers import Client, failure, unique
from activity_session_testing.steps import (
    delete_namespace,
    delete_session,
    make_namespace,
    make_participant,
    new_session,
)

HOUR, DAY = Duration(seconds=3600), Duration(seconds=86_400)
HUNDRED_YEARS = 36_525 * 86_400


def get(client: Client, name: str) -> Namespace:
    return client.namespaces.GetNamespace(GetNamespaceRequest(name=name))


def update(client: Client, namespace: Namespace, *paths: str) -> Namespace:
    return client.namespaces.UpdateNamespace(updating(namespace, *paths))


def updating(namespace: Namespace, *paths: str) -> UpdateNamespaceRequest:
    return UpdateNamespaceRequest(namespace=namespace, update_mask=FieldMask(paths=paths))


def undelete(client: Client, name: str, **fields: str) -> Namespace:
    return client.namespaces.UndeleteNamespace(UndeleteNamespaceRequest(name=name, **fields))


def listed(client: Client, *, show_deleted: bool) -> set[str]:
    request = ListNamespacesRequest(page_size=1000, show_deleted=show_deleted)
    return {found.name for found in client.namespaces.ListNamespaces(request).namespaces}


def test_the_default_namespace_is_there_from_the_start(client: Client) -> None:
    namespace = get(client, "namespaces/default")
    assert namespace.enabled
    assert not namespace.managed
    assert namespace.uid
    assert namespace.etag
    assert namespace.create_time.seconds
    assert "namespaces/default" in listed(client, show_deleted=False)


def test_a_created_namespace_has_what_was_given_and_what_the_server_sets(client: Client) -> None:
    namespace_id = unique("created")
    settings = NamespaceSettings(default_session_ttl=HOUR, purge_age=DAY)
    created = make_namespace(client, namespace_id, description="of the tests", settings=settings)
    assert created.name == f"namespaces/{namespace_id}"
    assert created.description == "of the tests"
    assert created.enabled
    assert created.settings == settings
    assert created.uid
    assert created.create_time == created.update_time
    assert not created.HasField("delete_time")
    assert get(client, created.name) == created


def test_a_namespace_can_be_created_disabled(client: Client) -> None:
    created = make_namespace(client, unique("created"), enabled=False)
    assert created.HasField("enabled")
    assert not created.enabled
    assert get(client, created.name) == created


def test_ids_that_are_not_given_are_generated_and_differ(client: Client) -> None:
    names = {make_namespace(client).name for _ in range(3)}
    assert len(names) == 3
    assert all(get(client, name).name == name for name in names)


def test_fields_that_are_not_the_callers_are_passed_over_at_creation(client: Client) -> None:
    namespace_id = unique("created")
    created = make_namespace(client, namespace_id, name="namespaces/other", uid="mine", etag='"mine"')
    assert created.name == f"namespaces/{namespace_id}"
    assert created.uid != "mine"
    assert created.etag != '"mine"'


def test_a_name_is_taken_once(client: Client, namespace: str) -> None:
    request = CreateNamespaceRequest(namespace=Namespace(), namespace_id=namespace.removeprefix("namespaces/"))
    failed = failure(client.namespaces.CreateNamespace, request)
    assert (failed.code, failed.reason) == (grpc.StatusCode.ALREADY_EXISTS, "NAMESPACE_ALREADY_EXISTS")
    assert failed.info.metadata["resource"] == namespace


def test_the_name_of_a_deleted_namespace_stays_taken(client: Client, namespace: str) -> None:
    delete_namespace(client, namespace)
    request = CreateNamespaceRequest(namespace=Namespace(), namespace_id=namespace.removeprefix("namespaces/"))
    assert failure(client.namespaces.CreateNamespace, request).reason == "NAMESPACE_ALREADY_EXISTS"


def test_creation_needs_a_namespace(client: Client) -> None:
    failed = failure(client.namespaces.CreateNamespace, CreateNamespaceRequest(namespace_id=unique("none")))
    assert (failed.reason, failed.fields) == ("INVALID_FIELD", ["namespace"])


def test_every_method_tells_that_there_is_no_such_namespace(client: Client) -> None:
    name = "namespaces/" + unique("missing")
    for call, request in (
        (client.namespaces.GetNamespace, GetNamespaceRequest(name=name)),
        (client.namespaces.UpdateNamespace, updating(Namespace(name=name, description="new"))),
        (client.namespaces.DeleteNamespace, DeleteNamespaceRequest(name=name)),
        (client.namespaces.UndeleteNamespace, UndeleteNamespaceRequest(name=name)),
    ):
        failed = failure(call, request)
        assert (failed.code, failed.reason) == (grpc.StatusCode.NOT_FOUND, "NAMESPACE_NOT_FOUND")
        assert failed.info.metadata["resource"] == name


@pytest.fixture
def rich(client: Client) -> Namespace:
    """A namespace with every field set."""
    settings = NamespaceSettings(default_session_ttl=HOUR, purge_age=DAY)
    return make_namespace(client, unique("rich"), description="old", settings=settings)


def test_without_a_mask_only_populated_fields_change(client: Client, rich: Namespace) -> None:
    updated = update(client, Namespace(name=rich.name, description="new"))
    assert updated.description == "new"
    assert updated.settings == rich.settings
    assert updated.enabled
    assert get(client, rich.name) == updated


def test_a_mask_of_one_field_changes_that_field_alone(client: Client, rich: Namespace) -> None:
    updated = update(client, Namespace(name=rich.name, description="new", enabled=False), "description")
    assert updated.description == "new"
    assert updated.enabled
    assert updated.settings == rich.settings


def test_a_masked_field_that_is_not_populated_is_cleared(client: Client, rich: Namespace) -> None:
    updated = update(client, Namespace(name=rich.name), "description", "settings")
    assert updated.description == ""
    assert updated.settings == NamespaceSettings()
    assert get(client, rich.name) == updated


def test_a_star_replaces_everything(client: Client, rich: Namespace) -> None:
    updated = update(client, Namespace(name=rich.name, settings=NamespaceSettings(purge_age=HOUR)), "*")
    assert updated.description == ""
    assert updated.settings == NamespaceSettings(purge_age=HOUR)
    assert updated.enabled
    assert updated.uid == rich.uid
    assert updated.create_time == rich.create_time


def test_a_single_setting_can_be_masked(client: Client, rich: Namespace) -> None:
    given = NamespaceSettings(default_session_ttl=DAY, purge_age=HOUR)
    updated = update(client, Namespace(name=rich.name, settings=given), "settings.purge_age")
    assert updated.settings == NamespaceSettings(default_session_ttl=HOUR, purge_age=HOUR)
    cleared = update(client, Namespace(name=rich.name), "settings.purge_age")
    assert cleared.settings == NamespaceSettings(default_session_ttl=HOUR)


@pytest.mark.parametrize("path", ["nonsense", "settings.nonsense", "description.x", "settings.purge_age.seconds", ""])
def test_an_unknown_path_is_refused_and_changes_nothing(client: Client, rich: Namespace, path: str) -> None:
    request = updating(Namespace(name=rich.name, description="new"), "description", path)
    failed = failure(client.namespaces.UpdateNamespace, request)
    assert (failed.code, failed.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
    assert failed.fields == ["update_mask"]
    assert get(client, rich.name) == rich


@pytest.mark.parametrize("path", ["uid", "create_time", "update_time", "delete_time", "name", "etag"])
def test_paths_that_are_not_the_callers_are_passed_over(client: Client, rich: Namespace, path: str) -> None:
    given = Namespace(name=rich.name, description="new", uid="mine")
    given.create_time.seconds = given.delete_time.seconds = 1
    updated = update(client, given, path, "description")
    assert updated.description == "new"
    assert (updated.uid, updated.create_time) == (rich.uid, rich.create_time)
    assert not updated.HasField("delete_time")


def test_an_update_changes_the_etag_and_the_update_time(client: Client, rich: Namespace) -> None:
    updated = update(client, Namespace(name=rich.name, description="new"))
    assert updated.etag != rich.etag
    assert updated.update_time.ToDatetime() > rich.update_time.ToDatetime()
    assert updated.create_time == rich.create_time


def test_the_current_etag_lets_an_update_through(client: Client, rich: Namespace) -> None:
    first = update(client, Namespace(name=rich.name, description="first", etag=rich.etag))
    second = update(client, Namespace(name=rich.name, description="second", etag=first.etag))
    assert second.description == "second"


def test_a_stale_etag_is_refused_with_the_current_one(client: Client, rich: Namespace) -> None:
    current = update(client, Namespace(name=rich.name, description="current"))
    for call, request in (
        (client.namespaces.UpdateNamespace, updating(Namespace(name=rich.name, description="late", etag=rich.etag))),
        (client.namespaces.DeleteNamespace, DeleteNamespaceRequest(name=rich.name, etag=rich.etag)),
    ):
        failed = failure(call, request)
        assert (failed.code, failed.reason) == (grpc.StatusCode.ABORTED, "ETAG_MISMATCH")
        assert dict(failed.info.metadata) == {"resource": rich.name, "etag": current.etag}
    assert get(client, rich.name) == current


def test_undelete_judges_the_etag_too(client: Client, rich: Namespace) -> None:
    deleted = delete_namespace(client, rich.name)
    assert deleted.etag != rich.etag
    request = UndeleteNamespaceRequest(name=rich.name, etag=rich.etag)
    failed = failure(client.namespaces.UndeleteNamespace, request)
    assert (failed.reason, failed.info.metadata["etag"]) == ("ETAG_MISMATCH", deleted.etag)
    assert not undelete(client, rich.name, etag=deleted.etag).HasField("delete_time")


def test_etags_of_different_namespaces_differ_at_the_same_revision(client: Client) -> None:
    one, other = make_namespace(client), make_namespace(client)
    assert one.etag != other.etag
    request = updating(Namespace(name=other.name, description="new", etag=one.etag))
    assert failure(client.namespaces.UpdateNamespace, request).reason == "ETAG_MISMATCH"


def test_a_deleted_namespace_can_be_read_and_is_listed_on_demand(client: Client, namespace: str) -> None:
    deleted = delete_namespace(client, namespace)
    assert deleted.delete_time == deleted.update_time
    assert get(client, namespace) == deleted
    assert namespace not in listed(client, show_deleted=False)
    assert namespace in listed(client, show_deleted=True)


def test_a_namespace_comes_back_as_it_was(client: Client, rich: Namespace) -> None:
    delete_namespace(client, rich.name)
    back = undelete(client, rich.name)
    assert not back.HasField("delete_time")
    assert (back.description, back.settings, back.uid) == (rich.description, rich.settings, rich.uid)
    assert get(client, rich.name) == back
    assert rich.name in listed(client, show_deleted=False)


def test_deleting_twice_is_refused(client: Client, namespace: str) -> None:
    delete_namespace(client, namespace)
    failed = failure(client.namespaces.DeleteNamespace, DeleteNamespaceRequest(name=namespace, force=True))
    assert (failed.code, failed.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "NAMESPACE_DELETED")


def test_a_live_namespace_cannot_be_brought_back(client: Client, namespace: str) -> None:
    failed = failure(client.namespaces.UndeleteNamespace, UndeleteNamespaceRequest(name=namespace))
    assert (failed.code, failed.reason) == (grpc.StatusCode.ALREADY_EXISTS, "NAMESPACE_ALREADY_EXISTS")


def test_a_namespace_with_live_sessions_is_deleted_by_force_only(client: Client, namespace: str) -> None:
    session = new_session(client, namespace, "live")
    failed = failure(client.namespaces.DeleteNamespace, DeleteNamespaceRequest(name=namespace))
    assert (failed.code, failed.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "NAMESPACE_NOT_EMPTY")
    assert not get(client, namespace).HasField("delete_time")
    assert delete_namespace(client, namespace, force=True).HasField("delete_time")
    undelete(client, namespace)
    ensured = client.sessions.EnsureSession(EnsureSessionRequest(parent=namespace, session_id="live"))
    assert ensured.session == session


def test_participants_and_deleted_sessions_do_not_keep_a_namespace(client: Client, namespace: str) -> None:
    make_participant(client, namespace, "ann")
    delete_session(client, new_session(client, namespace, "gone").name)
    assert delete_namespace(client, namespace).HasField("delete_time")


@pytest.mark.parametrize("field", ["default_session_ttl", "purge_age"])
@pytest.mark.parametrize(
    "duration",
    [
        Duration(),
        Duration(seconds=-1),
        Duration(nanos=999_999_999),
        Duration(seconds=HUNDRED_YEARS + 1),
        Duration(seconds=HUNDRED_YEARS, nanos=1000),
        Duration(seconds=1, nanos=-1),
        Duration(seconds=1, nanos=2**31 - 1),
        Duration(seconds=2**63 - 1),
        Duration(seconds=-(2**63)),
    ],
    ids=str,
)
def test_settings_out_of_bounds_are_refused(client: Client, namespace: str, field: str, duration: Duration) -> None:
    given = Namespace(name=namespace)
    getattr(given.settings, field).CopyFrom(duration)
    failed = failure(client.namespaces.UpdateNamespace, updating(given))
    assert (failed.code, failed.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
    assert failed.fields == [f"namespace.settings.{field}"]
    failed = failure(client.namespaces.CreateNamespace, CreateNamespaceRequest(namespace=given))
    assert failed.fields == [f"namespace.settings.{field}"]


@pytest.mark.parametrize(
    "duration",
    [
        Duration(seconds=1),
        Duration(seconds=1, nanos=1000),
        Duration(seconds=86_400 * 400, nanos=999_999_000),
        Duration(seconds=HUNDRED_YEARS - 1, nanos=999_999_000),
        Duration(seconds=HUNDRED_YEARS),
    ],
    ids=str,
)
def test_settings_within_bounds_come_back_to_the_microsecond(client: Client, duration: Duration) -> None:
    settings = NamespaceSettings(default_session_ttl=duration, purge_age=duration)
    created = make_namespace(client, settings=settings)
    assert created.settings == settings
    assert get(client, created.name).settings == settings


def test_the_default_ttl_is_given_to_sessions_that_have_none(client: Client) -> None:
    settings = NamespaceSettings(default_session_ttl=Duration(seconds=90_000, nanos=5000))
    namespace = make_namespace(client, settings=settings).name
    created = new_session(client, namespace, "created")
    ensured = client.sessions.EnsureSession(EnsureSessionRequest(parent=namespace, session_id="ensured")).session
    for session in (created, ensured):
        lifetime = session.expire_time.ToDatetime() - session.create_time.ToDatetime()
        assert lifetime == timedelta(seconds=90_000, microseconds=5)


def test_an_expiry_of_its_own_wins_over_the_default_ttl(client: Client) -> None:
    namespace = make_namespace(client, settings=NamespaceSettings(default_session_ttl=HOUR)).name
    given = Session()
    given.expire_time.FromJsonString("2100-01-01T00:00:00.000001Z")
    session = new_session(client, namespace, "own", expire_time=given.expire_time)
    assert session.expire_time == given.expire_time


def test_sessions_do_not_expire_without_a_ttl(client: Client, namespace: str) -> None:
    assert not new_session(client, namespace).HasField("expire_time")


def test_a_new_ttl_leaves_the_sessions_that_are_there(client: Client, namespace: str) -> None:
    new_session(client, namespace, "old")
    update(client, Namespace(name=namespace, settings=NamespaceSettings(default_session_ttl=HOUR)))
    ensured = client.sessions.EnsureSession(EnsureSessionRequest(parent=namespace, session_id="old"))
    assert not ensured.session.HasField("expire_time")


def test_the_purge_age_says_when_a_deleted_session_is_expunged(client: Client) -> None:
    namespace = make_namespace(client, settings=NamespaceSettings(purge_age=DAY)).name
    deleted = delete_session(client, new_session(client, namespace).name)
    assert deleted.purge_time.ToDatetime() - deleted.delete_time.ToDatetime() == timedelta(days=1)


def test_the_servers_purge_age_holds_where_the_namespace_has_none(client: Client, namespace: str) -> None:
    deleted = delete_session(client, new_session(client, namespace).name)
    assert deleted.purge_time.ToDatetime() - deleted.delete_time.ToDatetime() == timedelta(days=30)


def test_a_description_is_bounded_in_bytes(client: Client) -> None:
    longest = "é" * (32 * 1024)
    assert make_namespace(client, description=longest).description == longest
    request = CreateNamespaceRequest(namespace=Namespace(description=longest + "é"))
    failed = failure(client.namespaces.CreateNamespace, request)
    assert (failed.reason, failed.fields) == ("LIMIT_EXCEEDED", ["namespace.description"])
    assert dict(failed.info.metadata) == {"field": "namespace.description", "limit": "65536", "size": "65538"}


def test_a_request_id_makes_every_change_safe_to_repeat(client: Client) -> None:
    namespace_id, request_id = unique("repeated"), unique("request")
    name = f"namespaces/{namespace_id}"
    steps: tuple[tuple[Any, Any], ...] = (
        (
            client.namespaces.CreateNamespace,
            CreateNamespaceRequest(namespace=Namespace(), namespace_id=namespace_id, request_id=request_id + "a"),
        ),
        (
            client.namespaces.UpdateNamespace,
            UpdateNamespaceRequest(namespace=Namespace(name=name, description="new"), request_id=request_id + "b"),
        ),
        (client.namespaces.DeleteNamespace, DeleteNamespaceRequest(name=name, request_id=request_id + "c")),
        (client.namespaces.UndeleteNamespace, UndeleteNamespaceRequest(name=name, request_id=request_id + "d")),
    )
    answers = [call(request) for call, request in steps]
    assert [call(request) for call, request in steps] == answers
    assert get(client, name) == answers[-1]


def test_a_request_id_is_good_for_one_request_only(client: Client, namespace: str) -> None:
    request = UpdateNamespaceRequest(namespace=Namespace(name=namespace, description="one"), request_id=unique("id"))
    updated = client.namespaces.UpdateNamespace(request)
    request.namespace.description = "other"
    failed = failure(client.namespaces.UpdateNamespace, request)
    assert (failed.code, failed.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_ID_REUSED")
    assert failed.info.metadata["request_id"] == request.request_id
    assert get(client, namespace) == updated
