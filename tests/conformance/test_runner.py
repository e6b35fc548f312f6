"""The runner fails where it should: each expectation is made wrong once, and the runner finds it."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from activity_session_testing.conformance import player
from activity_session_testing.conformance.callers import calling
from activity_session_testing.conformance.matching import Mismatch
from activity_session_testing.conformance.player import Caller, Player
from activity_session_testing.conformance.scripts import WATCH, load
from activity_session_testing.servers import serving

CREATE, GET = "SessionService/CreateSession", "SessionService/GetSession"
MISSING = {"name": "${namespace}/sessions/missing"}
NOT_FOUND = {"status": "NOT_FOUND", "reason": "SESSION_NOT_FOUND", "metadata": {"resource": MISSING["name"]}}
TRIP = {"parent": "${namespace}", "session_id": "trip", "session": {"labels": {"a": "1", "b": "2"}}}
APPEND = {"parent": "${trip}", "events": [{"text": "first"}, {"text": "second"}]}
# What a server does, with every kind of expectation.
STEPS: list[dict[str, Any]] = [
    {
        "call": CREATE,
        "request": TRIP,
        "response": {"enabled": True, "managed": None, "uid": "*", "labels": {"a": "1"}, "participants": None},
        "save": {"trip": "name", "etag": "etag"},
    },
    {
        "call": "SessionService/UpdateSession",
        "request": {"session": {"name": "${trip}", "description": "new"}},
        "different": {"etag": "${etag}"},
    },
    {"call": GET, "request": MISSING, **NOT_FOUND},
    {
        "call": CREATE,
        "request": {"parent": "${namespace}", "session": {"labels": {"": ""}}},
        "status": "INVALID_ARGUMENT",
        "reason": "INVALID_FIELD",
        "fields": ["session.labels"],
    },
    {"watch": "watcher", "request": {"name": "${trip}"}},
    {"receive": "watcher", "messages": [{"session": {"name": "${trip}"}}, {"bookmark": {"last_sequence": None}}]},
    {"call": "EventService/AppendEvents", "request": APPEND, "start": "append"},
    {"finish": "append", "response": {"events": [{"sequence": "1"}, {"sequence": "2"}], "last_sequence": "2"}},
    {"receive": "watcher", "messages": [{"event": {"text": "first"}}, {"event": {"text": "second"}}]},
    {"cancel": "watcher"},
    {"watch": "nothing", "request": MISSING},
    {"finish": "nothing", **NOT_FOUND},
]


@pytest.fixture(scope="module")
def caller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    with (
        serving("sqlite:///:memory:") as server,
        calling("python", server.address, tmp_path_factory.mktemp("client")) as caller,
    ):
        yield caller


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(player, "_PATIENCE", 1.0)


def play(caller: Caller, steps: list[dict[str, Any]]) -> None:
    Player(caller).play(load("planted.json", json.dumps({"title": "Planted", "steps": steps})))


def test_what_is_as_expected_passes(caller: Caller) -> None:
    play(caller, STEPS)


@pytest.mark.parametrize(
    ("number", "change", "found"),
    [
        (1, {"response": {"enabled": None}}, "response.enabled is True, expected to be absent"),
        (1, {"response": {"enabled": "true"}}, "response.enabled is True, expected 'true'"),
        (1, {"response": {"description": "*"}}, "response.description is absent, expected '*'"),
        (1, {"response": {"labels": {"b": "1"}}}, "response.labels.b is '2', expected '1'"),
        (1, {"response": {"participants": []}}, "response.participants is absent"),
        (1, {"status": "ABORTED", "response": None}, "status is 'OK', expected ABORTED"),
        (1, {"save": {"trip": "nothing.there", "etag": "etag"}}, "nothing.there is absent"),
        (2, {"different": {"description": "new"}}, "description is 'new', expected something else"),
        (3, {"status": "ABORTED"}, "status is 'NOT_FOUND SESSION_NOT_FOUND namespaces/"),
        (3, {"status": None, "reason": None, "metadata": None}, "does not exist', expected OK"),
        (3, {"reason": "SESSION_DELETED"}, "reason is 'SESSION_NOT_FOUND', expected 'SESSION_DELETED'"),
        (3, {"reason": None}, "reason is 'SESSION_NOT_FOUND', expected ''"),
        (3, {"metadata": {"resource": "x"}}, "metadata.resource is 'namespaces/"),
        (3, {"metadata": {"field": "*"}}, "metadata.field is absent"),
        (4, {"fields": ["session"]}, "fields.0 is 'session.labels', expected 'session'"),
        (4, {"fields": []}, "fields is ['session.labels'], expected []"),
        (4, {"fields": ["session.labels", "parent"]}, "fields is ['session.labels']"),
        (6, {"messages": [{"bookmark": {}}]}, "messages.0.message.bookmark is absent"),
        (6, {"messages": [{"session": {"name": "x"}}]}, "messages.0.message.session.name is 'namespaces/"),
        (6, {"skip": ["session"], "messages": [{"bookmark": {}}, {"bookmark": {}}]}, "nothing came within 1 seconds"),
        (8, {"response": {"events": [{"sequence": "1"}]}}, "response.events is [{"),
        (8, {"response": {"events": [{"sequence": "2"}, {}]}}, "response.events.0.sequence is '1', expected '2'"),
        (8, {"status": "ABORTED", "response": None}, "status is 'OK', expected ABORTED"),
        (9, {"messages": [{"event": {"text": "second"}}]}, "messages.0.message.event.text is 'first'"),
        (10, {"cancel": None, "finish": "watcher"}, "nothing came within 1 seconds"),
    ],
)
def test_what_is_otherwise_is_found(caller: Caller, number: int, change: dict[str, Any], found: str) -> None:
    steps = copy.deepcopy(STEPS)
    changed = {name: value for name, value in {**steps[number - 1], **change}.items() if value is not None}
    steps[number - 1] = changed
    with pytest.raises(Mismatch) as mismatch:
        play(caller, steps)
    told = str(mismatch.value)
    assert told.startswith(f"step {number} (")
    assert found in told


class Ended:
    """A client whose watches have ended before they are read."""

    def begin(self, method: str, *_: object) -> "Ended":
        self._status = "NOT_FOUND" if method == WATCH else "OK"
        return self

    def next(self, _: float) -> dict[str, Any]:
        return {"status": self._status}

    def cancel(self) -> None:
        """Too late."""


@pytest.mark.parametrize(
    ("step", "found"),
    [
        ({"receive": "ended", "messages": [{}]}, "message is absent"),
        ({"cancel": "ended"}, "status is 'NOT_FOUND', expected 'CANCELLED'"),
    ],
)
def test_a_watch_that_has_ended_is_found(step: dict[str, Any], found: str) -> None:
    steps = [{"watch": "ended", "request": MISSING}, step, {"cancel": "ended"}]
    with pytest.raises(Mismatch, match=f"step 2 .*{found}"):
        play(Ended(), steps if "receive" in step else steps[:2])
