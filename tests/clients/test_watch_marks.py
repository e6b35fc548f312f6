"""A watch gives each mark once, and goes on after it; what is superseded comes if it is asked for."""

from collections.abc import Iterator
from itertools import takewhile
from typing import Any

import pytest

from activity_session_testing.drivers import WITH_ANY_CLIENT, Answers, Driver, driving
from activity_session_testing.drivers import Client as DrivenClient
from activity_session_testing.moments import eventually
from activity_session_testing.proxies import Proxy
from activity_session_testing.servers import Client
from activity_session_testing.steps import append, new_session, supersede

pytestmark = WITH_ANY_CLIENT


@pytest.fixture(scope="module")
def driver(client: DrivenClient, proxy: Proxy) -> Iterator[Driver]:
    with driving(client, proxy.address) as driver:
        yield driver


@pytest.fixture
def session(stubs: Client) -> str:
    """The name of a session with three events."""
    session = new_session(stubs, "namespaces/default").name
    append(stubs, session, "one", "two", "three")
    return session


def log_of(watch: Answers) -> Iterator[tuple[str, int]]:
    """What a watch gives of the log, by kind and number."""
    for message in watch.messages():
        for kind in {"event", "mark"} & message.keys():
            yield kind, int(message[kind]["sequence"])


def up_to_date(watch: Answers) -> list[dict[str, Any]]:
    """The messages up to the first bookmark."""
    return list(takewhile(lambda message: "bookmark" not in message, watch.messages()))


def events_in(messages: list[dict[str, Any]]) -> list[str]:
    """The numbers of the events among some messages."""
    return [message["event"]["sequence"] for message in messages if "event" in message]


def test_it_goes_on_after_a_mark_that_was_the_last_thing_it_gave(
    driver: Driver, proxy: Proxy, stubs: Client, session: str
) -> None:
    watch = driver.begin({"watch": session})
    up_to_date(watch)
    supersede(stubs, session, 2, 3)
    log = log_of(watch)
    assert next(log) == ("mark", 4)
    eventually(proxy.cut)
    append(stubs, session, "five")
    assert next(log) == ("event", 5)
    watch.cancel()


def test_it_tells_what_a_mark_says(driver: Driver, stubs: Client, session: str) -> None:
    supersede(stubs, session, 2, 3, reason="shorter")
    watch = driver.begin({"watch": session, "after_sequence": 3})
    mark = next(watch.messages())["mark"]
    watch.cancel()
    ranges = [{"first_sequence": "2", "last_sequence": "3"}]
    assert mark["supersession"] == {"ranges": ranges, "reason": "shorter"}


def test_it_goes_on_after_what_was_left_out(driver: Driver, proxy: Proxy, stubs: Client, session: str) -> None:
    supersede(stubs, session, 1, 1)
    watch = driver.begin({"watch": session})
    assert events_in(up_to_date(watch)) == ["2", "3"]
    eventually(proxy.cut)
    append(stubs, session, "five")
    assert next(log_of(watch)) == ("event", 5)
    watch.cancel()


def test_it_gives_superseded_events_that_are_asked_for_also_after_a_cut(
    driver: Driver, proxy: Proxy, stubs: Client, session: str
) -> None:
    supersede(stubs, session, 1, 2)
    watch = driver.begin({"watch": session, "show_superseded": True})
    assert events_in(up_to_date(watch)) == ["1", "2", "3"]
    proxy.hold()
    try:
        eventually(proxy.cut)
        append(stubs, session, "five", "six")
        supersede(stubs, session, 5, 5)
    finally:
        proxy.release()
    assert events_in(up_to_date(watch)) == ["5", "6"]
    watch.cancel()
