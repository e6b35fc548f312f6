"""The OpenAPI document of the API over HTTP."""

from functools import cache
from importlib import resources


@cache
def document() -> bytes:
    """The document, as JSON; `make generate` makes it of the protos."""
    return resources.files(__package__).joinpath("openapi.json").read_bytes()
