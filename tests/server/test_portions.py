"""A page of large events takes several statements, and is still of one session."""

from pathlib import Path
from typing import Any

import pytest

from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import ListEventsRequest
from activity_session.v1.session_service_pb2 import ExpungeSessionRequest
from activity_session_testing.moments import Send, sending
from activity_session_testing.servers import Client, connected, failure, serving
from activity_session_testing.steps import append, delete_session, new_session

LARGE = "x" * 200_000
# Two small events, and then: that the next one is large, its size, and the whole of it.
STATEMENTS = 4


def fill(client: Client, text: str) -> str:
    name = new_session(client, "namespaces/default", "read").name
    append(client, name, *[Event(text=text + rest) for rest in ("", "", LARGE)])
    return name


def statements_of(client: Client, server: Any, request: ListEventsRequest) -> list[str]:
    sent: list[str] = []

    def tell(send: Send, statement: str, values: Any) -> Any:
        sent.append(statement)
        return send(statement, values)

    with sending(server, tell):
        client.events.ListEvents(request)
    return sent


@pytest.mark.parametrize("comes_back", [True, False])
@pytest.mark.parametrize("number", range(1, STATEMENTS))
def test_it_is_not_put_together_from_two_sessions(tmp_path: Path, number: int, *, comes_back: bool) -> None:
    with serving(f"sqlite:///{tmp_path / 'test.db'}") as server, connected(server.address) as client:
        name = fill(client, "old")
        request = ListEventsRequest(parent=name, page_size=100)
        times = 0

        def tell(send: Send, statement: str, *values: Any) -> Any:
            nonlocal times
            if statement.startswith(("SELECT event", "SELECT 0")):
                times += 1
                if times == number + 1:
                    delete_session(client, name)
                    client.sessions.ExpungeSession(ExpungeSessionRequest(name=name))
                    if comes_back:
                        fill(client, "new")
            return send(statement, *values)

        with sending(server, tell):
            if comes_back:
                page = client.events.ListEvents(request)
                assert [event.text for event in page.events] == ["new", "new", "new" + LARGE]
            else:
                assert failure(client.events.ListEvents, request).reason == "SESSION_NOT_FOUND"
        assert times > number


@pytest.mark.parametrize("small", [True, False])
def test_only_large_rows_take_more_than_one_statement(tmp_path: Path, *, small: bool) -> None:
    with serving(f"sqlite:///{tmp_path / 'test.db'}") as server, connected(server.address) as client:
        name = new_session(client, "namespaces/default").name
        for _ in range(3):
            append(client, name, *["x" * (5000 if small else 100_000)] * 17)
        assert len(statements_of(client, server, ListEventsRequest(parent=name))) == (1 if small else 4)
