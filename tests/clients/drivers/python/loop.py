"""The helpers of the everyday loop, as ../README.md has them."""

import threading
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import Any

import protocol

import activity_session
from activity_session import v1

Line = dict[str, Any]
_SECONDS = 0.02


class Ending:
    """What ends a turn or a loop from outside."""

    def __init__(self) -> None:
        self.told = threading.Event()
        self.end: Callable[[], None] = lambda: None

    def close(self) -> None:
        self.told.set()
        self.end()


def lines(channel: Any, command: Line, ending: Ending) -> Iterator[Line]:
    """Do what a command says, and return what is to be written."""
    if command["loop"] == "turn":
        return _turn(channel, command, ending)
    if command["loop"] == "follow":
        return _follow(channel, command, ending)
    if "name" in command:
        return iter([_state(activity_session.SharedState(channel, command["name"]), command)])
    called = getattr(activity_session, command["loop"])(channel, *arguments(command), **options(command))
    return iter([shown(called)])


def arguments(command: Line) -> list[Any]:
    """The arguments of a helper, in their order."""
    given = [command[key] for key in ("parent", "participant_id", "session_id") if key in command]
    if "type" in command and given:
        given.append(v1.ParticipantType.Value(command["type"]))
    return given + [command[key] for key in ("participants", "session", "author", "text", "value") if key in command]


def options(command: Line) -> Line:
    """The options of a helper."""
    names = () if "parent" in command else ("type", "event_id", "turn_token")
    return {key: command[key] for key in names if key in command}


def shown(message: Any) -> Line:
    return {"message": protocol.message(0, message)["message"]}


def turn_options(command: Line) -> Line:
    return {key: command[key] for key in ("session", "participant", "ttl", "timeout") if key in command}


def _turn(channel: Any, command: Line, ending: Ending) -> Iterator[Line]:
    with activity_session.turn(channel, **turn_options(command)) as turn:
        yield {"token": turn.token}
        if "text" in command:
            yield shown(turn.append_text(command["text"]))
        while not (ending.told.wait(_SECONDS) or turn.lost.is_set()):
            pass


def follow_options(command: Line, marks: "SimpleQueue[Any]") -> Line:
    given: Line = {key: command[key] for key in ("session", "participant", "skip_own") if key in command}
    return {**given, "on_mark": marks.put}


def told(marks: "SimpleQueue[Any]") -> Iterator[Line]:
    """The marks that were told since."""
    while not marks.empty():
        yield {"mark": shown(marks.get())["message"]}


def _follow(channel: Any, command: Line, ending: Ending) -> Iterator[Line]:
    marks: SimpleQueue[Any] = SimpleQueue()
    with activity_session.follow(channel, **follow_options(command, marks)) as events:
        ending.end = events.close
        for event in events:
            yield from told(marks)
            yield shown(event)
            if event.sequence == command.get("leave_at"):
                return


def _state(state: activity_session.SharedState, command: Line) -> Line:
    key, value = command["key"], command.get("value")
    if command["loop"] == "set":
        return {"revision": state.set(key, value, expected_revision=command.get("expected_revision"))}
    got = state.get(key) if command["loop"] == "get" else state.update(key, lambda items: [*(items or []), value])
    return got._asdict()
