"""The life of a participant."""

from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from activity_session.v1.participant_pb2 import Participant, ParticipantType
from activity_session.v1.participant_service_pb2 import (
    CreateParticipantRequest,
    DeleteParticipantRequest,
    EnsureParticipantRequest,
    EnsureParticipantResponse,
    GetParticipantRequest,
    ListParticipantsRequest,
    UndeleteParticipantRequest,
    UpdateParticipantRequest,
)
from activity_session.v1.session_pb2 import Session, SessionParticipant
from activity_session.v1.session_service_pb2 import (
    BindParticipantRequest,
    GetSessionRequest,
    UnbindParticipantRequest,
)
from activity_session_testing.servers import Client, failure, unique
from activity_session_testing.steps import (
    AGENT,
    USER,
    delete_namespace,
    delete_participant,
    make_namespace,
    make_participant,
    new_session,
)


def get(client: Client, name: str) -> Participant:
    return client.participants.GetParticipant(GetParticipantRequest(name=name))


def get_session(client: Client, name: str) -> Session:
    return client.sessions.GetSession(GetSessionRequest(name=name))


def update(client: Client, participant: Participant, *paths: str) -> Participant:
    return client.participants.UpdateParticipant(updating(participant, *paths))


def updating(participant: Participant, *paths: str) -> UpdateParticipantRequest:
    return UpdateParticipantRequest(participant=participant, update_mask=FieldMask(paths=paths))


def ensuring(parent: str, participant: Participant, request_id: str = "") -> EnsureParticipantRequest:
    """Return a request to ensure the participant with the id `ann`."""
    return EnsureParticipantRequest(parent=parent, participant_id="ann", participant=participant, request_id=request_id)


def undelete(client: Client, name: str, etag: str = "") -> Participant:
    return client.participants.UndeleteParticipant(UndeleteParticipantRequest(name=name, etag=etag))


def listed(client: Client, parent: str, *, show_deleted: bool = False) -> list[str]:
    request = ListParticipantsRequest(parent=parent, show_deleted=show_deleted)
    return [found.name for found in client.participants.ListParticipants(request).participants]


@pytest.fixture
def ann(client: Client, namespace: str) -> Participant:
    return make_participant(client, namespace, "ann", description="old")


@pytest.mark.parametrize("participant_type", [USER, AGENT])
def test_a_created_participant_has_what_was_given_and_what_the_server_sets(
    client: Client, namespace: str, participant_type: ParticipantType.ValueType
) -> None:
    created = make_participant(client, namespace, "x", participant_type=participant_type, description="who it is")
    assert created.name == f"{namespace}/participants/x"
    assert created.participant_type == participant_type
    assert created.description == "who it is"
    assert created.enabled
    assert not created.managed
    assert created.uid
    assert created.create_time == created.update_time
    assert not created.HasField("delete_time")
    assert get(client, created.name) == created


def test_a_participant_can_be_created_disabled(client: Client, namespace: str) -> None:
    created = make_participant(client, namespace, enabled=False)
    assert not created.enabled
    assert get(client, created.name) == created


def test_ids_that_are_not_given_are_generated_and_differ(client: Client, namespace: str) -> None:
    names = {make_participant(client, namespace).name for _ in range(3)}
    assert len(names) == 3
    assert set(listed(client, namespace)) == names


def test_fields_that_are_not_the_callers_are_passed_over_at_creation(client: Client, namespace: str) -> None:
    created = make_participant(client, namespace, "own", name="other", uid="mine", etag='"mine"')
    assert created.name == f"{namespace}/participants/own"
    assert created.uid != "mine"
    assert created.etag != '"mine"'


