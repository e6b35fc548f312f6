"""Which RPC a path and a method of HTTP mean, by the annotations of the protos (google/api/http.proto)."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote

from google.api import annotations_pb2

from activity_session_server.rules.errors import invalid_field

_VARIABLE = re.compile(r"\{([\w.]+)(?:=([^}]*))?\}")
_ANY = "*"
_SLASH = re.compile("%(2[fF])")
# In a node of the tree, where the bindings of a whole path are.
_END = ""


class Variable(NamedTuple):
    """The part of a path that is the value of a field: its segments from `start` on, before `end`."""

    field: tuple[str, ...]
    start: int
    end: int


class Binding(NamedTuple):
    """One method and path of an RPC; `body` is the field that the body is, `*` for all that are not in the path."""

    rpc: str
    method: str
    segments: tuple[str, ...]
    variables: tuple[Variable, ...]
    body: str

    @property
    def verb(self) -> str:
        """The custom verb after the value of a last segment, with its colon; empty for none."""
        last = self.segments[-1]
        return last.removeprefix(_ANY) if last.startswith(_ANY) else ""

    def value(self, variable: Variable, segments: Sequence[str]) -> str:
        """The value of a field in a path.

        Raises:
            ServiceError: INVALID_FIELD: it is not UTF-8.
        """
        given = "/".join(segments[variable.start : variable.end])
        if self.verb and variable.end == len(segments):
            given = given.removesuffix(self.verb)
        if variable.end - variable.start > 1:
            # Of several segments this is not a slash: which are separate would be lost.
            given = _SLASH.sub(r"%25\1", given)
        try:
            return unquote(given, errors="strict")
        except UnicodeDecodeError:
            raise invalid_field(".".join(variable.field), "it is not UTF-8, percent-encoded") from None


class Found(NamedTuple):
    """What is at a path: the bindings by their methods; and the segments of that path, as they came."""

    by_method: Mapping[str, Binding]
    segments: Sequence[str]


class Bindings:
    """The bindings of some RPCs, as a tree of the segments of their paths."""

    def __init__(self, bindings: Iterable[Binding]) -> None:
        self._root: dict[str, Any] = {}
        for binding in bindings:
            node = self._root
            for segment in binding.segments:
                node = node.setdefault(segment, {})
            by_method = node.setdefault(_END, {})
            if by_method.setdefault(binding.method, binding) is not binding:
                raise ValueError(f"{binding.rpc} and {by_method[binding.method].rpc} have the same path")

    def find(self, path: str) -> Found | None:
        """What is at a path, which is given as it came: percent-encoded, without its query."""
        segments = path.split("/")[1:]
        by_method = _walk(self._root, segments, 0)
        return None if by_method is None else Found(by_method, segments)


def bindings_of(rpc: str, method: Any) -> Iterator[Binding]:
    """The bindings of an RPC, of which the method is the descriptor.

    Raises:
        ValueError: a template has what no path of this API needs.
    """
    rule = method.GetOptions().Extensions[annotations_pb2.http]
    for one in (rule, *rule.additional_bindings):
        kind = one.WhichOneof("pattern")
        if kind == "custom" or one.response_body:
            raise ValueError(f"{rpc}: neither custom methods nor response_body are served")
        yield binding_of(rpc, kind.upper(), getattr(one, kind), one.body)


def binding_of(rpc: str, method: str, template: str, body: str = "") -> Binding:
    """The binding of an RPC at the paths of a template.

    Raises:
        ValueError: the template has what no path of this API needs.
    """
    return Binding(rpc, method, *_parsed(template), body)


def _parsed(template: str) -> tuple[tuple[str, ...], tuple[Variable, ...]]:
    if "**" in template:
        raise ValueError(f"{template}: ** is not served")
    variables = []
    for match in _VARIABLE.finditer(template):
        start = _plain(template[: match.start()]).count("/") - 1
        length = (match[2] or _ANY).count("/") + 1
        variables.append(Variable(tuple(match[1].split(".")), start, start + length))
    return tuple(_plain(template).split("/")[1:]), tuple(variables)


def _plain(template: str) -> str:
    """A template without the names of its variables."""
    return _VARIABLE.sub(lambda match: match[2] or _ANY, template)


def _walk(node: Mapping[str, Any], segments: Sequence[str], at: int) -> Mapping[str, Binding] | None:
    if at == len(segments):
        return node.get(_END)
    for key in _keys(segments[at], is_last=at == len(segments) - 1):
        child = node.get(key)
        if child is not None and (found := _walk(child, segments, at + 1)) is not None:
            return found
    return None


def _keys(segment: str, *, is_last: bool) -> Iterator[str]:
    """Under which names a segment may stand in the tree; what is literal comes first."""
    if not segment:
        return
    yield unquote(segment) if "%" in segment else segment
    if is_last and ":" in segment:
        yield f"{_ANY}:{segment.rpartition(':')[2]}"
    yield _ANY
