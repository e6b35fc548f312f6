"""Lists of events: pages of any size, in both orders, between bounds, small enough to arrive."""

import itertools
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import ListEventsRequest
from activity_session.v1.event_service_pb2_grpc import EventServiceStub
from activity_session.v1.info_service_pb2 import GetServerInfoRequest, ServerLimits
from activity_session_testing.logs import copied, last_sequence, numbered_ids, numbers
from activity_session_testing.servers import DEADLINE, Client, unique
from activity_session_testing.steps import append, list_events, make_namespace, new_session, refused

MIB = 1024 * 1024
ORDERS = ["", "sequence", "sequence asc", "sequence desc"]


@pytest.fixture
def session(client: Client, namespace: str) -> str:
    """The name of a session without events."""
    return new_session(client, namespace).name


@pytest.fixture(scope="module")
def limits(client: Client) -> ServerLimits:
    return client.info.GetServerInfo(GetServerInfoRequest()).limits


@pytest.fixture(scope="module")
def log(client: Client) -> str:
    """A session with twelve events, which no test changes."""
    session = new_session(client, make_namespace(client, unique("listed")).name).name
    for start in (1, 5, 9):
        append(client, session, *numbered_ids(4, start))
    return session


class TestList:
    @pytest.mark.parametrize("order_by", ORDERS)
    @pytest.mark.parametrize("page_size", [1, 2, 11, 12, 13, 100])
    def test_pages_of_any_size_give_the_same_stream(
        self, client: Client, log: str, order_by: str, page_size: int
    ) -> None:
        wanted = list(range(1, 13))
        if order_by.endswith("desc"):
            wanted.reverse()
        pages = list(self.pages(client, ListEventsRequest(parent=log, order_by=order_by, page_size=page_size)))
        events = list(itertools.chain(*pages))
        assert numbers(events) == wanted
        assert [event.text for event in events] == [f"text {number}" for number in wanted]
        assert [len(page) for page in pages] == [min(page_size, 12 - start) for start in range(0, 12, page_size)]

    @pytest.mark.parametrize("order_by", ["sequence", "sequence desc"])
    def test_bounds_are_exclusive(self, client: Client, log: str, order_by: str) -> None:
        places = [0, 1, 2, 6, 11, 12, 13, 2**63 - 1]
        for after, before in itertools.product(places, places):
            request = ListEventsRequest(
                parent=log, order_by=order_by, after_sequence=after, before_sequence=before, page_size=5
            )
            found = numbers(list(itertools.chain(*self.pages(client, request))))
            wanted = [number for number in range(1, 13) if number > after and (number < before or before == 0)]
            assert found == (wanted[::-1] if order_by.endswith("desc") else wanted)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("after_sequence", -1),
            ("before_sequence", -1),
            ("page_size", -1),
            ("order_by", "create_time"),
            ("order_by", "name"),
            ("order_by", "sequence down"),
            ("order_by", "sequence, name"),
            ("order_by", "sequence desc desc"),
            ("order_by", "SEQUENCE"),
        ],
    )
    def test_refuses_what_it_does_not_know(self, client: Client, log: str, field: str, value: Any) -> None:
        request = ListEventsRequest(parent=log, **{field: value})
        refused(client.events.ListEvents, request, "INVALID_FIELD", field)

    def test_gives_fifty_events_unless_told_and_a_thousand_at_most(self, client: Client, namespace: str) -> None:
        session = new_session(client, namespace).name
        for _ in range(11):
            append(client, session, *([Event()] * 100))
        for page_size, count in ((0, 50), (1000, 1000), (1001, 1000), (2**31 - 1, 1000)):
            page = client.events.ListEvents(ListEventsRequest(parent=session, page_size=page_size))
            assert numbers(page.events) == list(range(1, count + 1))
            assert page.next_page_token
        assert numbers(list_events(client, session)) == list(range(1, 1101))

    @pytest.mark.parametrize(
        "change",
        [
            {"order_by": "sequence desc"},
            {"filter": 'type = ""'},
            {"after_sequence": 1},
            {"before_sequence": 12},
            {"omit_content": True},
            {"parent": "another"},
        ],
    )
    def test_a_token_is_bound_to_its_query(self, client: Client, log: str, change: dict[str, Any]) -> None:
        request = ListEventsRequest(parent=log, page_size=3)
        request.page_token = client.events.ListEvents(request).next_page_token
        assert numbers(client.events.ListEvents(request).events) == [4, 5, 6]
        if "parent" in change:
            change = {"parent": new_session(client, log.rpartition("/sessions/")[0]).name}
        request.MergeFrom(ListEventsRequest(**change))
        refused(client.events.ListEvents, request, "INVALID_PAGE_TOKEN", "page_token")

    def test_a_token_serves_any_page_size_and_more_than_once(self, client: Client, log: str) -> None:
        request = ListEventsRequest(parent=log, page_size=3, order_by="sequence desc", before_sequence=11)
        request.page_token = client.events.ListEvents(request).next_page_token
        for page_size, last in ((1, 7), (2, 6), (100, 1)):
            request.page_size = page_size
            assert numbers(client.events.ListEvents(request).events) == list(range(7, last - 1, -1))

    @pytest.mark.parametrize("token", ["x", "AAAA", "é", "0"])
    def test_a_token_that_was_made_up_is_refused(self, client: Client, log: str, token: str) -> None:
        request = ListEventsRequest(parent=log, page_token=token)
        refused(client.events.ListEvents, request, "INVALID_PAGE_TOKEN", "page_token")

    @pytest.mark.parametrize(
        ("order_by", "wanted"), [("sequence", list(range(1, 10))), ("sequence desc", [6, 5, 4, 3, 2, 1])]
    )
    def test_pages_are_stable_while_events_are_appended(
        self, client: Client, session: str, order_by: str, wanted: list[int]
    ) -> None:
        append(client, session, *numbered_ids(6))
        found: list[int] = []
        for page in self.pages(client, ListEventsRequest(parent=session, page_size=2, order_by=order_by)):
            found += numbers(page)
            if len(found) <= 6:
                append(client, session, "in between")
        assert found == wanted
        assert last_sequence(client, session) == 9

    @pytest.mark.parametrize("order_by", ["sequence", "sequence desc"])
    def test_pages_of_large_events_end_early_to_fit_an_answer(
        self, client: Client, address: str, session: str, limits: ServerLimits, order_by: str
    ) -> None:
        sizes = [MIB, MIB, MIB, 10, MIB, MIB - 100, 0, MIB, MIB]
        for size in sizes:
            append(client, session, Event(blob=b"x" * size))
        request = ListEventsRequest(parent=session, order_by=order_by, page_size=100)
        found: list[Event] = []
        # A channel with gRPC's default limit.
        with grpc.insecure_channel(address) as channel:
            stub = EventServiceStub(channel)
            for _ in sizes:
                page = stub.ListEvents(request, timeout=DEADLINE)
                assert page.ByteSize() <= limits.response_bytes
                found += page.events
                request.page_token = page.next_page_token
                if not request.page_token:
                    break
                assert sum(len(event.blob) for event in page.events) >= 2 * MIB
        assert sorted(numbers(found)) == list(range(1, len(sizes) + 1))
        assert [len(event.blob) for event in found] == (sizes[::-1] if order_by.endswith("desc") else sizes)
        (short,) = self.pages(client, ListEventsRequest(parent=session, page_size=100, omit_content=True))
        assert len(short) == len(sizes)

    def test_omitting_content_leaves_all_else(self, client: Client, session: str, author: str) -> None:
        given = Event(author=author, type="t", media_type="m", labels={"a": "b"}, event_time=Timestamp(seconds=9))
        append(client, session, copied(given, text="text"), copied(given, blob=b"blob"), copied(given, text=""), given)
        full, short = list_events(client, session), list_events(client, session, omit_content=True)
        assert [event.WhichOneof("content") for event in full] == ["text", "blob", "text", None]
        assert [event.WhichOneof("content") for event in short] == [None] * 4
        assert short == [copied(event, text=None, blob=None) for event in full]

    @staticmethod
    def pages(client: Client, request: ListEventsRequest) -> Iterator[list[Event]]:
        """All pages of a list."""
        for _ in range(100):
            page = client.events.ListEvents(request)
            yield list(page.events)
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token
        raise AssertionError("the list does not end")
