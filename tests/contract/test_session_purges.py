"""PurgeSessions: the deleted sessions that a filter matches are expunged, page by page, and no others."""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from activity_session.v1.namespace_pb2 import Namespace
from activity_session.v1.namespace_service_pb2 import UpdateNamespaceRequest
from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_service_pb2 import (
    KeptSessions,
    ListSessionsRequest,
    PurgeSessionsRequest,
    PurgeSessionsResponse,
    UndeleteSessionRequest,
)
from activity_session_server.rules.access.callers import Grant
from activity_session_server.rules.access.roles import Role
from activity_session_server.usecases.session_purges import MOST
from activity_session_testing.access import serving_callers
from activity_session_testing.servers import Client, unique
from activity_session_testing.steps import (
    AGENT,
    append,
    at_once,
    delete_namespace,
    delete_session,
    get_session,
    list_events,
    make_namespace,
    new_memory,
    new_participant,
    new_session,
    refused,
    update_session,
)

PAST = Timestamp(seconds=1)


def purge(client: Client, namespace: str, text: str = "*", **fields: Any) -> PurgeSessionsResponse:
    return client.sessions.PurgeSessions(PurgeSessionsRequest(parent=namespace, filter=text, **fields))


def pages(client: Client, namespace: str, text: str = "*", **fields: Any) -> Iterator[PurgeSessionsResponse]:
    """All pages of a purge."""
    page = purge(client, namespace, text, **fields)
    yield page
    while page.next_page_token:
        page = purge(client, namespace, text, **fields, page_token=page.next_page_token)
        yield page


def purged(client: Client, namespace: str, text: str = "*", **fields: Any) -> list[str]:
    """The names of all sessions that a purge expunges, from all pages."""
    found = list(pages(client, namespace, text, force=True, **fields))
    assert all((page.purge_count, len(page.purge_sample)) == (len(page.expunged), 0) for page in found)
    return [name for page in found for name in page.expunged]


def kept(client: Client, namespace: str, text: str = "*", **fields: Any) -> dict[str, int]:
    """What a purge leaves alone, and how many of it, from all pages."""
    found: Counter[str] = Counter()
    for page in pages(client, namespace, text, **fields):
        found.update({field.name: count for field, count in page.kept.ListFields()})
    return dict(found)


def sessions_of(client: Client, namespace: str) -> list[str]:
    request = ListSessionsRequest(parent=namespace, page_size=1000, show_deleted=True)
    return [session.name for session in client.sessions.ListSessions(request).sessions]


def deleted(client: Client, namespace: str, session_id: str = "", **fields: Any) -> str:
    """Return the name of a new session that is deleted."""
    return delete_session(client, new_session(client, namespace, session_id, **fields).name).name


def hold(client: Client, namespace: str, *, held: bool) -> None:
    request = UpdateNamespaceRequest(namespace=Namespace(name=namespace, legal_hold=held))
    request.update_mask.paths.append("legal_hold")
    client.namespaces.UpdateNamespace(request)


def test_expunges_what_matches_and_is_deleted_or_has_expired(client: Client, namespace: str) -> None:
    travel = {"labels": {"team": "travel"}}
    gone = deleted(client, namespace, "a", **travel)
    over = new_session(client, namespace, "b", expire_time=PAST, **travel).name
    live = new_session(client, namespace, "c", **travel).name
    other = deleted(client, namespace, "d")
    append(client, live, "stays")
    assert purged(client, namespace, "labels.team = travel") == [gone, over]
    assert sessions_of(client, namespace) == [live, other]
    assert [event.text for event in list_events(client, live)] == ["stays"]
    # Their names are free, and nothing of them is left to see.
    assert list_events(client, new_session(client, namespace, "a").name) == []


