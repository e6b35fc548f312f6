"""A turn that a helper holds: renewed, handed back, and known to be lost before anybody else has it."""

from collections.abc import Iterator

import pytest

from activity_session.v1.session_service_pb2 import AcquireTurnRequest
from activity_session_testing.drivers import WITH_ANY_CLIENT, Answers, Driver, driving
from activity_session_testing.drivers import Client as DrivenClient
from activity_session_testing.moments import eventually
from activity_session_testing.proxies import Proxy
from activity_session_testing.servers import Client, failure
from activity_session_testing.steps import (
    acquire_turn,
    get_session,
    members,
    new_participant,
    new_session,
    release_turn,
)

pytestmark = WITH_ANY_CLIENT
PARENT = "namespaces/default"
# In seconds: one that is renewed soon, and one that no test waits for.
SHORT, LONG = 0.6, 60


@pytest.fixture(scope="module")
def driver(client: DrivenClient, proxy: Proxy) -> Iterator[Driver]:
    with driving(client, proxy.address) as driver:
        yield driver


@pytest.fixture(scope="module")
def planner(stubs: Client) -> str:
    return new_participant(stubs, PARENT)


@pytest.fixture(scope="module")
def critic(stubs: Client) -> str:
    return new_participant(stubs, PARENT)


@pytest.fixture
def session(stubs: Client, planner: str, critic: str) -> str:
    return new_session(stubs, PARENT, participants=members(planner, critic)).name


def begin(driver: Driver, session: str, participant: str, ttl: float = LONG, **options: object) -> Answers:
    return driver.begin({"loop": "turn", "session": session, "participant": participant, "ttl": ttl, **options})


def test_it_is_renewed_under_one_token_and_handed_back(
    driver: Driver, stubs: Client, session: str, planner: str
) -> None:
    turn = begin(driver, session, planner, SHORT)
    token = turn.next()["token"]
    first = get_session(stubs, session).turn.expire_time.ToNanoseconds()
    later = first + int(2 * SHORT * 1e9)
    eventually(lambda: get_session(stubs, session).turn.expire_time.ToNanoseconds() > later)
    assert get_session(stubs, session).turn.token == token
    turn.cancel()
    assert turn.next()["status"] == "OK"
    assert not get_session(stubs, session).HasField("turn")


def test_what_is_appended_in_it_is_by_its_holder(driver: Driver, session: str, planner: str) -> None:
    turn = begin(driver, session, planner, text="To Kyoto.")
    turn.next()
    event = turn.next()["message"]
    assert (event["author"], event["text"], event["type"]) == (planner, "To Kyoto.", "message")
    turn.cancel()
    assert turn.next()["status"] == "OK"


def test_it_is_handed_back_when_its_block_fails(driver: Driver, stubs: Client, session: str, planner: str) -> None:
    turn = begin(driver, session, planner, text="x" * 2_000_000)
    assert "token" in turn.next()
    assert turn.next()["reason"] == "LIMIT_EXCEEDED"
    assert not get_session(stubs, session).HasField("turn")


def test_it_waits_for_the_one_before(driver: Driver, stubs: Client, session: str, planner: str, critic: str) -> None:
    first = acquire_turn(stubs, session, critic)
    turn = begin(driver, session, planner, SHORT)
    later = begin(driver, session, planner, timeout=0.3)
    assert later.next()["status"] == "DEADLINE_EXCEEDED"
    release_turn(stubs, first)
    assert turn.next()["token"] > first.token
    turn.cancel()
    assert turn.next()["status"] == "OK"


def test_it_need_not_wait(driver: Driver, stubs: Client, session: str, planner: str, critic: str) -> None:
    acquire_turn(stubs, session, critic)
    end = begin(driver, session, planner, timeout=0).next()
    assert (end["reason"], end["kind"], end["metadata"]["holder"]) == ("TURN_HELD", "TurnHeld", critic)


def test_one_that_waits_can_be_cancelled_or_has_a_timeout(
    driver: Driver, stubs: Client, session: str, planner: str, critic: str
) -> None:
    first = acquire_turn(stubs, session, critic)
    # Blocking calls of Python cannot be ended from outside.
    turn = begin(driver, session, planner, timeout=1)
    turn.cancel()
    assert turn.next()["status"] in ("CANCELLED", "DEADLINE_EXCEEDED", "OK")
    release_turn(stubs, first)
    request = AcquireTurnRequest(session=session, participant=critic, wait=True)
    assert stubs.sessions.AcquireTurn(request).holder == critic


def test_it_tells_that_it_was_taken(driver: Driver, stubs: Client, session: str, planner: str) -> None:
    turn = begin(driver, session, planner, SHORT)
    token = turn.next()["token"]
    taken = acquire_turn(stubs, session, planner, LONG)
    end = turn.next()
    assert (end["reason"], end["kind"]) == ("TURN_LOST", "TurnLost")
    # It does not hand back what is another's.
    assert get_session(stubs, session).turn.token == taken.token > token


def test_it_tells_that_it_cannot_be_renewed_while_nobody_else_can_have_it(
    driver: Driver, proxy: Proxy, stubs: Client, session: str, planner: str
) -> None:
    critic = new_participant(stubs, PARENT)
    turn = begin(driver, session, planner, 5)
    token = turn.next()["token"]
    proxy.hold()
    try:
        end = turn.next()
        refusal = failure(stubs.sessions.AcquireTurn, AcquireTurnRequest(session=session, participant=critic))
    finally:
        proxy.release()
    assert (end["reason"], end["kind"], end["metadata"]) == (
        "TURN_LOST",
        "TurnLost",
        {"resource": session, "token": str(token)},
    )
    assert refusal.reason == "TURN_HELD"


def test_it_outlives_a_connection_that_is_cut(
    driver: Driver, proxy: Proxy, stubs: Client, session: str, planner: str
) -> None:
    turn = begin(driver, session, planner, 3)
    token = turn.next()["token"]
    first = get_session(stubs, session).turn.expire_time.ToNanoseconds()
    eventually(proxy.cut)
    eventually(lambda: get_session(stubs, session).turn.expire_time.ToNanoseconds() > first)
    turn.cancel()
    assert turn.next()["status"] == "OK"
    assert acquire_turn(stubs, session, planner).token > token
