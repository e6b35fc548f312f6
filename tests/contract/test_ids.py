"""Ids and texts: distinct down to the last character, returned unchanged, refused with the field's path."""
# ruff: noqa: RUF001 - characters that look alike are what is tested

import unicodedata
from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp

from activity_session.v1.namespace_pb2 import Namespace
from activity_session.v1.namespace_service_pb2 import (
    CreateNamespaceRequest,
    DeleteNamespaceRequest,
    GetNamespaceRequest,
    ListNamespacesRequest,
    UndeleteNamespaceRequest,
    UpdateNamespaceRequest,
)
from activity_session.v1.participant_pb2 import Participant
from activity_session.v1.participant_service_pb2 import (
    CreateParticipantRequest,
    DeleteParticipantRequest,
    EnsureParticipantRequest,
    GetParticipantRequest,
    ListParticipantsRequest,
    UndeleteParticipantRequest,
    UpdateParticipantRequest,
)
from activity_session.v1.session_pb2 import Session, SessionParticipant, SessionView
from activity_session.v1.session_service_pb2 import (
    BatchGetSessionsRequest,
    BindParticipantRequest,
    CreateSessionRequest,
    DeleteSessionRequest,
    EnsureSessionRequest,
    ExpungeSessionRequest,
    GetSessionRequest,
    ListSessionsRequest,
    UnbindParticipantRequest,
    UndeleteSessionRequest,
    UpdateSessionRequest,
)
from activity_session_testing.servers import Client, Failure, failure, unique
from activity_session_testing.steps import USER, make_namespace, make_participant, new_session

pytestmark = pytest.mark.one_node

INVALID = grpc.StatusCode.INVALID_ARGUMENT
FULL = SessionView.SESSION_VIEW_FULL

# Each line holds ids that some database, file system or search treats as equal.
LOOKALIKES = [
    "alice Alice ALICE aLICE alicé álice alice. alice_ alicee alice\u200b alice\ufeff alice\u00ad",
    "strasse straße STRASSE ſtraße",
    "i I ı İ l 1 | Ⅰ",
    "ae æ Æ ä a å Å",
    "a ａ а α ª ᵃ 𝐚",
    "☺ ☺\ufe0f 😀 😁 👩 👩\u200d🔬 👩🏽",
    "カ ｶ か ガ",
    "2 ２ ² ٢ 02",
    "x\u3000y x\u00a0y x\u2003y x\u2028y x\u200ay",
]
EXACT = [
    "😀",
    "👩🏽\u200d🔬🏳️\u200d🌈",
    "会议记录・第三次",
    "جلسة المحادثة\u200f١",
    "שִׁיחָה",
    "การสนทนา",
    "नमस्ते क्षत्रिय",
    "Ṩḗssıṓn",
    "𝔖𝔢𝔰𝔰𝔦𝔬𝔫𠜎𠜱",
    "g\u0308q\u0307\u0301",
    "zero\u200bwidth\u200djoiners\ufeff!",
    "#general",
    "[bot]{0}|^`~",
    "quote\"s and 'apostrophes' \\ back\\\\slashes",
    "percent%and_underscore*?[a-z]",
    "a:b;c=d&e?f#g@h+i,j(k)<l>$m!",
    "${jndi} {{x}} %s %00 \\u0000 \\n",
    "--; DROP TABLE session",
    "..",
    ".",
    "NULL",
    "true",
    "*",
    "private\ue000use\U0010fffd",
    "😀" * 255,
    "𠜎" * 254 + "a",
]


def normalized(id_: str) -> str:
    return unicodedata.normalize("NFC", id_)


def lookalikes(line: str) -> list[str]:
    return [normalized(id_) for id_ in line.split(" ")]


def get_session(client: Client, name: str) -> Session:
    return client.sessions.GetSession(GetSessionRequest(name=name))


@pytest.mark.parametrize("line", LOOKALIKES)
def test_sessions_whose_ids_look_alike_are_different_sessions(client: Client, namespace: str, line: str) -> None:
    ids = lookalikes(line)
    for id_ in ids:
        new_session(client, namespace, id_, data=f"of {id_!r}")
    assert len(set(ids)) == len(ids)
    for id_ in ids:
        session = get_session(client, f"{namespace}/sessions/{id_}")
        assert session.name == f"{namespace}/sessions/{id_}"
        assert session.data == f"of {id_!r}"
    names = [f"{namespace}/sessions/{id_}" for id_ in ids]
    request = BatchGetSessionsRequest(parent=namespace, names=names)
    assert [session.name for session in client.sessions.BatchGetSessions(request).sessions] == names


