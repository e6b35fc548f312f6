"""A session as AG-UI's own client reads it: what is there, then what comes, and after a reload what is new."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from activity_session.v1.event_pb2 import Event
from activity_session_server.app import App
from activity_session_testing.drivers import AG_UI
from activity_session_testing.drivers import Client as DrivenClient
from activity_session_testing.servers import Client, unique
from activity_session_testing.steps import AGENT, USER, append, members, new_participant, new_session

PARENT = "namespaces/default"
PARTS = "application/vnd.activity-session.parts+json"
CALL = {"tool_call": {"id": "c1", "name": "search", "arguments": {"q": "🏯"}}}
RESULT = {"tool_result": {"id": "c1", "result": "found"}}


class Agent:
    """A run of the client."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def until(self, last: str) -> list[dict[str, Any]]:
        """Return the next events, up to one of a type."""
        found: list[dict[str, Any]] = []
        while not found or found[-1]["type"] != last:
            found.append(self._line()["event"])
        return found

    def end(self) -> list[dict[str, Any]]:
        """End the run, and return all messages that the client has now."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        while "messages" not in (line := self._line()):
            pass
        messages: list[dict[str, Any]] = line["messages"]
        return messages

    def _line(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line: dict[str, Any] = json.loads(self._process.stdout.readline())
        return line


@contextmanager
def running(client: DrivenClient, server: App, session: str, had: list[dict[str, Any]]) -> Iterator[Agent]:
    """Run the client, which has some messages already."""
    url = f"http://{server.http_address}/ag-ui/{session}"
    command = [*client.command, url, json.dumps(had)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Agent(process)
        finally:
            process.kill()


@pytest.mark.parametrize("client", [AG_UI], ids=["ag-ui"], indirect=True)
def test_the_client_of_the_protocol_reads_a_session_and_goes_on(
    client: DrivenClient, server: App, stubs: Client
) -> None:
    ada, planner = (new_participant(stubs, PARENT, participant_type=kind) for kind in (USER, AGENT))
    session = new_session(stubs, PARENT, unique("seen"), participants=members(ada, planner)).name
    append(
        stubs,
        session,
        Event(author=ada, text="Where?"),
        of_parts(planner, {"text": "I look."}, CALL),
        of_parts("", RESULT),
    )
    with running(client, server, session, []) as agent:
        agent.until("TOOL_CALL_RESULT")
        append(stubs, session, Event(author=planner, text="There: 🏯"))
        agent.until("TEXT_MESSAGE_END")
        before = agent.end()
    assert [(one["role"], one.get("content")) for one in before] == [
        ("user", "Where?"),
        ("assistant", "I look."),
        ("assistant", None),
        ("tool", "found"),
        ("assistant", "There: 🏯"),
    ]
    (call,) = before[2]["toolCalls"]
    assert (call["function"]["name"], json.loads(call["function"]["arguments"])) == ("search", {"q": "🏯"})
    append(stubs, session, Event(author=ada, text="Thanks."))
    with running(client, server, session, before) as agent:
        agent.until("TEXT_MESSAGE_END")
        after = agent.end()
    assert after[:-1] == before
    assert (after[-1]["name"], after[-1]["content"]) == (ada.rpartition("/")[2], "Thanks.")
    with running(client, server, session, []) as agent:
        for _ in after[3:]:
            agent.until("TEXT_MESSAGE_END")
        agent.until("TEXT_MESSAGE_END")
        assert [one["id"] for one in agent.end()] == [one["id"] for one in after]


def of_parts(author: str, *parts: Any) -> Event:
    return Event(author=author, media_type=PARTS, text=json.dumps({"parts": parts}))
