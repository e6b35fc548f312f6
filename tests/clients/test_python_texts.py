"""Text that UTF-8 cannot encode: a message of the Python client refuses it with the name of the field."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import grpc
import pytest

import activity_session
from activity_session import aio, v1
from activity_session_testing.drivers import ROOT
from activity_session_testing.places import places
from activity_session_testing.rpcs import RPCS

HALF = "half an emoji \ud83d"


def _as_dicts(*texts: str) -> Any:
    """Events as protobuf takes them too."""
    return [{"text": text} for text in texts]


GIVEN: list[tuple[Callable[[], Any], str]] = [
    (lambda: v1.Session(description=HALF), "Session.description"),
    (lambda: v1.Session(labels={"title": HALF}), "Session.labels.title"),
    (lambda: v1.Session(labels={HALF: "a"}), "Session.labels"),
    (lambda: v1.GetStateRequest(keys=["a", HALF]), "GetStateRequest.keys[1]"),
    (lambda: v1.Event(text=HALF), "Event.text"),
    (lambda: v1.AppendEventsRequest(events=_as_dicts("a", HALF)), "AppendEventsRequest.events[1].text"),
    (lambda: setattr(v1.Event(), "type", HALF), "Event.type"),
    (lambda: setattr(v1.CreateSessionRequest().session, "data", HALF), "Session.data"),
]


@pytest.mark.parametrize(("make", "path"), GIVEN, ids=[path for _, path in GIVEN])
def test_it_is_refused_with_its_field(make: Callable[[], Any], path: str) -> None:
    with pytest.raises(UnicodeEncodeError) as refused:
        make()
    assert str(refused.value).endswith(f"surrogates not allowed, in {path}")


@pytest.mark.parametrize("name", RPCS)
def test_each_request_names_each_of_its_texts(name: str) -> None:
    request_class = getattr(v1, RPCS[name].request_class.DESCRIPTOR.name)
    for place in places(request_class):
        if len(place.fields) > 1 or place.field.is_repeated:
            continue
        for give in (lambda field: request_class(**{field: HALF}), lambda field: setattr(request_class(), field, HALF)):
            with pytest.raises(UnicodeEncodeError, match=rf"in {request_class.DESCRIPTOR.name}\.{place.path}$"):
                give(place.path)


def test_other_mistakes_are_told_as_they_were() -> None:
    with pytest.raises(ValueError, match="nonsense"):
        v1.Session(nonsense=HALF)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        v1.Session(description=1)  # type: ignore[arg-type]
    with pytest.raises(AttributeError):
        v1.Session().nonsense = HALF  # type: ignore[attr-defined]


def test_a_watch_names_it_too() -> None:
    with grpc.insecure_channel("127.0.0.1:1") as channel, pytest.raises(UnicodeEncodeError, match=r"Request\.name$"):
        activity_session.watch(channel, HALF)


def test_so_does_a_watch_with_asyncio() -> None:
    async def watch() -> None:
        async with aio.connect("127.0.0.1:1") as channel:
            await anext(aio.watch(channel, HALF))

    with pytest.raises(UnicodeEncodeError, match=r"Request\.name$"):
        asyncio.run(watch())


def test_the_other_implementation_of_protobuf_names_it_too() -> None:
    code = "from activity_session import v1; v1.Session(labels={'title': '\\ud83d'})"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "python"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "surrogates not allowed, in Session.labels.title" in done.stderr
