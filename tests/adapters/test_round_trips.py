"""What the models of each framework can hold comes back as it was: values drawn from their types."""

import dataclasses
import datetime as dt
import decimal
import enum
import json
import uuid
from collections import deque
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, get_args

import pydantic
from agents.items import TResponseInputItem
from google.adk.events.event import Event
from google.adk.events.event_actions import EventActions
from google.genai import types
from langchain_core.documents import Document
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    ChatMessage,
    FunctionMessage,
    HumanMessage,
    RemoveMessage,
    SystemMessage,
    ToolMessage,
)
from langgraph.checkpoint.base import BaseCheckpointSaver, empty_checkpoint
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command, Interrupt, Send
from pydantic_ai import Conversation
from pydantic_ai.messages import ModelMessagesTypeAdapter, ModelRequest, ModelResponse

import activity_session
from activity_session.adk import ActivitySessionService
from activity_session.langgraph import ActivitySessionSaver
from activity_session.openai_agents import ActivitySession
from activity_session.pydantic_ai import ActivityConversationStore
from activity_session_testing.servers import unique
from adapters.generated import MOMENT, NoValueError, Values, fields_of


def drawn(model: Any, count: int, *always: str) -> Iterator[Any]:
    """Yield values of a model in which some fields are set, as many as can be drawn."""
    for seed in range(count):
        try:
            yield Values(seed).model(model, always)
        except NoValueError:
            continue


def adk_events() -> Iterator[Event]:
    """Events with each kind of part, with each field, and with each action."""
    for field in fields_of(types.Part):
        for part in drawn(types.Part, 4, field):
            yield Event(author="planner", content=types.Content(role="model", parts=[part]))
    for field in fields_of(EventActions):
        yield from (Event(author="planner", actions=actions) for actions in drawn(EventActions, 3, field))
    for field in set(fields_of(Event)) - {"id", "timestamp", "content", "actions", "author", "partial"}:
        for event in drawn(Event, 3, field):
            yield event.model_copy(update={"id": str(uuid.uuid4()), "timestamp": 1.5, "partial": None})


def is_kept_by_json(event: Event) -> bool:
    """Whether ADK itself reads what it writes; not so of a few kinds, such as bytes that are any value."""
    try:
        text = json.dumps(event.model_dump(mode="json", exclude_none=True, by_alias=True))
        return bool(Event.model_validate_json(text) == event)
    except (ValueError, TypeError):
        return False


async def test_events_of_adk(address: str) -> None:
    events = list(adk_events())
    kept = [event for event in events if is_kept_by_json(event)]
    assert len(kept) > 0.9 * len(events) > 100
    kinds = {
        kind
        for event in kept
        for part in (event.content and event.content.parts) or ()
        for kind in part.model_dump(exclude_none=True)
    }
    assert len(kinds) >= 12, kinds
    async with ActivitySessionService(address) as service:
        session = await service.create_session(app_name=unique("app"), user_id="u", session_id="s")
        for event in kept:
            # The state has a test of its own: one of its values may be any.
            event.actions.state_delta = {}
            await service.append_event(session, event)
        found = await service.get_session(app_name=session.app_name, user_id="u", session_id="s")
    assert found is not None
    for read, event in zip(found.events, kept, strict=True):
        assert read == event


async def test_items_of_openai(address: str) -> None:
    kinds = get_args(TResponseInputItem)
    items = [item for kind in kinds for item in drawn(kind, 8)]
    assert len({item.get("type", "message") for item in items}) >= 28, "there are that many kinds, and more"
    items = [item for item in items if is_json(item)]
    assert len(items) > 200
    with activity_session.connect(address) as channel:
        session = ActivitySession(unique("session"), channel)
        for at in range(0, len(items), 90):
            await session.add_items(items[at : at + 90])
        found = await session.get_items()
    for read, item in zip(found, items, strict=True):
        assert json.dumps(read) == json.dumps(item)


def is_json(value: Any) -> bool:
    try:
        return bool(json.loads(json.dumps(value)) == value)
    except (ValueError, TypeError):
        return False


