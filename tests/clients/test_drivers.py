"""The drivers keep to their protocol, on which the tests of the clients depend."""

import pytest

from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_service_pb2 import WatchSessionResponse
from activity_session_testing.drivers import Client, Driver, driving
from activity_session_testing.mirrors import STAY, Answer, Mirror

CREATE, WATCH = "SessionService/CreateSession", "SessionService/WatchSession"
SESSION = "namespaces/default/sessions/x"


@pytest.mark.parametrize("request_json", [{"no_such_field": 1}, {"parent": {"is": "no text"}}])
def test_a_request_that_is_no_message_is_not_sent(
    driver: Driver, mirror: Mirror, request_json: dict[str, object]
) -> None:
    mirror.play()
    assert driver.call(CREATE, request_json)["status"] == "INVALID_JSON"
    assert mirror.attempts == []


@pytest.mark.parametrize("name", ["session_id", "sessionId"])
def test_fields_have_either_name_and_come_back_with_that_of_the_protos(
    driver: Driver, mirror: Mirror, name: str
) -> None:
    mirror.play(Answer(None, [Session(last_sequence=3, uid="u")]))
    assert driver.call(CREATE, {name: "京都"})["message"] == {"last_sequence": "3", "uid": "u"}
    assert mirror.attempts[0].request.session_id == "京都"


@pytest.mark.parametrize("channel", ["connected", "bare"])
def test_a_stream_gives_messages_as_they_come_and_can_be_cancelled(
    driver: Driver, mirror: Mirror, channel: str
) -> None:
    mirror.play(Answer(None, [WatchSessionResponse(session=Session(name=SESSION))]))
    stream = driver.begin({"method": WATCH, "request": {"name": SESSION}, "channel": channel})
    assert stream.next()["message"] == {"session": {"name": SESSION}}
    stream.cancel()
    assert stream.next()["status"] == "CANCELLED"


@pytest.mark.parametrize("channel", ["connected", "bare"])
def test_a_timeout_is_the_deadline_of_calls_and_streams(driver: Driver, mirror: Mirror, channel: str) -> None:
    mirror.play(STAY, STAY)
    for method in (CREATE, WATCH):
        assert driver.call(method, {}, timeout=0.3, channel=channel)["status"] == "DEADLINE_EXCEEDED"


def test_a_driver_ends_well_whatever_runs(client: Client, mirror: Mirror) -> None:
    mirror.play(STAY, STAY, STAY)
    with driving(client, mirror.address) as driver:
        for command in ({"watch": SESSION}, {"method": WATCH, "request": {}}, {"method": CREATE, "request": {}}):
            driver.begin(command)
        mirror.wait_for(3)