def ensured_person(parent: str, id_: str) -> EnsureParticipantRequest:
    person = Participant(participant_type=USER)
    return EnsureParticipantRequest(parent=parent, participant_id=id_, participant=person)


@pytest.mark.parametrize("line", LOOKALIKES)
def test_ensure_tells_ids_apart_that_look_alike(client: Client, namespace: str, line: str) -> None:
    for id_ in lookalikes(line):
        request = EnsureSessionRequest(parent=namespace, session_id=id_)
        assert client.sessions.EnsureSession(request).created
        assert not client.sessions.EnsureSession(request).created
        person = ensured_person(namespace, id_)
        assert client.participants.EnsureParticipant(person).created
        assert not client.participants.EnsureParticipant(person).created


@pytest.mark.parametrize("line", LOOKALIKES)
def test_participants_whose_ids_look_alike_are_different_participants(
    client: Client, namespace: str, line: str
) -> None:
    ids = lookalikes(line)
    members = [SessionParticipant(participant=make_participant(client, namespace, id_).name, role=id_) for id_ in ids]
    session = new_session(client, namespace, participants=members)
    read = get_session(client, session.name)
    assert {(member.participant, member.role) for member in read.participants} == {
        (f"{namespace}/participants/{id_}", id_) for id_ in ids
    }
    client.sessions.UnbindParticipant(
        UnbindParticipantRequest(session=session.name, participant=members[0].participant)
    )
    assert len(get_session(client, session.name).participants) == len(ids) - 1


@pytest.mark.parametrize("line", LOOKALIKES)
def test_namespaces_whose_ids_look_alike_are_different_namespaces(client: Client, line: str) -> None:
    start = unique("alike")
    for id_ in lookalikes(line):
        namespace = make_namespace(client, start + id_, description=f"of {id_!r}").name
        new_session(client, namespace, "same", data=id_)
    for id_ in lookalikes(line):
        name = f"namespaces/{start}{id_}"
        found = client.namespaces.GetNamespace(GetNamespaceRequest(name=name))
        assert (found.name, found.description) == (name, f"of {id_!r}")
        assert get_session(client, f"{name}/sessions/same").data == id_


def test_an_id_that_only_looks_like_one_that_is_there_is_not_found(client: Client, namespace: str) -> None:
    new_session(client, namespace, "Zoë")
    make_participant(client, namespace, "Zoë")
    for id_ in ("zoë", "Zoe", "Zoë.", "ZOË"):
        reading = GetSessionRequest(name=f"{namespace}/sessions/{id_}")
        assert failure(client.sessions.GetSession, reading).reason == "SESSION_NOT_FOUND"
        asking = GetParticipantRequest(name=f"{namespace}/participants/{id_}")
        assert failure(client.participants.GetParticipant, asking).reason == "PARTICIPANT_NOT_FOUND"
        shouting = GetSessionRequest(name=f"{namespace.upper()}/sessions/Zoë".replace("NAMESPACES", "namespaces"))
        assert failure(client.sessions.GetSession, shouting).reason == "NAMESPACE_NOT_FOUND"


@pytest.mark.parametrize("id_", EXACT, ids=ascii)
def test_ids_of_any_script_come_back_exactly(client: Client, namespace: str, id_: str) -> None:
    id_ = normalized(id_)
    participant = make_participant(client, namespace, id_)
    assert participant.name == f"{namespace}/participants/{id_}"
    session = new_session(client, namespace, id_, participants=[SessionParticipant(participant=participant.name)])
    assert session.name == f"{namespace}/sessions/{id_}"
    assert get_session(client, session.name) == session
    listing = ListSessionsRequest(parent=namespace, view=FULL)
    assert list(client.sessions.ListSessions(listing).sessions) == [session]
    batch = BatchGetSessionsRequest(parent=namespace, names=[session.name])
    assert list(client.sessions.BatchGetSessions(batch).sessions) == [session]
    people = client.participants.ListParticipants(ListParticipantsRequest(parent=namespace))
    assert list(people.participants) == [participant]


