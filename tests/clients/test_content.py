"""The form in which events hold parts: written, read back, read by others, and read from what is broken."""

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activity_session import content, v1
from activity_session.content import MEDIA_TYPE, Content, File, Native, Other, Part, Text, ToolCall, ToolResult
from activity_session_server.http.ag_ui import parts as ag_ui
from activity_session_testing.drivers import ROOT
from activity_session_testing.servers import Client
from activity_session_testing.steps import new_session

AUTHOR = "namespaces/default/participants/ada"
PARTS = (
    Text("I look it up."),
    ToolCall("c1", "search", {"q": "京都", "n": 12345678901234567890}),
    ToolResult("c1", ["a", None]),
    ToolResult("c2", "no such tool", is_error=True),
    File("https://example.com/a.pdf", "application/pdf", "a.pdf", 7),
    File("s3://b/c"),
    Other({"image": {"uri": "x"}}),
)
SAID = """\
I look it up.
[call c1 of search: {"q":"京都","n":12345678901234567890}]
[result of call c1: ["a",null]]
[error of call c2: no such tool]
[file a.pdf application/pdf https://example.com/a.pdf]
[file s3://b/c]"""

NAMED = st.text(max_size=3)
# No key is a member that is known.
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | NAMED,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMED, inner, max_size=2),
    max_leaves=3,
)
KINDS = st.one_of(
    st.builds(Text, st.text() | st.text().map("{}\ud83d".format)),
    st.builds(ToolCall, NAMED, NAMED, JSON),
    st.builds(ToolResult, NAMED, JSON, st.booleans()),
    st.builds(File, NAMED, NAMED, NAMED, st.none() | st.integers(0)),
    st.builds(Other, JSON),
)
any_value = settings(deadline=None, max_examples=100)


def event_of(text: str, media_type: str = MEDIA_TYPE) -> v1.Event:
    return v1.Event(text=text, media_type=media_type)


@any_value
@given(st.lists(KINDS, max_size=4), st.none() | st.builds(Native, st.text(), st.binary() | st.text().map(str.encode)))
def test_what_is_written_is_read(parts: list[Part], native: Native | None) -> None:
    event = content.write(v1.Event(), parts, native)
    assert content.read(v1.Event.FromString(event.SerializeToString())) == Content(tuple(parts), native)
    assert native is None or content.native_of(event, native.format) == native.data
    assert content.native_of(event, "of another framework") is None
    assert v1.Event(text=content.as_text(event)).text == content.as_text(event), "UTF-8 can encode it"


@any_value
@given(st.text())
def test_any_text_is_read_without_an_error(text: str) -> None:
    for whole in (text, f'{{"parts":[{text}', f'{{"parts":[{{"text":"a"}},{text}', f'{{"native":{text}}}'):
        for event in (event_of(whole), v1.Event(blob=whole.encode(), media_type=MEDIA_TYPE)):
            content.as_text(event)
            native = content.read(event).native
            assert content.native_of(event, native.format if native else "") == (native and native.data)


@any_value
@given(JSON, JSON)
def test_any_json_is_read_and_no_part_is_lost(value: Any, native: Any) -> None:
    assert content.read(event_of(json.dumps(value))) == Content()
    read = content.read(event_of(json.dumps({"parts": [value, {"text": "a"}], "native": native})))
    assert read == Content((Other(value), Text("a")))


def test_one_text_alone_is_plain_text() -> None:
    event = v1.Event(media_type=MEDIA_TYPE)
    assert content.write(event, [Text("Hello\0")]) is event
    assert event == v1.Event(text="Hello\0")
    assert content.read(event) == Content((Text("Hello\0"),))
    assert content.write(v1.Event(), [Text("Hello")], Native("f", b"")).media_type == MEDIA_TYPE


def kept(stubs: Client, event: v1.Event) -> v1.Event:
    """Append an event, and return it as the server has it."""
    session = new_session(stubs, "namespaces/default").name
    (appended,) = stubs.events.AppendEvents(v1.AppendEventsRequest(parent=session, events=[event])).events
    return stubs.events.GetEvent(v1.GetEventRequest(name=appended.name))


@pytest.mark.parametrize(
    "data", [b"", b'{"a": 1.10, "a":\r\n2}', b"\xff\0", "京\ud7ff\U0001f600\0".encode(), bytes(range(256))], ids=repr
)
def test_the_form_of_a_framework_comes_back_byte_for_byte(data: bytes, stubs: Client) -> None:
    native = Native("adk", data)
    assert content.read(kept(stubs, content.write(v1.Event(), PARTS, native))) == Content(PARTS, native)


def test_other_agents_are_told_in_text() -> None:
    event = content.write(v1.Event(author=AUTHOR), PARTS, Native("f", b"not told"))
    assert content.as_text(event) == SAID
    assert content.as_text(event, with_author=True) == f"ada: {SAID}"
    assert content.as_text(v1.Event(text="Hi"), with_author=True) == "Hi"
    assert content.as_text(content.write(v1.Event(author=AUTHOR), [Other(1)]), with_author=True) == ""
    assert content.as_text(content.write(v1.Event(), [Text("a\ud83d"), Text("\ude00b")])) == "a\ufffd\n\ufffdb"