def test_without_force_it_only_says_what_it_would_do(client: Client, namespace: str) -> None:
    names = [deleted(client, namespace, f"s{number}") for number in range(5)]
    live = new_session(client, namespace, "live").name
    before = [get_session(client, name) for name in (*names, live)]
    for request_id in "", "", "same", "same":
        found = purge(client, namespace, request_id=request_id)
        assert found == PurgeSessionsResponse(purge_count=5, purge_sample=names, kept=KeptSessions(live=1))
    assert [get_session(client, name) for name in (*names, live)] == before
    # The live one comes first by its name, and counts among those that a page looks at.
    in_pages = [(list(page.purge_sample), page.kept.live) for page in pages(client, namespace, page_size=2)]
    assert in_pages == [(names[:1], 1), (names[1:3], 0), (names[3:], 0)]
    assert purged(client, namespace) == names


@pytest.mark.parametrize("fields", [{"page_size": 3}, {"page_size": 1}, {"page_size": 1000}, {}], ids=str)
def test_all_pages_expunge_each_once_in_the_order_of_names(
    client: Client, namespace: str, fields: dict[str, Any]
) -> None:
    count = MOST + 3
    names = [deleted(client, namespace, f"{number:02}") for number in range(count)]
    live = new_session(client, namespace, "05-live").name
    found = list(pages(client, namespace, force=True, **fields))
    assert [name for page in found for name in page.expunged] == names
    assert sum(page.kept.live for page in found) == 1
    assert max(page.purge_count for page in found) <= min(MOST, fields.get("page_size", MOST))
    assert sessions_of(client, namespace) == [live]


def test_memories_keep_a_session_unless_they_go_too(client: Client, namespace: str) -> None:
    agent = new_participant(client, namespace, participant_type=AGENT)
    session = new_session(client, namespace).name
    new_memory(client, session, agent)
    delete_session(client, session)
    for force in False, True:
        assert kept(client, namespace, force=force) == {"with_memories": 1}
    assert list(purge(client, namespace, with_memories=True).purge_sample) == [session]
    assert purged(client, namespace, with_memories=True) == [session]
    assert sessions_of(client, namespace) == []


def test_what_is_held_stays_until_the_hold_is_lifted(client: Client, namespace: str) -> None:
    name = deleted(client, namespace, legal_hold=True)
    for force in False, True:
        assert kept(client, namespace, force=force) == {"held": 1}
    update_session(client, Session(name=name, legal_hold=False), "legal_hold")
    hold(client, namespace, held=True)
    # An expiry does not count while it is held.
    expiring = new_session(client, namespace, "expiring", expire_time=PAST).name
    for force in False, True:
        assert kept(client, namespace, force=force) == {"held": 1, "live": 1}
    hold(client, namespace, held=False)
    assert set(purged(client, namespace)) == {name, expiring}


@pytest.mark.one_node
def test_what_is_managed_stays_but_for_the_system(database_url: str) -> None:
    grants = [Grant("admin", "", Role.ADMIN), Grant("system", "", Role.SYSTEM)]
    with (
        serving_callers(database_url, grants) as access,
        access.client("admin") as admin,
        access.client("system") as system,
    ):
        namespace = make_namespace(system, unique("managed")).name
        name = deleted(system, namespace, managed=True)
        # Why it stays says nothing more of it.
        new_session(system, namespace, managed=True, legal_hold=True)
        for force in False, True:
            assert kept(admin, namespace, force=force) == {"managed": 2}
        assert list(purge(system, namespace).purge_sample) == [name]
        assert purged(system, namespace) == [name]


class TestRetry:
    def test_gets_the_first_response_and_expunges_no_more(self, client: Client, namespace: str) -> None:
        names = [deleted(client, namespace, f"s{number}") for number in range(4)]
        first = purge(client, namespace, force=True, page_size=2, request_id="one")
        assert set(first.expunged) < set(names)
        left = sessions_of(client, namespace)
        # What has come since is not for it either.
        deleted(client, namespace, "s0-later")
        for _ in range(2):
            assert purge(client, namespace, force=True, page_size=2, request_id="one") == first
        assert set(sessions_of(client, namespace)) == {*left, f"{namespace}/sessions/s0-later"}

    def test_has_an_id_of_each_page(self, client: Client, namespace: str) -> None:
        names = [deleted(client, namespace, f"s{number}") for number in range(3)]
        first = purge(client, namespace, force=True, page_size=1, request_id="one")
        token = first.next_page_token
        request = PurgeSessionsRequest(parent=namespace, filter="*", force=True, page_token=token, request_id="one")
        refused(client.sessions.PurgeSessions, request, "REQUEST_ID_REUSED")
        second = purge(client, namespace, force=True, page_size=1, page_token=token, request_id="two")
        assert [*first.expunged, *second.expunged] == names[:2]


