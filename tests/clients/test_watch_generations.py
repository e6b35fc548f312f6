"""A watch stays with the session that it began with: a later one of the same name has events of its own."""

from collections.abc import Iterator
from typing import Any

import pytest

from activity_session.v1.session_pb2 import Session
from activity_session_testing.drivers import WITH_ANY_CLIENT, Answers, Driver, driving
from activity_session_testing.drivers import Client as DrivenClient
from activity_session_testing.proxies import Proxy
from activity_session_testing.servers import Client
from activity_session_testing.steps import append, new_session, replaced

pytestmark = WITH_ANY_CLIENT

PARENT = "namespaces/default"
SEEN = ("first", "second", "third")
# Of a later session: one that went on there after the third event would miss all of them, or the first three.
NEXT = [SEEN, (*SEEN, "fourth", "fifth")]


@pytest.fixture(scope="module")
def driver(client: DrivenClient, proxy: Proxy) -> Iterator[Driver]:
    with driving(client, proxy.address) as driver:
        yield driver


@pytest.fixture
def session(stubs: Client) -> Session:
    session = new_session(stubs, PARENT)
    append(stubs, session.name, *SEEN)
    return session


def up_to_date(watch: Answers) -> list[dict[str, Any]]:
    """Return what a watch gives until it has given all that is there."""
    lines = [watch.next()]
    while "bookmark" not in lines[-1]["message"]:
        lines.append(watch.next())
    return lines


def check_that_it_has_ended(watch: Answers, uid: str) -> None:
    """Check that a watch gave nothing more, but the error that tells that its session is gone."""
    end = watch.next()
    assert "message" not in end
    assert (end["status"], end["reason"]) == ("NOT_FOUND", "SESSION_NOT_FOUND")
    assert end["metadata"]["uid"] == uid


@pytest.mark.parametrize("texts", NEXT, ids=len)
def test_it_ends_where_another_session_has_the_name_after_a_cut(
    driver: Driver, proxy: Proxy, stubs: Client, session: Session, texts: tuple[str, ...]
) -> None:
    watch = driver.begin({"watch": session.name})
    up_to_date(watch)
    proxy.hold()
    try:
        assert proxy.cut() == 1
        append(stubs, replaced(stubs, session).name, *texts)
    finally:
        proxy.release()
    check_that_it_has_ended(watch, session.uid)


@pytest.mark.parametrize("texts", NEXT, ids=len)
def test_it_does_not_begin_in_another_session_than_its_caller_had(
    driver: Driver, stubs: Client, session: Session, texts: tuple[str, ...]
) -> None:
    append(stubs, replaced(stubs, session).name, *texts)
    watch = driver.begin({"watch": session.name, "after_sequence": len(SEEN), "uid": session.uid})
    check_that_it_has_ended(watch, session.uid)


def test_it_goes_on_in_the_same_session_where_its_caller_was(driver: Driver, stubs: Client, session: Session) -> None:
    append(stubs, session.name, "fourth")
    watch = driver.begin({"watch": session.name, "after_sequence": len(SEEN), "uid": session.uid})
    assert next(watch.events())["text"] == "fourth"
    watch.cancel()


def test_it_shows_the_uid_from_the_first_message_on(driver: Driver, session: Session) -> None:
    watch = driver.begin({"watch": session.name})
    lines = up_to_date(watch)
    watch.cancel()
    assert [line["uid"] for line in lines] == [session.uid] * len(lines)
    assert [line["message"].get("uid") for line in lines] == [session.uid] + [None] * (len(lines) - 1)
