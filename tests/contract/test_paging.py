"""Lists in pages: the same list whatever the size of the pages, and whatever happens between them."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from operator import methodcaller
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message
from sqlalchemy import update

from activity_session.v1.namespace_pb2 import Namespace
from activity_session.v1.namespace_service_pb2 import ListNamespacesRequest, UpdateNamespaceRequest
from activity_session.v1.participant_pb2 import Participant
from activity_session.v1.participant_service_pb2 import ListParticipantsRequest, UpdateParticipantRequest
from activity_session.v1.session_pb2 import Session, SessionView
from activity_session.v1.session_service_pb2 import (
    ExpungeSessionRequest,
    GetSessionRequest,
    ListSessionsRequest,
    UpdateSessionRequest,
)
from activity_session.v1.session_service_pb2_grpc import SessionServiceStub
from activity_session_server.app import App
from activity_session_server.orm import ActivitySession
from activity_session_server.orm import Namespace as NamespaceRow
from activity_session_server.orm import Participant as ParticipantRow
from activity_session_server.rules import paging
from activity_session_server.rules.access.callers import ITSELF
from activity_session_server.rules.calls import Call
from activity_session_testing.servers import DEADLINE, Client, connected, failure, serving, unique
from activity_session_testing.steps import (
    delete_namespace,
    delete_participant,
    delete_session,
    make_namespace,
    make_participant,
    new_session,
)

KIB, MIB = 1024, 1024 * 1024
FULL = SessionView.SESSION_VIEW_FULL
INVALID = grpc.StatusCode.INVALID_ARGUMENT
ORDERS = ["", "name", "name asc", "name desc", "create_time", "create_time desc", "update_time", "update_time desc"]
KINDS = ["namespaces", "participants", "sessions"]
# They are created in this order, and updated in the reverse order of their code points.
IDS = ["m", "Z", "a", "é", "B", "😀", "b"]
MOST_PAGES = 100


def rows_of(answer: Message) -> list[Any]:
    """Return the resources of a page: its one repeated field."""
    return next(list(getattr(answer, field.name)) for field in answer.DESCRIPTOR.fields if field.is_repeated)


def names_of(rows: list[Any]) -> list[str]:
    return [row.name for row in rows]


def pages(
    call: Any, request: Any, page_size: int, between: Callable[[list[Any]], None] = lambda _: None
) -> list[list[Any]]:
    """Return all pages of a list; `between` is called with each page before the next one is requested."""
    found: list[list[Any]] = []
    asking = type(request)()
    asking.CopyFrom(request)
    asking.page_size = page_size
    for _ in range(MOST_PAGES):
        answer = call(asking)
        found.append(rows_of(answer))
        if not answer.next_page_token:
            return found
        asking.page_token = answer.next_page_token
        between(found[-1])
    raise AssertionError("the list does not end")


def whole(call: Any, request: Any) -> list[Any]:
    """Return a list in one page."""
    (page,) = pages(call, request, 1000)
    return page


def joined(found: list[list[Any]]) -> list[Any]:
    return [row for page in found for row in page]


@dataclass(frozen=True)
class Crowd:
    """The same seven ids as namespaces, participants and sessions, and how to list those of one kind."""

    client: Client
    tag: str
    namespace: str

    def listing(self, kind: str, order_by: str = "") -> tuple[Any, Any]:
        if kind == "namespaces":
            request = ListNamespacesRequest(filter=f'description="{self.tag}"', order_by=order_by)
            return self.client.namespaces.ListNamespaces, request
        if kind == "participants":
            listing = ListParticipantsRequest(parent=self.namespace, order_by=order_by)
            return self.client.participants.ListParticipants, listing
        return self.client.sessions.ListSessions, ListSessionsRequest(parent=self.namespace, order_by=order_by)


@pytest.fixture(scope="module")
def server(database_url: str) -> Iterator[App]:
    """A server whose store a test can use to set times, which no call can do."""
    with serving(database_url) as server:
        yield server


@pytest.fixture(scope="module")
def crowd(server: App) -> Iterator[Crowd]:
    """Rows of which some share their times."""
    with connected(server.address) as client:
        tag = unique("crowd")
        crowd = Crowd(client, tag, make_namespace(client, unique("crowded")).name)
        names = [make_row_of_each_kind(crowd, tag + id_) for id_ in IDS]
        for namespace, participant, session in sorted(names, reverse=True):
            update_row_of_each_kind(client, namespace, participant, session, tag)
        share_times(server, [tag + id_ for id_ in ("Z", "é", "😀")])
        yield crowd


def make_row_of_each_kind(crowd: Crowd, id_: str) -> tuple[str, str, str]:
    return (
        make_namespace(crowd.client, id_).name,
        make_participant(crowd.client, crowd.namespace, id_).name,
        new_session(crowd.client, crowd.namespace, id_).name,
    )


def update_row_of_each_kind(client: Client, namespace: str, participant: str, session: str, tag: str) -> None:
    client.namespaces.UpdateNamespace(UpdateNamespaceRequest(namespace=Namespace(name=namespace, description=tag)))
    client.participants.UpdateParticipant(
        UpdateParticipantRequest(participant=Participant(name=participant, description=tag))
    )
    client.sessions.UpdateSession(UpdateSessionRequest(session=Session(name=session, description=tag)))


def share_times(server: App, ids: list[str]) -> None:
    """Give the rows of all kinds with these ids the same times."""
    now = time.monotonic()
    call = Call("test", "test", "test", ITSELF, now, now + DEADLINE, server.settings.limits)
    for resource in (NamespaceRow, ParticipantRow, ActivitySession):
        created, updated = map(datetime.fromisoformat, ("2026-01-02 03:04:05.678901", "2026-01-02 03:04:06"))
        times = {"create_ts": created, "update_ts": updated}
        statement = update(resource).where(resource.name.in_(ids)).values(times)
        assert server.store.write(call, methodcaller("change", statement)) == len(ids)


def sorting(order_by: str) -> Callable[[Any], Any]:
    field = (order_by or "name").split()[0]
    return lambda row: row.name if field == "name" else getattr(row, field).ToNanoseconds()


@pytest.mark.parametrize("order_by", ORDERS)
@pytest.mark.parametrize("kind", KINDS)
def test_pages_of_any_size_give_the_same_list(crowd: Crowd, kind: str, order_by: str) -> None:
    call, request = crowd.listing(kind, order_by)
    all_at_once = whole(call, request)
    assert len(all_at_once) == len(IDS)
    keys = list(map(sorting(order_by), all_at_once))
    assert keys == sorted(keys, reverse=order_by.endswith("desc"))
    for page_size in (1, 2, len(IDS) - 1, len(IDS), len(IDS) + 1):
        found = pages(call, request, page_size)
        assert joined(found) == all_at_once
        assert [len(page) for page in found[:-1]] == [page_size] * (len(found) - 1)
        assert 1 <= len(found[-1]) <= page_size


@pytest.mark.parametrize("kind", KINDS)
def test_the_rows_of_the_crowd_share_times_and_differ_in_every_order(crowd: Crowd, kind: str) -> None:
    rows = whole(*crowd.listing(kind))
    assert len({row.update_time.ToNanoseconds() for row in rows}) == len(IDS) - 2
    assert len({row.create_time.ToNanoseconds() for row in rows}) == len(IDS) - 2
    orders = [tuple(names_of(whole(*crowd.listing(kind, order)))) for order in ("name", "create_time", "update_time")]
    assert len(set(orders)) == 3


@pytest.mark.parametrize("kind", KINDS)
def test_the_size_of_a_page_may_change_between_pages(crowd: Crowd, kind: str) -> None:
    call, request = crowd.listing(kind, "update_time desc")
    found: list[Any] = []
    for page_size in (1, 3, 2, 1000):
        request.page_size = page_size
        answer = call(request)
        found += rows_of(answer)
        request.page_token = answer.next_page_token
    request.page_token, request.page_size = "", 0
    assert found == whole(call, request)


@pytest.mark.parametrize("kind", KINDS)
def test_a_token_can_be_used_again(crowd: Crowd, kind: str) -> None:
    call, request = crowd.listing(kind)
    request.page_size = 2
    request.page_token = call(request).next_page_token
    assert call(request) == call(request)


@pytest.mark.parametrize("kind", KINDS)
def test_a_filter_and_pages_go_together(crowd: Crowd, kind: str) -> None:
    call, request = crowd.listing(kind, "create_time")
    request.filter = f'description="{crowd.tag}" AND -{kind[:-1]}_id="*a"'
    assert len(joined(pages(call, request, 2))) == len(IDS) - 1
    assert joined(pages(call, request, 2)) == whole(call, request)


def refused_token(call: Any, request: Any) -> None:
    failed = failure(call, request)
    assert (failed.code, failed.reason) == (INVALID, "INVALID_PAGE_TOKEN"), ascii(request.page_token)
    assert failed.fields == ["page_token"]


def token_of(call: Any, request: Any) -> str:
    request.page_size = 2
    token: str = call(request).next_page_token
    assert token
    return token


@pytest.mark.parametrize("kind", KINDS)
def test_a_token_with_any_character_changed_is_refused(crowd: Crowd, kind: str) -> None:
    call, request = crowd.listing(kind, "update_time")
    token = token_of(call, request)
    for index, character in enumerate(token):
        for other in ("A" if character != "A" else "B", character.swapcase(), "!"):
            if other != character:
                request.page_token = token[:index] + other + token[index + 1 :]
                refused_token(call, request)


@pytest.mark.parametrize(
    "damage",
    [
        lambda token: token[:-1],
        lambda token: token[1:],
        lambda token: token + "A",
        lambda token: token + "=",
        lambda token: token + "\n",
        lambda token: " " + token,
        lambda token: token + token,
        lambda token: token[::-1],
        lambda _: "x",
        lambda _: "2",
        lambda _: "😀",
        lambda _: "\0",
        lambda _: "A" * 100_000,
    ],
)
def test_a_damaged_token_is_refused(crowd: Crowd, damage: Callable[[str], str]) -> None:
    call, request = crowd.listing("sessions")
    request.page_token = damage(token_of(call, request))
    refused_token(call, request)


@pytest.mark.parametrize(
    "position",
    [("nonsense", "key"), ("10000-01-01", "key"), ("2026-01-01T00:00:00",), (1, 2), (None, None), [["a"], "key"], []],
    ids=str,
)
def test_a_token_that_was_forged_with_its_digest_is_refused(crowd: Crowd, position: Any) -> None:
    """The digest is no secret: anyone who reads the source can make one."""
    call, request = crowd.listing("sessions", "create_time")
    request.page_token = paging.next_token(request, position)
    refused_token(call, request)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "changes",
    [{"order_by": "name"}, {"order_by": "name desc"}, {"filter": "enabled=true"}, {"show_deleted": True}],
    ids=str,
)
def test_a_token_of_another_query_is_refused(crowd: Crowd, kind: str, changes: dict[str, Any]) -> None:
    call, request = crowd.listing(kind)
    request.page_token = token_of(call, request)
    for field, value in changes.items():
        setattr(request, field, value)
    refused_token(call, request)


def test_a_token_of_another_view_parent_or_list_is_refused(crowd: Crowd) -> None:
    call, request = crowd.listing("sessions")
    request.page_token = token_of(call, request)
    refused_token(call, ListSessionsRequest(parent=request.parent, view=FULL, page_token=request.page_token))
    refused_token(call, ListSessionsRequest(parent="namespaces/default", page_token=request.page_token))
    listing, other = crowd.listing("participants")
    other.page_token = request.page_token
    refused_token(listing, other)


@pytest.mark.parametrize("kind", KINDS)
def test_a_negative_size_is_refused(crowd: Crowd, kind: str) -> None:
    call, request = crowd.listing(kind)
    for page_size in (-1, -(2**31)):
        request.page_size = page_size
        failed = failure(call, request)
        assert (failed.code, failed.reason, failed.fields) == (INVALID, "INVALID_FIELD", ["page_size"])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "order_by",
    ["nonsense", "name up", "NAME", "name DESC", "name desc desc", "name, create_time", "-name", "desc", "uid", "data"],
)
def test_an_unknown_order_is_refused(crowd: Crowd, kind: str, order_by: str) -> None:
    failed = failure(*crowd.listing(kind, order_by))
    assert (failed.code, failed.reason, failed.fields) == (INVALID, "INVALID_FIELD", ["order_by"])


def test_a_page_has_50_rows_by_default_and_1000_at_most(client: Client, namespace: str) -> None:
    names = [make_participant(client, namespace, f"{number:04}").name for number in range(1001)]
    request = ListParticipantsRequest(parent=namespace)
    for page_size, length in ((0, 50), (999, 999), (1000, 1000), (1001, 1000), (2**31 - 1, 1000)):
        request.page_size = page_size
        answer = client.participants.ListParticipants(request)
        assert names_of(rows_of(answer)) == names[:length]
        assert answer.next_page_token
    request.page_token = answer.next_page_token
    last = client.participants.ListParticipants(request)
    assert (names_of(rows_of(last)), last.next_page_token) == (names[1000:], "")


def test_an_empty_list_is_one_empty_page(client: Client, namespace: str) -> None:
    for order_by in ORDERS:
        listing = ListSessionsRequest(parent=namespace, order_by=order_by)
        answer = client.sessions.ListSessions(listing)
        assert (list(answer.sessions), answer.next_page_token) == ([], "")


@pytest.mark.parametrize("order_by", ["name", "name desc", "create_time", "create_time desc"])
def test_rows_that_come_and_go_neither_shift_nor_hide_the_others(client: Client, namespace: str, order_by: str) -> None:
    stay = {new_session(client, namespace, f"{number:02}-stays").name for number in range(8)}
    going = [new_session(client, namespace, f"{number:02}-goes").name for number in range(8)]
    # They must end, or a list by time would never end.
    coming = [f"{number:02}-{side}-comes" for number in range(6) for side in ("a", "z")]

    def change(page: list[Session]) -> None:
        for id_ in (coming.pop(0), coming.pop()) if coming else ():
            new_session(client, namespace, id_)
        for name in set(going) & {*going[:1], *going[-1:], page[-1].name}:
            going.remove(name)
            delete_session(client, name)
            client.sessions.ExpungeSession(ExpungeSessionRequest(name=name))

    request = ListSessionsRequest(parent=namespace, order_by=order_by)
    found = joined(pages(client.sessions.ListSessions, request, 2, change))
    assert not going
    assert not coming
    assert len(set(names_of(found))) == len(found)
    kept = [row for row in found if row.name in stay]
    assert len(kept) == len(stay)
    assert kept == sorted(kept, key=sorting(order_by), reverse=order_by.endswith("desc"))


def test_a_list_goes_on_behind_a_row_that_is_gone(client: Client, namespace: str) -> None:
    names = [new_session(client, namespace, id_).name for id_ in "abcd"]

    def remove_last(page: list[Session]) -> None:
        delete_session(client, page[-1].name)
        client.sessions.ExpungeSession(ExpungeSessionRequest(name=page[-1].name))

    request = ListSessionsRequest(parent=namespace)
    assert names_of(joined(pages(client.sessions.ListSessions, request, 1, remove_last))) == names


def test_deleted_rows_are_listed_on_demand_only(client: Client, namespace: str) -> None:
    for make, delete, call, kind in (
        (new_session, delete_session, client.sessions.ListSessions, ListSessionsRequest),
        (make_participant, delete_participant, client.participants.ListParticipants, ListParticipantsRequest),
    ):
        names = [make(client, namespace, id_).name for id_ in "abcde"]
        for name in names[::2]:
            delete(client, name)
        for page_size in (1, 2, 5):
            hiding, showing = kind(parent=namespace), kind(parent=namespace, show_deleted=True)
            assert names_of(joined(pages(call, hiding, page_size))) == names[1::2]
            assert names_of(joined(pages(call, showing, page_size))) == names


def test_deleted_namespaces_are_listed_on_demand_only(client: Client) -> None:
    tag = unique("deleted")
    names = [make_namespace(client, f"{tag}{id_}").name for id_ in "abc"]
    delete_namespace(client, names[1])
    request = ListNamespacesRequest(filter=f'namespace_id="{tag}*"')
    assert names_of(joined(pages(client.namespaces.ListNamespaces, request, 1))) == [names[0], names[2]]
    request.show_deleted = True
    assert names_of(joined(pages(client.namespaces.ListNamespaces, request, 1))) == names


@pytest.fixture
def modest(address: str) -> Iterator[SessionServiceStub]:
    """A client that accepts responses of up to 4 MiB, gRPC's default."""
    with grpc.insecure_channel(address) as channel:
        yield SessionServiceStub(channel)


