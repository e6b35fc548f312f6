"""Makes AG-UI's events of the messages of a watch."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from google.protobuf import json_format
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from activity_session.v1.event_pb2 import Event
from activity_session.v1.participant_pb2 import PARTICIPANT_TYPE_AGENT, PARTICIPANT_TYPE_USER
from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_service_pb2 import WatchSessionResponse
from activity_session_server.http.ag_ui.inputs import MessageId, RunRequest
from activity_session_server.http.ag_ui.parts import Part, parts_of
from activity_session_server.http.responses import CODES

_VERSION = "1.0"
_USER, _ASSISTANT, _SYSTEM = "user", "assistant", "system"
_ROLES = {PARTICIPANT_TYPE_USER: _USER, PARTICIPANT_TYPE_AGENT: _ASSISTANT}
Events = Iterator[dict[str, Any]]


class Run:
    """The events of one run, as server-sent events; a run goes on until its client leaves, or an error ends it."""

    def __init__(self, session: Session, request: RunRequest) -> None:
        """`session` says who its members are."""
        self._session = session
        self._request = request
        self._roles = _roles_of(session)
        self._has_begun = False

    def of_message(self, message: bytes) -> bytes:
        """What a message of the watch is; nothing, for one that is about the session itself."""
        response = WatchSessionResponse.FromString(message)
        if response.HasField("session"):
            self._roles |= _roles_of(response.session)
        event = response.mark if response.HasField("mark") else response.event
        if not event.sequence:
            return self._opening()
        *events, last = [_sent(one) for one in self._of_event(event)]
        # A reader that is cut off before the last one gets all of them again.
        return self._opening() + b"".join(events) + b"id: %d\n" % event.sequence + last

    def of_end(self, status: Status) -> bytes:
        """What ends a run."""
        info = ErrorInfo()
        code = next((info.reason for one in status.details if one.Unpack(info)), CODES[status.code].name)
        return self._opening() + _sent({"type": "RUN_ERROR", "message": status.message, "code": code})

    def _opening(self) -> bytes:
        if self._has_begun:
            return b""
        self._has_begun = True
        given, name = self._request.input, self._session.name
        ids = {"threadId": given.thread_id or name, "runId": given.run_id or name}
        return _sent({"type": "RUN_STARTED", **ids, "protocolVersion": _VERSION})

    def _of_event(self, event: Event) -> Events:
        time = event.create_time.ToMilliseconds()
        for number, part in enumerate(parts_of(event) or [Part()]):
            first, *others = self._of_part(event, part, number)
            yield first | {"timestamp": time, "metadata": {"activity-session": _metadata(event, part)}}
            yield from others

    def _of_part(self, event: Event, part: Part, number: int) -> Events:
        place = str(MessageId(self._session.uid, event.sequence, number))
        if part.text is not None:
            yield from _text(place, part.text, self._role(event.author), event.author)
        elif part.tool_call:
            call = {"toolCallId": part.tool_call.id}
            arguments = orjson.dumps(part.tool_call.arguments).decode()
            yield {"type": "TOOL_CALL_START", **call, "toolCallName": part.tool_call.name, "parentMessageId": place}
            yield {"type": "TOOL_CALL_ARGS", **call, "delta": arguments}
            yield {"type": "TOOL_CALL_END", **call}
        elif part.tool_result:
            result = part.tool_result.result
            content = result if isinstance(result, str) else orjson.dumps(result).decode()
            ids = {"messageId": place, "toolCallId": part.tool_result.id}
            yield {"type": "TOOL_CALL_RESULT", **ids, "content": content}
        else:
            yield _custom(event)

    def _role(self, author: str) -> str:
        """Who is not a member now may be anybody: most are agents."""
        return self._roles.get(author, _ASSISTANT) if author else _SYSTEM


def _roles_of(session: Session) -> dict[str, str]:
    """The roles of those who are members."""
    return {one.participant: _ROLES.get(one.participant_type, _ASSISTANT) for one in session.participants}


def _text(place: str, text: str, role: str, author: str) -> Events:
    name = {"name": author.rpartition("/")[2]} if author else {}
    yield {"type": "TEXT_MESSAGE_START", "messageId": place, "role": role, **name}
    if text:
        yield {"type": "TEXT_MESSAGE_CONTENT", "messageId": place, "delta": text}
    yield {"type": "TEXT_MESSAGE_END", "messageId": place}


def _custom(event: Event) -> dict[str, Any]:
    name = event.type or event.media_type or ("mark" if event.HasField("supersession") else "event")
    return {"type": "CUSTOM", "name": name, "value": json_format.MessageToDict(event)}


def _metadata(event: Event, part: Part) -> dict[str, Any]:
    """What the protocol has no field for."""
    about = {"event": event.name, "sequence": str(event.sequence), "author": event.author, "type": event.type}
    return about | ({"isError": True} if part.tool_result and part.tool_result.is_error else {})


def _sent(event: Mapping[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(event) + b"\n\n"
