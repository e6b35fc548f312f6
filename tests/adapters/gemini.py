"""A script in the place of a model of ADK."""

from collections.abc import AsyncGenerator, Callable
from typing import Any

from google.adk.models import BaseLlm
from google.adk.models.llm_request import LlmRequest
from google.adk.models.llm_response import LlmResponse
from google.genai import types


class Gemini(BaseLlm):
    """A model of ADK; the script gets all parts that it is told, and returns one, or several that are said at once."""

    script: Callable[[list[types.Part]], types.Part | list[types.Part]]

    async def generate_content_async(
        self, llm_request: LlmRequest, *_: Any, **__: Any
    ) -> AsyncGenerator[LlmResponse, None]:
        said = self.script([part for each in llm_request.contents for part in each.parts or []])
        yield LlmResponse(content=types.Content(role="model", parts=said if isinstance(said, list) else [said]))