@pytest.mark.parametrize("id_", EXACT, ids=ascii)
def test_ids_of_namespaces_of_any_script_come_back_exactly(client: Client, id_: str) -> None:
    start = unique("n")
    id_ = (start + normalized(id_))[:255]
    namespace = make_namespace(client, id_)
    assert namespace.name == f"namespaces/{id_}"
    assert client.namespaces.GetNamespace(GetNamespaceRequest(name=namespace.name)).uid == namespace.uid
    assert new_session(client, namespace.name, "s").name == f"namespaces/{id_}/sessions/s"


@pytest.mark.parametrize("text", EXACT, ids=ascii)
def test_texts_of_any_script_come_back_exactly(client: Client, namespace: str, text: str) -> None:
    text = normalized(text)
    participant = make_participant(client, namespace, description=text)
    session = new_session(
        client,
        namespace,
        description=text,
        data=text,
        labels={"text": text},
        participants=[SessionParticipant(participant=participant.name, role=text[:64])],
        settings={"collection_overrides": {text: text}},
    )
    assert (session.description, session.data, session.labels["text"]) == (text, text, text)
    assert session.participants[0].role == text[:64]
    assert session.settings.collection_overrides[text] == text
    assert get_session(client, session.name) == session
    reading = GetParticipantRequest(name=participant.name)
    assert client.participants.GetParticipant(reading).description == text
    owner = make_namespace(client, description=text)
    assert client.namespaces.GetNamespace(GetNamespaceRequest(name=owner.name)).description == text


@pytest.mark.parametrize(
    "data",
    [
        "\r\n",
        "Windows\r\nnewlines\r\n\r\nOld Mac\rUnix\n",
        " \t leading and trailing \t\u00a0 ",
        "\ufeffbyte order mark\ufeff",
        "e\u0301 is not é, and stays as it is; so do Å and \u212b",
        "\x01\x1a\x1b\x7f\x85\u2028\u2029\ufffe\uffff\U0001ffff\U0010ffff",
        "".join(map(chr, range(1, 256))),
        '{"json": "\\u0000 \\" \\\\ \\n", "emoji": "😀"}',
        "%s %(x)s :name ? ?1 @v $1 \\' '' \\\" ` -- /* */",
        "😀" * 10_000,
    ],
    ids=ascii,
)
def test_data_comes_back_unchanged(client: Client, namespace: str, data: str) -> None:
    session = new_session(client, namespace, data=data)
    assert session.data == data
    assert get_session(client, session.name).data.encode() == data.encode()
    update = UpdateSessionRequest(session=Session(name=session.name, data=data + data))
    assert client.sessions.UpdateSession(update).data == data + data
    assert get_session(client, session.name).data == data + data
    listing = ListSessionsRequest(parent=namespace, view=FULL)
    assert client.sessions.ListSessions(listing).sessions[0].data == data + data


@pytest.mark.parametrize("text", ["two\nlines", "two\r\nlines", "tab\there", " spaces ", "\u00a0", "\x1b[1m"])
def test_descriptions_of_several_lines_come_back_unchanged(client: Client, namespace: str, text: str) -> None:
    session = new_session(client, namespace, description=text)
    assert get_session(client, session.name).description == text
    participant = make_participant(client, namespace, description=text)
    assert client.participants.GetParticipant(GetParticipantRequest(name=participant.name)).description == text


@pytest.mark.parametrize("text", [" trailing ", "\u00a0", "  "])
def test_labels_and_roles_keep_their_spaces(client: Client, namespace: str, text: str) -> None:
    member = SessionParticipant(participant=make_participant(client, namespace).name, role=text)
    session = new_session(client, namespace, labels={"spaced": text}, participants=[member])
    read = get_session(client, session.name)
    assert (read.labels["spaced"], read.participants[0].role) == (text, text)


@pytest.mark.parametrize("nanos", [0, 1000, 999_999_000, 123_456_000, 100_000_000])
def test_times_are_kept_to_the_microsecond(client: Client, namespace: str, nanos: int) -> None:
    time = Timestamp(seconds=4_102_444_800, nanos=nanos)
    session = new_session(client, namespace, expire_time=time)
    assert session.expire_time == time
    assert get_session(client, session.name).expire_time == time


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59.999999Z", "2038-01-19T03:14:08Z", "2100-02-28T23:59:59.5Z"])
def test_late_times_are_kept(client: Client, namespace: str, text: str) -> None:
    time = Timestamp()
    time.FromJsonString(text)
    session = new_session(client, namespace, expire_time=time)
    assert get_session(client, session.name).expire_time == time


