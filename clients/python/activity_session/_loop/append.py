"""Appending one event, with an id that makes it safe to retry."""

import json
import uuid
from collections.abc import Mapping
from typing import Any, TypedDict, Unpack

from activity_session import v1
from activity_session._loop.steps import AnyChannel, done


class EventOptions(TypedDict, total=False):
    """What an event may have besides its author and content."""

    type: str
    event_id: str
    labels: Mapping[str, str]


async def append_text(
    channel: AnyChannel, session: str, author: str, text: str, *, turn_token: int = 0, **options: Unpack[EventOptions]
) -> v1.Event:
    """Append a text to a session, and return the event with its number.

    The event has an id, made once and kept over all retries, so that it is appended once.

    Args:
        channel: made by `connect`.
        session: its name.
        author: the name of the participant that it is from; empty for none.
        text: the content, at most `event_content_bytes` of the server.
        turn_token: append only while the turn with this token is held.
        **options: `type`, `message` unless it is given; `labels`; `event_id`, an id of your own, such as that of what
            the event is about: a program that appends it again after a restart gets the event that is there.

    Raises:
        TurnLost: that turn is over.
        AlreadyExists: the session has an event with that id and other content.
        Deleted: the session is deleted.
        Error: any other error of AppendEvents.
    """
    return await _append(channel, session, turn_token, v1.Event(author=author, text=text, **options))


async def append_json(
    channel: AnyChannel, session: str, author: str, value: Any, *, turn_token: int = 0, **options: Unpack[EventOptions]
) -> v1.Event:
    """Append a value as JSON, of the media type `application/json`; all else is as in `append_text`.

    Raises:
        TypeError, ValueError: JSON cannot have the value.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    event = v1.Event(author=author, text=text, media_type="application/json", **options)
    return await _append(channel, session, turn_token, event)


async def _append(channel: AnyChannel, session: str, turn_token: int, event: v1.Event) -> v1.Event:
    event.type = event.type or "message"
    event.event_id = event.event_id or str(uuid.uuid4())
    request = v1.AppendEventsRequest(parent=session, events=[event], turn_token=turn_token)
    return (await done(v1.EventServiceStub(channel).AppendEvents(request))).events[0]