@pytest.mark.parametrize("participant_type", [0, 3, -1])
def test_creation_needs_a_type_that_is_known(client: Client, namespace: str, participant_type: int) -> None:
    given = Participant()
    given.participant_type = participant_type  # type: ignore[assignment]  # open enums take any number
    request = CreateParticipantRequest(parent=namespace, participant=given, participant_id="typeless")
    failed = failure(client.participants.CreateParticipant, request)
    assert (failed.code, failed.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
    assert failed.fields == ["participant.participant_type"]
    assert listed(client, namespace) == []


def test_creation_needs_a_parent_and_a_participant(client: Client, namespace: str) -> None:
    create = client.participants.CreateParticipant
    assert failure(create, CreateParticipantRequest(participant=Participant(participant_type=USER))).fields == [
        "parent"
    ]
    assert failure(create, CreateParticipantRequest(parent=namespace)).fields == ["participant"]


def test_a_name_is_taken_once_over_users_and_agents(client: Client, ann: Participant) -> None:
    parent = ann.name.partition("/participants/")[0]
    for participant_type in (USER, AGENT):
        given = Participant(participant_type=participant_type)
        request = CreateParticipantRequest(parent=parent, participant=given, participant_id="ann")
        failed = failure(client.participants.CreateParticipant, request)
        assert (failed.code, failed.reason) == (grpc.StatusCode.ALREADY_EXISTS, "PARTICIPANT_ALREADY_EXISTS")
        assert failed.info.metadata["resource"] == ann.name
    assert get(client, ann.name) == ann


def test_the_same_id_in_two_namespaces_is_two_participants(client: Client, ann: Participant) -> None:
    other = make_namespace(client).name
    namesake = make_participant(client, other, "ann", participant_type=AGENT)
    assert namesake.uid != ann.uid
    delete_participant(client, namesake.name)
    assert not get(client, ann.name).HasField("delete_time")


def test_the_name_of_a_deleted_participant_stays_taken(client: Client, namespace: str, ann: Participant) -> None:
    delete_participant(client, ann.name)
    given = Participant(participant_type=USER)
    request = CreateParticipantRequest(parent=namespace, participant=given, participant_id="ann")
    assert failure(client.participants.CreateParticipant, request).reason == "PARTICIPANT_ALREADY_EXISTS"


@pytest.mark.parametrize(
    ("parent", "reason"),
    [("{namespace}", "PARTICIPANT_NOT_FOUND"), ("namespaces/there is none", "NAMESPACE_NOT_FOUND")],
)
def test_every_method_tells_what_is_missing(client: Client, namespace: str, parent: str, reason: str) -> None:
    name = parent.format(namespace=namespace) + "/participants/nobody"
    for call, request in (
        (client.participants.GetParticipant, GetParticipantRequest(name=name)),
        (client.participants.UpdateParticipant, updating(Participant(name=name, description="new"))),
        (client.participants.DeleteParticipant, DeleteParticipantRequest(name=name)),
        (client.participants.UndeleteParticipant, UndeleteParticipantRequest(name=name)),
    ):
        failed = failure(call, request)
        assert (failed.code, failed.reason) == (grpc.StatusCode.NOT_FOUND, reason)
        assert name.startswith(failed.info.metadata["resource"])


def test_creating_and_listing_need_the_namespace(client: Client) -> None:
    parent = "namespaces/" + unique("missing")
    creating = CreateParticipantRequest(parent=parent, participant=Participant(participant_type=USER))
    assert failure(client.participants.CreateParticipant, creating).reason == "NAMESPACE_NOT_FOUND"
    listing = ListParticipantsRequest(parent=parent)
    assert failure(client.participants.ListParticipants, listing).reason == "NAMESPACE_NOT_FOUND"


class TestEnsure:
    def test_creates_what_is_missing_as_it_is_given(self, client: Client, namespace: str) -> None:
        given = Participant(name="other", participant_type=AGENT, description="plans", enabled=False, uid="mine")
        answer = client.participants.EnsureParticipant(ensuring(namespace, given))
        assert answer.created
        created = answer.participant
        assert created.name == f"{namespace}/participants/ann"
        assert (created.participant_type, created.description, created.enabled) == (AGENT, "plans", False)
        assert created.uid != "mine"
        assert created.create_time == created.update_time
        assert get(client, created.name) == created

    def test_leaves_what_is_there_as_it_is_whatever_its_type(
        self, client: Client, namespace: str, ann: Participant
    ) -> None:
        for given in (
            Participant(participant_type=USER, description="new"),
            Participant(participant_type=AGENT, enabled=False),
        ):
            for request_id in ("", unique("request")):
                answer = client.participants.EnsureParticipant(ensuring(namespace, given, request_id))
                assert answer == EnsureParticipantResponse(participant=ann)
        assert get(client, ann.name) == ann

    def test_says_created_once_and_again_to_the_same_request(self, client: Client, namespace: str) -> None:
        request = ensuring(namespace, Participant(participant_type=USER), unique("request"))
        first = client.participants.EnsureParticipant(request)
        assert first.created
        updated = update(client, Participant(name=first.participant.name, description="new"))
        assert client.participants.EnsureParticipant(request) == first
        request.request_id = unique("request")
        assert client.participants.EnsureParticipant(request) == EnsureParticipantResponse(participant=updated)

    @pytest.mark.parametrize("participant_type", [0, 3, -1])
    def test_needs_a_type_that_is_known(
        self, client: Client, namespace: str, ann: Participant, participant_type: int
    ) -> None:
        given = Participant()
        given.participant_type = participant_type  # type: ignore[assignment]  # open enums take any number
        failed = failure(client.participants.EnsureParticipant, ensuring(namespace, given))
        assert (failed.reason, failed.fields) == ("INVALID_FIELD", ["participant.participant_type"])
        assert get(client, ann.name) == ann

    def test_needs_a_parent_an_id_and_a_participant(self, client: Client) -> None:
        failed = failure(client.participants.EnsureParticipant, EnsureParticipantRequest())
        assert (failed.reason, failed.fields) == ("INVALID_FIELD", ["parent", "participant_id", "participant"])

    def test_needs_the_namespace(self, client: Client) -> None:
        request = ensuring("namespaces/" + unique("missing"), Participant(participant_type=USER))
        failed = failure(client.participants.EnsureParticipant, request)
        assert (failed.reason, failed.info.metadata["resource"]) == ("NAMESPACE_NOT_FOUND", request.parent)

    def test_finds_it_in_a_namespace_that_takes_no_writes(
        self, client: Client, namespace: str, ann: Participant
    ) -> None:
        delete_namespace(client, namespace)
        request = ensuring(namespace, Participant(participant_type=USER))
        assert client.participants.EnsureParticipant(request) == EnsureParticipantResponse(participant=ann)
        request.participant_id = "bob"
        assert failure(client.participants.EnsureParticipant, request).reason == "NAMESPACE_DELETED"


def test_a_list_holds_the_participants_of_its_namespace_alone(client: Client, namespace: str, ann: Participant) -> None:
    bob = make_participant(client, namespace, "bob", participant_type=AGENT)
    make_participant(client, make_namespace(client).name, "carl")
    answer = client.participants.ListParticipants(ListParticipantsRequest(parent=namespace))
    assert list(answer.participants) == [ann, bob]
    assert answer.next_page_token == ""


def test_without_a_mask_only_populated_fields_change(client: Client, ann: Participant) -> None:
    disabled = update(client, Participant(name=ann.name, enabled=False))
    assert not disabled.enabled
    assert disabled.description == "old"
    assert get(client, ann.name) == disabled


def test_a_mask_of_one_field_changes_that_field_alone(client: Client, ann: Participant) -> None:
    updated = update(client, Participant(name=ann.name, description="new", enabled=False), "description")
    assert updated.description == "new"
    assert updated.enabled


def test_a_masked_field_that_is_not_populated_is_cleared(client: Client, ann: Participant) -> None:
    updated = update(client, Participant(name=ann.name), "description", "enabled")
    assert updated.description == ""
    assert updated.enabled


def test_a_star_replaces_everything_but_what_is_immutable(client: Client, ann: Participant) -> None:
    updated = update(client, Participant(name=ann.name, enabled=True), "*")
    assert updated.description == ""
    assert (updated.participant_type, updated.uid) == (USER, ann.uid)


@pytest.mark.parametrize("path", ["nonsense", "description.x", "participant_type.x", ""])
def test_an_unknown_path_is_refused_and_changes_nothing(client: Client, ann: Participant, path: str) -> None:
    request = updating(Participant(name=ann.name, description="new"), "description", path)
    failed = failure(client.participants.UpdateParticipant, request)
    assert (failed.reason, failed.fields) == ("INVALID_FIELD", ["update_mask"])
    assert get(client, ann.name) == ann


@pytest.mark.parametrize("path", ["uid", "create_time", "update_time", "delete_time", "name", "etag"])
def test_paths_that_are_not_the_callers_are_passed_over(client: Client, ann: Participant, path: str) -> None:
    given = Participant(name=ann.name, description="new", uid="mine")
    given.create_time.seconds = given.delete_time.seconds = 1
    updated = update(client, given, path, "description")
    assert updated.description == "new"
    assert (updated.uid, updated.create_time) == (ann.uid, ann.create_time)
    assert not updated.HasField("delete_time")


@pytest.mark.parametrize("paths", [[], ["*"], ["participant_type"], ["description", "participant_type"]])
def test_the_type_is_immutable(client: Client, ann: Participant, paths: list[str]) -> None:
    request = updating(Participant(name=ann.name, participant_type=AGENT, description="new"), *paths)
    failed = failure(client.participants.UpdateParticipant, request)
    assert (failed.code, failed.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
    assert failed.fields == ["participant.participant_type"]
    assert get(client, ann.name) == ann


def test_a_mask_that_names_the_type_does_not_clear_it(client: Client, ann: Participant) -> None:
    failed = failure(client.participants.UpdateParticipant, updating(Participant(name=ann.name), "participant_type"))
    assert (failed.reason, failed.fields) == ("INVALID_FIELD", ["participant.participant_type"])
    assert get(client, ann.name) == ann


def test_a_participant_that_was_read_can_be_sent_back_with_a_change(client: Client, ann: Participant) -> None:
    ann.description = "new"
    for paths in ([], ["*"], ["description", "participant_type"]):
        updated = update(client, ann, *paths)
        assert (updated.description, updated.participant_type) == ("new", USER)
        ann.etag = updated.etag


def test_a_type_that_is_not_known_is_refused_in_an_update(client: Client, ann: Participant) -> None:
    given = Participant(name=ann.name)
    given.participant_type = 9  # type: ignore[assignment]  # open enums take any number
    failed = failure(client.participants.UpdateParticipant, updating(given))
    assert failed.fields == ["participant.participant_type"]


def test_an_update_needs_a_name(client: Client) -> None:
    failed = failure(client.participants.UpdateParticipant, updating(Participant(description="new")))
    assert (failed.reason, failed.fields) == ("INVALID_FIELD", ["participant.name"])
    failed = failure(client.participants.UpdateParticipant, UpdateParticipantRequest())
    assert failed.fields == ["participant"]


def test_an_update_changes_the_etag_and_the_update_time(client: Client, ann: Participant) -> None:
    updated = update(client, Participant(name=ann.name, description="new", etag=ann.etag))
    assert updated.etag != ann.etag
    assert updated.update_time.ToDatetime() > ann.update_time.ToDatetime()


def test_a_stale_etag_is_refused_with_the_current_one(client: Client, ann: Participant) -> None:
    current = update(client, Participant(name=ann.name, description="current"))
    late = updating(Participant(name=ann.name, description="late", etag=ann.etag))
    for call, request in (
        (client.participants.UpdateParticipant, late),
        (client.participants.DeleteParticipant, DeleteParticipantRequest(name=ann.name, etag=ann.etag)),
    ):
        failed = failure(call, request)
        assert (failed.code, failed.reason) == (grpc.StatusCode.ABORTED, "ETAG_MISMATCH")
        assert dict(failed.info.metadata) == {"resource": ann.name, "etag": current.etag}
    assert get(client, ann.name) == current


def test_undelete_judges_the_etag_too(client: Client, ann: Participant) -> None:
    deleted = delete_participant(client, ann.name)
    request = UndeleteParticipantRequest(name=ann.name, etag=ann.etag)
    assert failure(client.participants.UndeleteParticipant, request).info.metadata["etag"] == deleted.etag
    assert not undelete(client, ann.name, deleted.etag).HasField("delete_time")


def test_the_etag_of_a_namesake_does_not_match(client: Client, ann: Participant) -> None:
    namesake = make_participant(client, make_namespace(client).name, "ann")
    request = updating(Participant(name=ann.name, description="new", etag=namesake.etag))
    assert failure(client.participants.UpdateParticipant, request).reason == "ETAG_MISMATCH"


def test_a_deleted_participant_can_be_read_and_is_listed_on_demand(
    client: Client, namespace: str, ann: Participant
) -> None:
    deleted = delete_participant(client, ann.name)
    assert deleted.delete_time == deleted.update_time
    assert get(client, ann.name) == deleted
    assert listed(client, namespace) == []
    assert listed(client, namespace, show_deleted=True) == [ann.name]


def test_a_participant_comes_back_as_it_was(client: Client, namespace: str, ann: Participant) -> None:
    delete_participant(client, ann.name)
    back = undelete(client, ann.name)
    assert not back.HasField("delete_time")
    assert (back.description, back.participant_type, back.uid) == ("old", USER, ann.uid)
    assert get(client, ann.name) == back
    assert listed(client, namespace) == [ann.name]


def test_deleting_twice_is_refused(client: Client, ann: Participant) -> None:
    delete_participant(client, ann.name)
    failed = failure(client.participants.DeleteParticipant, DeleteParticipantRequest(name=ann.name))
    assert (failed.code, failed.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "PARTICIPANT_DELETED")


def test_a_live_participant_cannot_be_brought_back(client: Client, ann: Participant) -> None:
    failed = failure(client.participants.UndeleteParticipant, UndeleteParticipantRequest(name=ann.name))
    assert (failed.code, failed.reason) == (grpc.StatusCode.ALREADY_EXISTS, "PARTICIPANT_ALREADY_EXISTS")


def test_a_session_keeps_a_member_that_is_deleted(client: Client, namespace: str, ann: Participant) -> None:
    session = new_session(client, namespace, participants=[SessionParticipant(participant=ann.name, role="host")])
    delete_participant(client, ann.name)
    assert get_session(client, session.name) == session
    assert session.participants[0].participant_type == USER
    assert session.participants[0].role == "host"


def test_a_deleted_member_can_be_unbound_but_not_bound(client: Client, namespace: str, ann: Participant) -> None:
    session = new_session(client, namespace, participants=[SessionParticipant(participant=ann.name)])
    delete_participant(client, ann.name)
    client.sessions.UnbindParticipant(UnbindParticipantRequest(session=session.name, participant=ann.name))
    assert list(get_session(client, session.name).participants) == []
    request = BindParticipantRequest(session=session.name, participant=ann.name)
    assert failure(client.sessions.BindParticipant, request).reason == "PARTICIPANT_DELETED"
    undelete(client, ann.name)
    assert client.sessions.BindParticipant(request).participant == ann.name


def test_changing_a_participant_leaves_the_etag_of_its_sessions(
    client: Client, namespace: str, ann: Participant
) -> None:
    session = new_session(client, namespace, participants=[SessionParticipant(participant=ann.name)])
    update(client, Participant(name=ann.name, description="new"))
    assert get_session(client, session.name) == session


def test_participants_of_a_deleted_namespace_can_be_read(client: Client, namespace: str, ann: Participant) -> None:
    delete_namespace(client, namespace)
    assert get(client, ann.name) == ann
    assert listed(client, namespace) == [ann.name]


def test_a_description_is_bounded_in_bytes(client: Client, ann: Participant) -> None:
    request = updating(Participant(name=ann.name, description="é" * (32 * 1024) + "x"))
    failed = failure(client.participants.UpdateParticipant, request)
    assert (failed.reason, failed.fields) == ("LIMIT_EXCEEDED", ["participant.description"])
    assert (failed.info.metadata["limit"], failed.info.metadata["size"]) == ("65536", "65537")
    request.participant.description = request.participant.description[:-1]
    assert client.participants.UpdateParticipant(request).description == request.participant.description


def test_a_request_id_makes_every_change_safe_to_repeat(client: Client, namespace: str) -> None:
    name, given = f"{namespace}/participants/ann", Participant(participant_type=USER)
    changed = Participant(name=name, description="new")
    steps: tuple[tuple[Any, Any], ...] = (
        (
            client.participants.CreateParticipant,
            CreateParticipantRequest(parent=namespace, participant=given, participant_id="ann", request_id="a"),
        ),
        (client.participants.UpdateParticipant, UpdateParticipantRequest(participant=changed, request_id="b")),
        (client.participants.DeleteParticipant, DeleteParticipantRequest(name=name, request_id="c")),
        (client.participants.UndeleteParticipant, UndeleteParticipantRequest(name=name, request_id="d")),
    )
    answers = [call(request) for call, request in steps]
    assert [call(request) for call, request in steps] == answers
    assert get(client, name) == answers[-1]


def test_a_generated_id_is_generated_once_for_a_request_id(client: Client, namespace: str) -> None:
    request = CreateParticipantRequest(
        parent=namespace, participant=Participant(participant_type=AGENT), request_id=unique("request")
    )
    assert client.participants.CreateParticipant(request) == client.participants.CreateParticipant(request)
    assert len(listed(client, namespace)) == 1


def test_a_request_id_is_good_for_one_request_only(client: Client, ann: Participant) -> None:
    deleting = DeleteParticipantRequest(name=ann.name, request_id="once")
    client.participants.DeleteParticipant(deleting)
    undeleting = UndeleteParticipantRequest(name=ann.name, request_id="once")
    failed = failure(client.participants.UndeleteParticipant, undeleting)
    assert (failed.code, failed.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_ID_REUSED")
    assert get(client, ann.name).HasField("delete_time")