def test_the_servers_times_have_microseconds_and_are_read_as_they_were_given(client: Client, namespace: str) -> None:
    sessions = [new_session(client, namespace) for _ in range(5)]
    assert any(session.create_time.nanos % 1_000_000 for session in sessions)
    assert all(session.create_time.nanos % 1000 == 0 for session in sessions)
    for session in sessions:
        assert get_session(client, session.name).create_time == session.create_time


MALFORMED = [
    "a/b",
    "/",
    "a\nb",
    "a\tb",
    "\x00",
    "a\x7f",
    "a\x85b",
    "a\x9fb",
    " a",
    "a ",
    " ",
    "\u00a0a",
    "a\u00a0",
    "a\u3000",
    "\u2009a",
    "a\u2028",
    "a\n",
    "e\u0301",
    "\u212b",
    "\u1100\u1161",
    "-",
]


@pytest.mark.parametrize("id_", MALFORMED, ids=ascii)
def test_a_malformed_new_id_is_refused_with_its_field(client: Client, namespace: str, id_: str) -> None:
    person = Participant(participant_type=USER)
    for call, request, field in (
        (
            client.namespaces.CreateNamespace,
            CreateNamespaceRequest(namespace=Namespace(), namespace_id=id_),
            "namespace_id",
        ),
        (
            client.participants.CreateParticipant,
            CreateParticipantRequest(parent=namespace, participant=person, participant_id=id_),
            "participant_id",
        ),
        (client.participants.EnsureParticipant, ensured_person(namespace, id_), "participant_id"),
        (
            client.sessions.CreateSession,
            CreateSessionRequest(parent=namespace, session=Session(), session_id=id_),
            "session_id",
        ),
        (client.sessions.EnsureSession, EnsureSessionRequest(parent=namespace, session_id=id_), "session_id"),
    ):
        failed = failure(call, request)
        assert (failed.code, failed.reason, failed.fields) == (INVALID, "INVALID_FIELD", [field])
        assert failed.info.metadata["field"] == field
    assert not client.sessions.ListSessions(ListSessionsRequest(parent=namespace)).sessions


def test_an_id_to_ensure_must_be_there(client: Client, namespace: str) -> None:
    failed = failure(client.sessions.EnsureSession, EnsureSessionRequest(parent=namespace))
    assert (failed.reason, failed.fields) == ("INVALID_FIELD", ["session_id"])
    failed = failure(client.participants.EnsureParticipant, ensured_person(namespace, ""))
    assert (failed.reason, failed.fields) == ("INVALID_FIELD", ["participant_id"])


# Every field that holds the name of a resource, by the path that errors give it.
NAMESPACE_NAMES: list[tuple[str, Any]] = [
    ("name", lambda name: GetNamespaceRequest(name=name)),
    ("name", lambda name: DeleteNamespaceRequest(name=name)),
    ("name", lambda name: UndeleteNamespaceRequest(name=name)),
    ("namespace.name", lambda name: UpdateNamespaceRequest(namespace=Namespace(name=name))),
    ("parent", lambda name: CreateParticipantRequest(parent=name, participant=Participant(participant_type=USER))),
    ("parent", lambda name: ensured_person(name, "p")),
    ("parent", lambda name: ListParticipantsRequest(parent=name)),
    ("parent", lambda name: CreateSessionRequest(parent=name, session=Session())),
    ("parent", lambda name: EnsureSessionRequest(parent=name, session_id="s")),
    ("parent", lambda name: BatchGetSessionsRequest(parent=name, names=["namespaces/a/sessions/s"])),
    ("parent", lambda name: ListSessionsRequest(parent=name)),
]
PARTICIPANT_NAMES: list[tuple[str, Any]] = [
    ("name", lambda name: GetParticipantRequest(name=name)),
    ("name", lambda name: DeleteParticipantRequest(name=name)),
    ("name", lambda name: UndeleteParticipantRequest(name=name)),
    ("participant.name", lambda name: UpdateParticipantRequest(participant=Participant(name=name))),
    ("participant", lambda name: BindParticipantRequest(session="namespaces/a/sessions/s", participant=name)),
    ("participant", lambda name: UnbindParticipantRequest(session="namespaces/a/sessions/s", participant=name)),
    (
        "session.participants[1].participant",
        lambda name: CreateSessionRequest(
            parent="namespaces/a",
            session=Session(
                participants=[
                    SessionParticipant(participant="namespaces/a/participants/p"),
                    SessionParticipant(participant=name),
                ]
            ),
        ),
    ),
    (
        "session.participants[0].participant",
        lambda name: EnsureSessionRequest(
            parent="namespaces/a",
            session_id="s",
            session=Session(participants=[SessionParticipant(participant=name)]),
        ),
    ),
]
SESSION_NAMES: list[tuple[str, Any]] = [
    ("name", lambda name: GetSessionRequest(name=name)),
    ("name", lambda name: DeleteSessionRequest(name=name)),
    ("name", lambda name: UndeleteSessionRequest(name=name)),
    ("name", lambda name: ExpungeSessionRequest(name=name)),
    ("session.name", lambda name: UpdateSessionRequest(session=Session(name=name))),
    ("session", lambda name: BindParticipantRequest(session=name, participant="namespaces/a/participants/p")),
    ("session", lambda name: UnbindParticipantRequest(session=name, participant="namespaces/a/participants/p")),
    (
        "names[1]",
        lambda name: BatchGetSessionsRequest(parent="namespaces/a", names=["namespaces/a/sessions/s", name]),
    ),
]