async def test_messages_of_pydantic_ai(address: str) -> None:
    messages = [message for kind in (ModelRequest, ModelResponse) for message in drawn(kind, 150)]
    kept = [message for message in messages if is_kept_by_pydantic_ai(message)]
    assert len(kept) > 0.7 * len(messages) > 100
    assert len({type(part) for message in kept for part in message.parts}) >= 12
    store = ActivityConversationStore(address)
    conversation = Conversation(messages=kept, conversation_id=unique("c"))
    await store.save(conversation)
    await store.close()
    other = ActivityConversationStore(address)
    found = await other.load(conversation.conversation_id)
    await other.close()
    assert found is not None
    for read, message in zip(found.messages, kept, strict=True):
        assert read == message


def is_kept_by_pydantic_ai(message: Any) -> bool:
    """Whether Pydantic AI itself reads what it writes; not so of values that are any object."""
    try:
        return bool(ModelMessagesTypeAdapter.validate_json(ModelMessagesTypeAdapter.dump_json([message])) == [message])
    except (ValueError, TypeError):
        return False


class Place(pydantic.BaseModel):
    """A model, as users have them in the state of a graph."""

    name: str
    of: set[int] = set()


@dataclasses.dataclass
class Point:
    """The same as a dataclass."""

    x: float
    at: dt.datetime


class Colour(enum.Enum):
    """The same as an enum."""

    GREY = "grey"


MESSAGES = (
    AIMessage,
    AIMessageChunk,
    ChatMessage,
    FunctionMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)
VALUES: list[Any] = [
    *(None, True, 0, -1, 2**53 + 1, 0.1, float("inf"), "", "京都 \u0000", b"\xff"),
    *([1, [2, None]], {"k": {"deep": (1, 2)}}, {1, 2}, frozenset({"a"}), deque([1, 2]), (1, "a")),
    *(MOMENT, MOMENT.date(), MOMENT.time(), dt.timedelta(days=1, microseconds=1), uuid.UUID(int=7)),
    *(decimal.Decimal("1.10"), Path("/a/b"), Colour.GREY, Place(name="Kyoto", of={1}), Point(0.5, MOMENT)),
    *(Send("node", {"k": 1}), Interrupt(value="?", id="i"), Command(resume="yes"), Document(page_content="x", id="d")),
    RemoveMessage(id="m"),
]


def test_values_of_checkpoints_of_langgraph(address: str) -> None:
    messages = [message for kind in MESSAGES for message in drawn(kind, 12)]
    assert {type(message) for message in messages} == set(MESSAGES)
    values = {str(number): value for number, value in enumerate([*VALUES, *messages])}
    config: Any = {"configurable": {"thread_id": unique("thread"), "checkpoint_ns": ""}}
    versions = dict.fromkeys(values, 1)
    checkpoint: Any = {**empty_checkpoint(), "channel_values": values, "channel_versions": versions}
    with closing(ActivitySessionSaver(address)) as saver:
        kept, theirs = (stored(each, config, checkpoint) for each in (saver, InMemorySaver()))
    as_before = [name for name, value in values.items() if kept[name] == [(type(value), value)] * 2]
    assert len(as_before) > 0.9 * len(values)
    for name in values:
        # LangGraph makes lists of tuples that are in something else, wherever it keeps them.
        assert kept[name] == theirs[name]


def stored(saver: BaseCheckpointSaver[Any], config: Any, checkpoint: Any) -> dict[str, list[Any]]:
    """Keep values in a checkpoint, and as writes of a task, and return how both come back, with their types."""
    values = checkpoint["channel_values"]
    new = saver.put(config, checkpoint, {"step": 1}, checkpoint["channel_versions"])
    saver.put_writes(new, list(values.items()), "task")
    found = saver.get_tuple(new)
    assert found is not None
    written = {channel: value for _, channel, value in found.pending_writes or []}
    read = (found.checkpoint["channel_values"], written)
    return {name: [(type(each[name]), each[name]) for each in read] for name in values}
