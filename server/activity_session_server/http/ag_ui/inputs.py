"""Where a run begins: what its client has of the session already."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

from google.protobuf.message import Message
from pydantic import BaseModel, Field, ValidationError

from activity_session_server.http import parsing
from activity_session_server.http.requests import Body, JsonRequest, inflated
from activity_session_server.rules.errors import invalid
from activity_session_server.rules.limits import Limits
from activity_session_server.rules.problems import Problem, Violation

R = TypeVar("R", bound=Message)
_ID = re.compile(r"(?P<uid>[^/]+)/(?P<sequence>[1-9][0-9]{0,17})(?:/[0-9]+)?")


class _Message(BaseModel):
    id: str = ""


class Input(BaseModel):
    """AG-UI's RunAgentInput, as far as it matters here."""

    thread_id: str = Field(default="", alias="threadId")
    run_id: str = Field(default="", alias="runId")
    messages: Sequence[_Message] = ()


class MessageId(NamedTuple):
    """The id of a message in AG-UI, in which the place of its event is; part 0 is the whole event."""

    uid: str
    sequence: int
    part: int = 0

    def __str__(self) -> str:
        return f"{self.uid}/{self.sequence}" + (f"/{self.part}" if self.part else "")


class RunRequest:
    """An `edge.Unread`: the WatchSession by which a run follows a session."""

    def __init__(self, request: JsonRequest, body: Body, uid: str) -> None:
        """`request` is what the path, the query and the headers say, `body` the input, `uid` that of the session."""
        self._request = request
        self._body = body
        self._uid = uid
        self.input = Input()

    def __len__(self) -> int:
        return self._body.size

    def read(self, request_type: type[R], limits: Limits) -> R:
        """The message: after what it names, or else after the newest message that the client has.

        Raises:
            ServiceError: INVALID_FIELD, LIMIT_EXCEEDED.
        """
        request: Any = self._request.read(request_type, limits)
        if self._body.raw:
            self.input = _input_of(parsing.parsed(inflated(self._body, limits), limits))
        request.uid = request.uid or self._uid
        request.after_sequence = request.after_sequence or self._newest()
        return request  # type: ignore[no-any-return]  # fields of it were set

    def _newest(self) -> int:
        found = (_ID.fullmatch(message.id) for message in self.input.messages)
        return max((int(one["sequence"]) for one in found if one and one["uid"] == self._uid), default=0)


def _input_of(value: Any) -> Input:
    try:
        return Input.model_validate(value)
    except ValidationError as error:
        violations = [
            Violation(".".join(map(str, one["loc"])) or "request", Problem(f"of AG-UI's RunAgentInput: {one['msg']}"))
            for one in error.errors(include_input=False, include_url=False)
        ]
        raise invalid(violations) from None
