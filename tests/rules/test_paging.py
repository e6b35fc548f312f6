"""The rules of pages, as functions: order, size, and the tokens between pages."""

import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session.v1.event_service_pb2 import GetStateRequest, ListEventsRequest
from activity_session.v1.memory_service_pb2 import ListMemoriesRequest
from activity_session.v1.namespace_service_pb2 import ListNamespacesRequest
from activity_session.v1.participant_service_pb2 import ListParticipantsRequest
from activity_session.v1.session_pb2 import SessionView
from activity_session.v1.session_service_pb2 import ListSessionsRequest
from activity_session_server.rules import paging
from activity_session_server.rules.errors import ServiceError
from activity_session_server.rules.limits import Limits
from activity_session_server.rules.paging import Order, Position

LIMITS = Limits.model_validate({})
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
# No name has NUL in it.
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=255)
POSITIONS = st.builds(Position, NAMES, st.from_regex(r"[a-z0-9_-]{0,64}", fullmatch=True))


def listing(token: str = "", order_by: str = "") -> ListSessionsRequest:
    return ListSessionsRequest(parent="namespaces/a", page_token=token, order_by=order_by)


def position_of(request: paging.ListRequest) -> Position | None:
    return paging.page_of(request, LIMITS).after


def reason_of(request: paging.ListRequest) -> str:
    with pytest.raises(ServiceError) as raised:
        paging.page_of(request, LIMITS)
    return ErrorReason.Name(raised.value.reason).removeprefix("ERROR_REASON_")


@given(POSITIONS, st.sampled_from(["", "name", "name desc"]))
def test_a_token_gives_back_the_position_it_was_made_of(position: Position, order_by: str) -> None:
    token = paging.next_token(listing(order_by=order_by), position)
    assert position_of(listing(token, order_by=order_by)) == position


@given(POSITIONS)
def test_a_token_can_stand_in_an_address(position: Position) -> None:
    assert set(paging.next_token(listing(), position)) <= set(ALPHABET)


def test_without_a_position_there_is_no_token_and_without_a_token_no_position() -> None:
    assert paging.next_token(listing(), None) == ""
    assert position_of(listing()) is None


@given(POSITIONS, st.data())
def test_a_token_with_one_character_changed_is_refused(position: Position, data: st.DataObject) -> None:
    token = paging.next_token(listing(), position)
    index = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from(ALPHABET + "=+/ \n😀").filter(lambda character: character != token[index]))
    assert reason_of(listing(token[:index] + other + token[index + 1 :])) == "INVALID_PAGE_TOKEN"


@given(st.text(min_size=1, max_size=200))
def test_any_text_that_is_no_token_is_refused(text: str) -> None:
    assert reason_of(listing(text)) == "INVALID_PAGE_TOKEN"


@given(st.binary(min_size=1, max_size=200))
def test_any_bytes_that_are_no_token_are_refused(raw: bytes) -> None:
    text = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    assert reason_of(listing(text)) == "INVALID_PAGE_TOKEN"


@pytest.mark.parametrize(
    "payload",
    [
        b"[" * 3000,
        b'["\\ud800",""]',
        b'["a","\\ud800"]',
        '["a","é"]'.encode(),
        b'["a","UPPER"]',
        b'["a"]',
        b'["a","b","c"]',
        b'[1,"b"]',
        b'["a",1]',
        b'{"a":1,"b":2}',
        b"null",
        b'["a","b"',
        b"\xff",
    ],
)
def test_a_forged_payload_is_refused(payload: bytes) -> None:
    digest = paging.digest_of(listing(), payload)
    token = base64.urlsafe_b64encode(digest + payload).decode().rstrip("=")
    assert reason_of(listing(token)) == "INVALID_PAGE_TOKEN"


@pytest.mark.parametrize(
    "other",
    [
        ListSessionsRequest(parent="namespaces/b"),
        ListSessionsRequest(parent="namespaces/a", filter="enabled=true"),
        ListSessionsRequest(parent="namespaces/a", order_by="name"),
        ListSessionsRequest(parent="namespaces/a", view=SessionView.SESSION_VIEW_FULL),
        ListSessionsRequest(parent="namespaces/a", show_deleted=True),
        # The same bytes on the wire, but of another list.
        ListParticipantsRequest(parent="namespaces/a"),
        ListMemoriesRequest(parent="namespaces/a"),
        ListNamespacesRequest(),
    ],
    ids=lambda request: f"{request.DESCRIPTOR.name} {request}".strip(),
)
def test_a_token_is_good_for_its_own_query_only(other: paging.ListRequest) -> None:
    other.page_token = paging.next_token(listing(), Position("a", "b"))
    assert reason_of(other) == "INVALID_PAGE_TOKEN"