@pytest.mark.parametrize(
    ("event", "parts"),
    [
        (v1.Event(), ()),
        (v1.Event(text="# A", media_type="text/markdown; charset=utf-8"), (Text("# A"),)),
        (v1.Event(text="{}", media_type="application/json"), ()),
        (v1.Event(blob=b"\xff", media_type="image/png"), ()),
        (v1.Event(blob=b"text"), ()),
        (v1.Event(media_type=MEDIA_TYPE), ()),
        (v1.Event(blob=b'{"parts":[{"text":"a"}]}', media_type=MEDIA_TYPE), (Text("a"),)),
        (event_of('{"parts":[{"text":"a"}]}', " Application/vnd.Activity-Session.parts+JSON ;v=1"), (Text("a"),)),
    ],
)
def test_content_is_what_its_media_type_says(event: v1.Event, parts: tuple[Part, ...]) -> None:
    assert content.read(event) == Content(parts)


@pytest.mark.parametrize(
    "value",
    [
        {"tool_call": "search"},
        {"tool_call": {"id": "c1"}},
        {"tool_call": {"id": 1, "name": "f"}},
        {"tool_result": {"result": 1}},
        {"tool_result": []},
        {"file": {"name": "a"}},
        {"text": 5},
        {},
        "a",
        None,
        [[]],
    ],
)
def test_a_part_that_is_not_known_is_kept_and_not_told(value: Any) -> None:
    event = event_of(json.dumps({"parts": [{"text": "a"}, value, {"text": "b"}]}))
    assert content.read(event).parts == (Text("a"), Other(value), Text("b"))
    assert content.as_text(event) == "a\nb"
    assert json.loads(content.write(v1.Event(), content.read(event).parts).text) == json.loads(event.text)


def test_what_a_part_has_besides_is_read_where_it_fits() -> None:
    known = {"uri": "u", "media_type": 1, "name": [], "size": True}
    parts = [{"text": "a", "style": "b"}, {"file": known}, {"tool_result": {"id": "c", "is_error": "yes"}}]
    assert content.read(event_of(json.dumps({"parts": parts}))).parts == (Text("a"), File("u"), ToolResult("c"))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ()),
        ("null", ()),
        ("[]", ()),
        ('{"parts":{}}', ()),
        ('{"parts":[{"text":"a"},{"text":"b', (Text("a"),)),
        ('{"parts":[{"text":"a"}]', (Text("a"),)),
        ('{"parts": [ {"text":"a"} , {"text":"b"}], "native": {"for', (Text("a"), Text("b"))),
        ('{"parts":[{"text":"a"},' + '{"a":' * 100_000, (Text("a"),)),
        ('{"parts":[{"text":"a"},' + "9" * 5000 + "]}", (Text("a"),)),
    ],
    ids=lambda value: str(value)[:40],
)
def test_of_what_is_broken_the_parts_before_the_break_are_read(text: str, parts: tuple[Part, ...]) -> None:
    assert content.read(event_of(text)) == Content(parts)


@pytest.mark.parametrize(
    "native",
    [
        1,
        {"format": "f"},
        {"format": "f", "base64": "?"},
        {"format": "f", "base64": "é"},
        {"format": "f", "text": "\ud83d"},
    ],
)
def test_a_form_that_is_broken_leaves_the_parts(native: Any) -> None:
    event = event_of(json.dumps({"parts": [{"text": "a"}], "native": native}))
    assert content.read(event) == Content((Text("a"),))


def test_nesting_of_any_depth_is_told_without_an_error() -> None:
    for depth in range(100, 3000, 7):
        call = '{"tool_call":{"id":"c","name":"f","arguments":' + "[" * depth + "]" * depth + "}}"
        assert content.as_text(event_of(f'{{"parts":[{{"text":"a"}},{call}]}}')).startswith("a")


@pytest.mark.parametrize("value", [float("inf"), float("nan"), {1}, object()])
def test_what_is_not_json_is_not_written(value: Any) -> None:
    event = v1.Event()
    with pytest.raises((TypeError, ValueError)):
        content.write(event, [ToolResult("c", value)])
    assert event == v1.Event()


def test_the_server_shows_agents_of_ag_ui_the_same() -> None:
    parts = ag_ui.parts_of(content.write(v1.Event(), PARTS, Native("f", b"\xff")))
    assert parts is not None
    assert [part.text for part in parts if part.text] == ["I look it up."]
    assert [part.tool_call.name for part in parts if part.tool_call] == ["search"]
    assert [(part.tool_result.id, part.tool_result.is_error) for part in parts if part.tool_result] == [
        ("c1", False),
        ("c2", True),
    ]
    assert len(parts) == len(PARTS)


def test_the_examples_of_the_page_are_what_is_read_and_written() -> None:
    page = (ROOT / "docs/content.md").read_text()
    (whole,) = re.findall(r"^```json\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    event = v1.Event()
    (example,) = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    exec(example, (scope := {"event": event}))
    assert json.loads(event.text) == json.loads(whole)
    assert scope["event"] is event