def shown(case: Any) -> str:
    if isinstance(case, str):
        return case
    return str(case("x").DESCRIPTOR.name)


def call_of(client: Client, request: Any) -> Any:
    """Return the method that takes a request: the one with the same name."""
    method = request.DESCRIPTOR.name.removesuffix("Request")
    stubs = (client.namespaces, client.participants, client.sessions)
    return next(getattr(stub, method) for stub in stubs if hasattr(stub, method))


def check_names(client: Client, field: str, make: Any, malformed: list[str]) -> None:
    for name in malformed:
        request = make(name)
        failed = failure(call_of(client, request), request)
        assert (failed.code, failed.reason) == (INVALID, "INVALID_FIELD"), ascii(name)
        assert failed.fields == [field], ascii(name)


def check_length(client: Client, field: str, make: Any, start: str) -> None:
    """Check that an id of 256 characters is refused with the limit and its size, and one of 255 is not."""
    request = make(start + "😀" * 256)
    failed = failure(call_of(client, request), request)
    assert (failed.code, failed.reason, failed.fields) == (INVALID, "LIMIT_EXCEEDED", [field])
    assert dict(failed.info.metadata) == {"field": field, "limit": "255", "size": "256"}
    request = make(start + "😀" * 255)
    assert field not in refused_fields(client, request)


def refused_fields(client: Client, request: Any) -> list[str]:
    """Return the fields for which a request is refused; none if it succeeds, or is refused for another reason."""
    try:
        call_of(client, request)(request)
    except grpc.RpcError as error:
        return Failure(error).fields
    return []


@pytest.mark.parametrize(("field", "make"), NAMESPACE_NAMES, ids=shown)
def test_a_malformed_name_of_a_namespace_is_refused_with_its_field(client: Client, field: str, make: Any) -> None:
    malformed = [f"namespaces/{id_}" for id_ in MALFORMED]
    malformed += ["default", "namespaces", "namespaces/", "/namespaces/a", "namespaces/a/", "namespace/a"]
    malformed += ["Namespaces/a", "sessions/a", "namespaces//a", "namespaces/a/sessions/s", " namespaces/a"]
    malformed += ["//activity-session/namespaces/a", "namespaces/a?view=FULL#/x"]
    check_names(client, field, make, malformed)
    check_length(client, field, make, "namespaces/")


@pytest.mark.parametrize(("field", "make"), PARTICIPANT_NAMES, ids=shown)
def test_a_malformed_name_of_a_participant_is_refused_with_its_field(client: Client, field: str, make: Any) -> None:
    malformed = [f"namespaces/a/participants/{id_}" for id_ in MALFORMED]
    malformed += [f"namespaces/{id_}/participants/p" for id_ in MALFORMED]
    malformed += ["namespaces/a", "namespaces/a/participants", "namespaces/a/participants/", "participants/p"]
    malformed += ["namespaces/a/sessions/p", "namespaces/a/participants/p/x", "namespaces//participants/p", "p"]
    malformed += ["participants/p/namespaces/a", "namespaces/a//participants/p", "namespaces/a/Participants/p"]
    check_names(client, field, make, malformed)
    check_length(client, field, make, "namespaces/a/participants/")