@pytest.mark.parametrize("sequence", [0, 1, 2**63 - 1])
def test_a_place_in_a_log_stands_in_a_token(sequence: int) -> None:
    request = ListEventsRequest(parent="namespaces/a/sessions/b", order_by="sequence desc")
    position = Position(str(sequence), "")
    request.page_token = paging.next_token(request, position)
    assert paging.page_of(request, LIMITS, ("sequence",)).after == position
    request.before_sequence = 5
    with pytest.raises(ServiceError):
        paging.page_of(request, LIMITS, ("sequence",))


@pytest.mark.parametrize("value", ["", "x", "-1", str(2**63), "1.5", "9" * 5000, "1_0", "\u0661"])
def test_a_made_up_place_in_a_log_is_refused(value: str) -> None:
    request = ListEventsRequest(parent="namespaces/a/sessions/b")
    request.page_token = paging.next_token(request, Position(value, ""))
    with pytest.raises(ServiceError) as raised:
        paging.page_of(request, LIMITS, ("sequence",))
    assert raised.value.reason == ErrorReason.ERROR_REASON_INVALID_PAGE_TOKEN


def test_a_made_up_name_that_no_text_can_be_is_refused() -> None:
    request = listing()
    request.page_token = paging.next_token(request, Position("a\0", "b"))
    with pytest.raises(ServiceError) as raised:
        position_of(request)
    assert raised.value.reason == ErrorReason.ERROR_REASON_INVALID_PAGE_TOKEN


def test_a_list_without_an_order_is_in_its_only_one() -> None:
    page = paging.page_of(GetStateRequest(name="namespaces/a"), LIMITS, ("key",))
    assert (page.order, page.size) == (Order("key", descending=False), 50)


@given(st.integers(0, 2**31 - 1), st.integers(0, 2**31 - 1))
def test_the_size_of_the_page_does_not_bind_a_token(one: int, other: int) -> None:
    request = listing()
    request.page_size = one
    request.page_token = paging.next_token(request, Position("a", "b"))
    request.page_size = other
    assert position_of(request) == Position("a", "b")


@given(st.integers(0, 2**31 - 1))
def test_the_size_of_a_page(page_size: int) -> None:
    request = listing()
    request.page_size = page_size
    assert paging.page_of(request, LIMITS).size == (min(page_size, LIMITS.page_size) or 50)


@pytest.mark.parametrize("field", ["name", "create_time", "update_time"])
def test_orders(field: str) -> None:
    ascending, descending = Order(field, descending=False), Order(field, descending=True)
    for text, order in (
        (field, ascending),
        (f"{field} asc", ascending),
        (f"{field} desc", descending),
        (f"  {field}   desc ", descending),
    ):
        assert paging.parse_order(text, paging.ORDER_FIELDS) == order


@pytest.mark.parametrize("text", ["", " ", "\t"])
def test_lists_are_by_name_unless_said_otherwise(text: str) -> None:
    assert paging.parse_order(text, paging.ORDER_FIELDS) == Order("name", descending=False)


@given(st.text(max_size=300) | st.text("acdenmsrt_upi ", max_size=20))
def test_any_text_is_an_order_or_an_invalid_field(text: str) -> None:
    is_order = re.fullmatch(r"\s*((name|create_time|update_time)(\s+(asc|desc))?\s*)?", text) is not None
    if is_order:
        assert paging.parse_order(text, paging.ORDER_FIELDS).field in paging.ORDER_FIELDS
        return
    with pytest.raises(ServiceError) as raised:
        paging.parse_order(text, paging.ORDER_FIELDS)
    assert raised.value.reason == ErrorReason.ERROR_REASON_INVALID_FIELD
    assert [violation.field for violation in raised.value.violations] == ["order_by"]
    assert len(raised.value.message) < 2000


def test_the_longest_token_fits_into_the_room_that_is_left_for_it() -> None:
    limits = Limits.model_validate({})
    room = limits.response_bytes - paging.most_bytes(limits)
    # Quotes and backslashes take two characters in JSON, emoji four bytes.
    for character in ("😀", '"', "\\", "a"):
        longest = Position(character * 255, "activity_session-" + "f" * 32)
        assert len(paging.next_token(listing(), longest)) + 3 <= room
