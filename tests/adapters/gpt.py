"""A script in the place of a model of the OpenAI Agents SDK."""

from collections.abc import Callable
from typing import Any

from agents import Model, ModelResponse, Usage
from openai.types.responses import ResponseFunctionToolCall, ResponseOutputMessage, ResponseOutputText


class Gpt(Model):
    """A model of the OpenAI Agents SDK; the script gets all items that it is told, and returns one."""

    def __init__(self, script: Callable[[list[Any]], Any]) -> None:
        self._script = script

    async def get_response(self, *_: Any, **told: Any) -> ModelResponse:
        return ModelResponse(output=[self._script(told["input"])], usage=Usage(), response_id=None)

    def stream_response(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError


def message(text: str) -> ResponseOutputMessage:
    """What a model of the OpenAI Agents SDK says."""
    said = ResponseOutputText(type="output_text", text=text, annotations=[])
    return ResponseOutputMessage(id="m", type="message", role="assistant", status="completed", content=[said])


def call(id_: str, name: str, arguments: str = "{}") -> ResponseFunctionToolCall:
    """What it asks a tool."""
    return ResponseFunctionToolCall(type="function_call", call_id=id_, name=name, arguments=arguments)