def test_two_callers_at_once_expunge_each_once(client: Client, namespace: str) -> None:
    names = {deleted(client, namespace) for _ in range(24)}
    found = at_once([partial(purged, client, namespace, page_size=5) for _ in range(4)])
    gone = [name for one in found for name in one]  # type: ignore[union-attr]  # an error fails here
    # One that another caller had locked is passed over, and may be left if that call was run again.
    gone += purged(client, namespace)
    assert (len(gone), set(gone)) == (len(names), names)
    assert sessions_of(client, namespace) == []


def test_beside_callers_who_bring_sessions_back_none_is_lost(client: Client, namespace: str) -> None:
    names = [deleted(client, namespace, f"s{number}") for number in range(8)]
    backs = [partial(client.sessions.UndeleteSession, UndeleteSessionRequest(name=name)) for name in names]
    calls: list[Callable[[], object]] = [partial(purged, client, namespace), *backs]
    found = at_once(calls)
    back = {one.name for one in found if isinstance(one, Session)}
    assert isinstance(found[0], list)
    assert set(sessions_of(client, namespace)) == set(names) - set(found[0])
    assert back == set(names) - set(found[0])


class TestRefusals:
    @pytest.mark.parametrize("text", ["", " ", "\n\t"])
    def test_of_a_filter_that_says_nothing(self, client: Client, namespace: str, text: str) -> None:
        deleted(client, namespace)
        request = PurgeSessionsRequest(parent=namespace, filter=text, force=True)
        refused(client.sessions.PurgeSessions, request, "INVALID_FIELD", "filter")
        assert len(sessions_of(client, namespace)) == 1

    @pytest.mark.parametrize("text", ["**", "* AND enabled = true", "data = x", '"*"'])
    def test_of_one_that_is_none(self, client: Client, namespace: str, text: str) -> None:
        request = PurgeSessionsRequest(parent=namespace, filter=text, force=True)
        refused(client.sessions.PurgeSessions, request, "INVALID_FILTER")

    def test_of_a_namespace_that_is_not_there_or_not_usable(self, client: Client, namespace: str) -> None:
        for force in False, True:
            missing = PurgeSessionsRequest(parent="namespaces/missing", filter="*", force=force)
            refused(client.sessions.PurgeSessions, missing, "NAMESPACE_NOT_FOUND")
        name = deleted(client, namespace)
        delete_namespace(client, namespace)
        request = PurgeSessionsRequest(parent=namespace, filter="*", force=True)
        refused(client.sessions.PurgeSessions, request, "NAMESPACE_DELETED")
        # As any read, one without force goes on.
        assert list(purge(client, namespace).purge_sample) == [name]

    @pytest.mark.parametrize("changes", [{"force": False}, {"with_memories": True}, {"filter": "enabled = true"}])
    def test_of_the_token_of_another_purge(self, client: Client, namespace: str, changes: dict[str, Any]) -> None:
        for number in range(3):
            deleted(client, namespace, f"s{number}")
        fields = {"parent": namespace, "filter": "*", "force": True}
        token = purge(client, namespace, force=True, page_size=1).next_page_token
        request = PurgeSessionsRequest(**{**fields, **changes}, page_token=token)
        refused(client.sessions.PurgeSessions, request, "INVALID_PAGE_TOKEN", "page_token")
        assert len(sessions_of(client, namespace)) == 2
