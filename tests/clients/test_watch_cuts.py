"""A watch returns each event once and in order, however often its connection is cut."""

import random
from typing import Any

import pytest

from activity_session_testing.drivers import WITH_ANY_CLIENT, Client, driving
from activity_session_testing.moments import eventually
from activity_session_testing.proxies import proxying
from activity_session_testing.servers import connected, serving
from activity_session_testing.steps import append, new_session

EVENTS, CUTS = 5000, 50
# How many events the watch has still to fetch.
AHEAD = 150
MOST_AT_ONCE = 100


def check_once_and_in_order(events: list[dict[str, Any]], texts: list[str]) -> None:
    """Check that a watch returned the events with these texts."""
    assert [event["sequence"] for event in events] == [str(number) for number in range(1, len(texts) + 1)]
    assert [event["text"] for event in events] == texts


@WITH_ANY_CLIENT
def test_a_watch_that_is_cut_fifty_times_gives_each_event_once_and_in_order(client: Client) -> None:
    chance = random.Random(client.name)
    cut_after = set(chance.sample(range(1, EVENTS), CUTS))
    events: list[dict[str, Any]] = []
    texts: list[str] = []
    with (
        serving("sqlite:///:memory:", http_address="127.0.0.1:0") as server,
        connected(server.address) as stubs,
        proxying(client.target(server)) as proxy,
        driving(client, proxy.address) as driver,
    ):
        session = new_session(stubs, "namespaces/default").name

        def append_more() -> None:
            count = min(chance.randint(1, MOST_AT_ONCE), EVENTS - len(texts))
            more = [f"event {len(texts) + number}" for number in range(count)]
            append(stubs, session, *more)
            texts.extend(more)

        append_more()
        watch = driver.begin({"watch": session})
        for event in watch.events():
            events.append(event)
            if event["sequence"] == str(EVENTS):
                break
            if len(texts) < min(EVENTS, len(events) + AHEAD):
                append_more()
            if len(events) in cut_after:
                eventually(proxy.cut)
                cut_after.remove(len(events))
        watch.cancel()
        events.extend(watch.events())
    assert not cut_after
    assert proxy.connections > CUTS
    check_once_and_in_order(events, texts)


@WITH_ANY_CLIENT
@pytest.mark.parametrize(("view", "data"), [({}, None), ({"view": "SESSION_VIEW_FULL"}, "Kyoto")])
def test_a_session_has_its_data_if_it_is_asked_for_also_after_a_cut(
    client: Client, view: dict[str, str], data: str | None
) -> None:
    with (
        serving("sqlite:///:memory:", http_address="127.0.0.1:0") as server,
        connected(server.address) as stubs,
        proxying(client.target(server)) as proxy,
        driving(client, proxy.address) as driver,
    ):
        session = new_session(stubs, "namespaces/default", data="Kyoto").name
        watch = driver.begin({"watch": session, **view})
        sessions = (message["session"] for message in watch.messages() if "session" in message)
        first = next(sessions)
        eventually(proxy.cut)
        assert [first.get("data"), next(sessions).get("data")] == [data, data]


TEXTS = ["first", "second", "third"]
RIGHT = [{"sequence": str(number), "text": text} for number, text in enumerate(TEXTS, 1)]


@pytest.mark.parametrize("seen", [[0, 2], [0, 1], [0, 1, 1, 2], [0, 2, 1], []])
def test_the_check_finds_what_is_lost_doubled_or_swapped(seen: list[int]) -> None:
    check_once_and_in_order(RIGHT, TEXTS)
    with pytest.raises(AssertionError):
        check_once_and_in_order([RIGHT[number] for number in seen], TEXTS)