@pytest.mark.parametrize("order_by", ["", "update_time desc"])
def test_full_pages_end_early_and_all_is_listed_once(
    client: Client, modest: SessionServiceStub, namespace: str, order_by: str
) -> None:
    data = {id_: id_ * MIB for id_ in "abcdefg"} | {"h": "😀" * (256 * KIB), "i": "i" * (3 * MIB), "j": ""}
    for id_, text_ in data.items():
        new_session(client, namespace, id_, data=text_)
    request = ListSessionsRequest(parent=namespace, view=FULL, order_by=order_by)
    found = pages(modest.ListSessions, request, 1000)
    assert len(found) >= 4
    listed = [(row.name.rpartition("/")[2], row.data) for row in joined(found)]
    assert len(listed) == len(data)
    assert dict(listed) == data
    basic = ListSessionsRequest(parent=namespace, order_by=order_by)
    assert names_of(whole(modest.ListSessions, basic)) == names_of(joined(found))
    assert not any(row.data for row in whole(modest.ListSessions, basic))


def test_pages_of_long_descriptions_end_early_too(client: Client, modest: SessionServiceStub, namespace: str) -> None:
    names = [new_session(client, namespace, f"{n:02}", description="x" * (64 * KIB)).name for n in range(70)]
    found = pages(modest.ListSessions, ListSessionsRequest(parent=namespace), 1000)
    assert len(found) == 2
    assert names_of(joined(found)) == names


def test_a_session_with_as_much_data_as_can_be_fits_an_answer(
    client: Client, modest: SessionServiceStub, namespace: str
) -> None:
    created = new_session(client, namespace, "big", data="x" * (3 * MIB), description="y" * (64 * KIB))
    assert modest.GetSession(GetSessionRequest(name=created.name)) == created
    request = ListSessionsRequest(parent=namespace, view=FULL)
    assert list(modest.ListSessions(request).sessions) == [created]