@pytest.mark.parametrize(("field", "make"), SESSION_NAMES, ids=shown)
def test_a_malformed_name_of_a_session_is_refused_with_its_field(client: Client, field: str, make: Any) -> None:
    malformed = [f"namespaces/a/sessions/{id_}" for id_ in MALFORMED]
    malformed += [f"namespaces/{id_}/sessions/s" for id_ in MALFORMED]
    malformed += ["namespaces/a", "namespaces/a/sessions", "namespaces/a/sessions/", "sessions/s", "s"]
    malformed += ["namespaces/a/participants/s", "namespaces/a/sessions/s/events/e", "namespaces//sessions/s"]
    malformed += ["namespaces/a/sessions//", "namespaces/a//sessions/s", "namespaces/a/SESSIONS/s"]
    check_names(client, field, make, malformed)
    check_length(client, field, make, "namespaces/a/sessions/")


@pytest.mark.parametrize(("field", "make"), [*NAMESPACE_NAMES, *PARTICIPANT_NAMES, *SESSION_NAMES], ids=shown)
def test_a_name_must_be_there(client: Client, field: str, make: Any) -> None:
    check_names(client, field, make, [""])


@pytest.mark.parametrize(
    ("field", "request_"),
    [
        ("namespace_id", CreateNamespaceRequest(namespace=Namespace(), namespace_id="é" * 256)),
        (
            "participant_id",
            CreateParticipantRequest(
                parent="namespaces/default",
                participant=Participant(participant_type=USER),
                participant_id="é" * 256,
            ),
        ),
        ("participant_id", ensured_person("namespaces/default", "é" * 256)),
        (
            "session_id",
            CreateSessionRequest(parent="namespaces/default", session=Session(), session_id="é" * 256),
        ),
        ("session_id", EnsureSessionRequest(parent="namespaces/default", session_id="é" * 256)),
    ],
)
def test_a_new_id_has_at_most_255_characters(client: Client, field: str, request_: Any) -> None:
    failed = failure(call_of(client, request_), request_)
    assert (failed.code, failed.reason, failed.fields) == (INVALID, "LIMIT_EXCEEDED", [field])
    assert dict(failed.info.metadata) == {"field": field, "limit": "255", "size": "256"}


def test_texts_that_are_compared_are_without_nul(client: Client, namespace: str) -> None:
    for session, field in (
        (Session(description="a\0b"), "session.description"),
        (Session(labels={"key": "a\0b"}), "session.labels.key"),
    ):
        failed = failure(client.sessions.CreateSession, CreateSessionRequest(parent=namespace, session=session))
        assert (failed.code, failed.reason, failed.fields) == (INVALID, "INVALID_FIELD", [field])
    filtering = ListSessionsRequest(parent=namespace, filter='description="a\0b"')
    assert failure(client.sessions.ListSessions, filtering).reason == "INVALID_FILTER"


def test_a_label_can_be_updated_whatever_its_key(client: Client, namespace: str) -> None:
    session = new_session(client, namespace, labels={"a.b/c-d_e": "old", "a": "stays"})
    update = UpdateSessionRequest(
        session=Session(name=session.name, labels={"a.b/c-d_e": "neu 😀"}),
        update_mask=FieldMask(paths=["labels.a.b/c-d_e"]),
    )
    assert client.sessions.UpdateSession(update).labels == {"a.b/c-d_e": "neu 😀", "a": "stays"}


def test_names_are_listed_in_the_order_of_their_code_points(client: Client, namespace: str) -> None:
    ids = sorted({id_ for line in LOOKALIKES for id_ in lookalikes(line)})
    for id_ in reversed(ids):
        make_participant(client, namespace, id_)
    listing = ListParticipantsRequest(parent=namespace, page_size=1000)
    names = [found.name for found in client.participants.ListParticipants(listing).participants]
    assert names == [f"{namespace}/participants/{id_}" for id_ in ids]


def test_a_namespace_is_found_by_its_exact_id(client: Client) -> None:
    id_ = unique("listed") + " Ünïcode 😀 %_"
    name = make_namespace(client, id_).name
    for given, found in ((id_, [name]), (id_.upper(), []), (id_ + " ", []), (id_.replace("Ü", "U"), [])):
        listing = ListNamespacesRequest(filter=f'namespace_id="{given}"')
        assert [one.name for one in client.namespaces.ListNamespaces(listing).namespaces] == found
