"""A call whose response is lost is sent again, and takes effect once."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from activity_session.v1.session_service_pb2 import ListSessionsRequest
from activity_session_testing.drivers import WITH_ANY_CLIENT, Driver, driving
from activity_session_testing.drivers import Client as DrivenClient
from activity_session_testing.moments import eventually
from activity_session_testing.proxies import Proxy
from activity_session_testing.servers import Client
from activity_session_testing.steps import get_session, list_events, make_namespace, new_participant, new_session

pytestmark = WITH_ANY_CLIENT


@pytest.fixture(scope="module")
def driver(client: DrivenClient, proxy: Proxy) -> Iterator[Driver]:
    with driving(client, proxy.address) as driver:
        yield driver


@pytest.fixture
def namespace(stubs: Client) -> str:
    return make_namespace(stubs).name


@pytest.fixture
def call(driver: Driver, proxy: Proxy) -> Callable[..., Any]:
    """Make a call whose first response is lost: once it has taken effect, the connection is cut."""

    def call_losing_the_answer(method: str, request: dict[str, Any], is_done: Callable[[], object]) -> Any:
        # On an open connection a small request is sent without a reply from the server.
        assert driver.call("InfoService/GetServerInfo", {})["status"] == "OK"
        proxy.hold_answers()
        try:
            calling = driver.begin({"method": method, "request": request})
            eventually(is_done)
            assert proxy.cut() == 1
        finally:
            proxy.release()
        return calling.next()["message"]

    return call_losing_the_answer


def test_events_without_ids_are_appended_once(stubs: Client, namespace: str, call: Callable[..., Any]) -> None:
    session = new_session(stubs, namespace).name
    request = {"parent": session, "events": [{"text": "first"}, {"text": "second"}]}
    answer = call("EventService/AppendEvents", request, lambda: list_events(stubs, session))
    assert answer["last_sequence"] == "2"
    assert [event.text for event in list_events(stubs, session)] == ["first", "second"]


def test_a_session_without_an_id_is_created_once(stubs: Client, namespace: str, call: Callable[..., Any]) -> None:
    def sessions() -> list[str]:
        listed = stubs.sessions.ListSessions(ListSessionsRequest(parent=namespace))
        return [session.name for session in listed.sessions]

    answer = call("SessionService/CreateSession", {"parent": namespace, "session": {}}, sessions)
    assert sessions() == [answer["name"]]


def test_a_turn_is_taken_once(stubs: Client, namespace: str, call: Callable[..., Any]) -> None:
    session, ada = new_session(stubs, namespace).name, new_participant(stubs, namespace)
    request = {"session": session, "participant": ada}
    answer = call("SessionService/AcquireTurn", request, lambda: get_session(stubs, session).turn.token)
    turn = get_session(stubs, session).turn
    assert (answer["token"], turn.holder) == (str(turn.token), ada)
    # Where the server notices the cut before it has sent the response, it hands the turn back: nobody has got it.
    assert turn.token <= 2
