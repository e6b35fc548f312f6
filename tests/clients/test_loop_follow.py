"""Following from a read mark on: each event is handled at least once, over restarts and cuts."""

from collections.abc import Iterator

import pytest

from activity_session.v1.event_pb2 import Event
from activity_session_testing.drivers import WITH_ANY_CLIENT, Answers, Driver, driving
from activity_session_testing.drivers import Client as DrivenClient
from activity_session_testing.moments import eventually
from activity_session_testing.proxies import Proxy
from activity_session_testing.servers import Client
from activity_session_testing.steps import (
    append,
    delete_session,
    get_session,
    members,
    new_participant,
    new_session,
    supersede,
)

pytestmark = WITH_ANY_CLIENT
PARENT = "namespaces/default"


@pytest.fixture(scope="module")
def driver(client: DrivenClient, proxy: Proxy) -> Iterator[Driver]:
    with driving(client, proxy.address) as driver:
        yield driver


@pytest.fixture(scope="module")
def planner(stubs: Client) -> str:
    return new_participant(stubs, PARENT)


@pytest.fixture
def session(stubs: Client, planner: str) -> str:
    """The name of a session with three events."""
    session = new_session(stubs, PARENT, participants=members(planner)).name
    append(stubs, session, "one", "two", "three")
    return session


def begin(driver: Driver, session: str, participant: str, **options: object) -> Answers:
    return driver.begin({"loop": "follow", "session": session, "participant": participant, **options})


def texts(follower: Answers, count: int) -> list[str]:
    return [follower.next()["message"]["text"] for _ in range(count)]


def has_read(stubs: Client, session: str, sequence: int) -> bool:
    (member,) = get_session(stubs, session).participants
    assert member.last_read_sequence <= sequence, "what was not handled counts as read"
    return member.last_read_sequence == sequence


def test_each_event_is_read_once_the_next_is_asked_for(
    driver: Driver, stubs: Client, session: str, planner: str
) -> None:
    follower = begin(driver, session, planner)
    assert texts(follower, 3) == ["one", "two", "three"]
    eventually(lambda: has_read(stubs, session, 3))
    append(stubs, session, "four")
    assert texts(follower, 1) == ["four"]
    eventually(lambda: has_read(stubs, session, 4))
    follower.cancel()
    assert follower.next()["status"] == "OK"


def test_what_was_not_handled_comes_again(driver: Driver, stubs: Client, session: str, planner: str) -> None:
    follower = begin(driver, session, planner, leave_at=2)
    assert texts(follower, 2) == ["one", "two"]
    assert follower.next()["status"] == "OK"
    assert has_read(stubs, session, 1)
    again = begin(driver, session, planner)
    assert texts(again, 2) == ["two", "three"]
    again.cancel()
    assert again.next()["status"] == "OK"


def test_ones_own_events_can_be_left_out_and_count_as_read(
    driver: Driver, stubs: Client, session: str, planner: str
) -> None:
    append(stubs, session, Event(text="mine", author=planner), "five")
    follower = begin(driver, session, planner, skip_own=True)
    assert texts(follower, 4) == ["one", "two", "three", "five"]
    append(stubs, session, Event(text="mine too", author=planner), "seven", "eight")
    assert texts(follower, 2) == ["seven", "eight"]
    eventually(lambda: has_read(stubs, session, 8))
    follower.cancel()
    assert follower.next()["status"] == "OK"


def test_what_is_out_of_view_does_not_come_and_marks_are_told(
    driver: Driver, stubs: Client, session: str, planner: str
) -> None:
    supersede(stubs, session, 2, 3)
    follower = begin(driver, session, planner)
    assert texts(follower, 1) == ["one"]
    # The mark, number 4, was there at the start.
    eventually(lambda: has_read(stubs, session, 4))
    supersede(stubs, session, 1, 1, "summary")
    line = follower.next()
    assert line["mark"]["supersession"]["ranges"] == [{"first_sequence": "1", "last_sequence": "1"}]
    assert texts(follower, 1) == ["summary"]
    eventually(lambda: has_read(stubs, session, 6))
    follower.cancel()
    assert follower.next()["status"] == "OK"


def test_it_goes_on_after_a_cut(driver: Driver, proxy: Proxy, stubs: Client, session: str, planner: str) -> None:
    follower = begin(driver, session, planner)
    assert texts(follower, 3) == ["one", "two", "three"]
    eventually(lambda: has_read(stubs, session, 3))
    eventually(proxy.cut)
    append(stubs, session, "four", "five")
    assert texts(follower, 2) == ["four", "five"]
    eventually(lambda: has_read(stubs, session, 5))
    follower.cancel()
    assert follower.next()["status"] == "OK"


def test_the_log_of_a_deleted_session_comes_to_its_end(
    driver: Driver, stubs: Client, session: str, planner: str
) -> None:
    delete_session(stubs, session)
    follower = begin(driver, session, planner)
    assert texts(follower, 3) == ["one", "two", "three"]
    end = follower.next()
    assert (end["reason"], end["kind"]) == ("SESSION_DELETED", "Deleted")


def test_only_a_member_has_a_read_mark(driver: Driver, stubs: Client, session: str) -> None:
    nobody = new_participant(stubs, PARENT)
    end = begin(driver, session, nobody).next()
    assert (end["status"], end["reason"]) == ("FAILED_PRECONDITION", "PARTICIPANT_NOT_BOUND")
    assert end["metadata"] == {"resource": nobody, "session": session}


def test_a_session_that_is_not_there_is_told(driver: Driver, planner: str) -> None:
    end = begin(driver, f"{PARENT}/sessions/none", planner).next()
    assert (end["reason"], end["kind"]) == ("SESSION_NOT_FOUND", "NotFound")
