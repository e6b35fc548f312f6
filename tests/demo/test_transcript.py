"""How the demo reads a chat."""

import json
from pathlib import Path
from typing import Any

import pytest

from activity_session_demo.transcript import (
    AGENT,
    FORMATS,
    USER,
    TranscriptError,
    id_of,
    nicks,
    parse_line,
    read_transcript,
    type_of,
)
from activity_session_server.rules.names import id_problem

SLACK = [
    {"type": "message", "subtype": "channel_join", "user": "U1", "text": "<@U1> has joined", "ts": "1269075600.1"},
    {"type": "message", "user": "U1", "user_profile": {"name": "kim"}, "text": "hello\nall", "ts": "1269075601.1"},
    {"type": "message", "subtype": "bot_message", "username": "fernbot", "bot_id": "B1", "text": "31 °C"},
    {"type": "message", "text": "by nobody \ud83d"},
]
DISCORD = {
    "guild": {"name": "greenhouse"},
    "messages": [
        {"type": "GuildMemberJoin", "content": "Joined.", "author": {"id": "1", "name": "kim", "isBot": False}},
        {"type": "Default", "content": "hello", "author": {"id": "1", "name": "kim", "isBot": False}},
    ],
}


@pytest.mark.parametrize(
    ("text", "kind", "nick"),
    [
        ("[09:00] <kim> hello", "message", "kim"),
        ("[09:00] <kim>", "message", "kim"),
        ("[09:00] <Time`s_Witness> hello", "message", "Time`s_Witness"),
        ("[09:00] <小林> おはよう", "message", "小林"),
        ("[09:00] <kim> * lee waves", "message", "kim"),
        ("[09:00] <kim> === lee has joined #here", "message", "kim"),
        ("[09:00] * kim waves", "action", "kim"),
        ("[09:00]  * kim waves", "action", "kim"),
        ("[09:00]  * kim === lee has joined #here", "action", "kim"),
        ("=== kim has joined #here", "join", "kim"),
        ("[09:00] === kim has joined #here", "join", "kim"),
        ("=== kim [~kim@example.org] has joined #here", "join", "kim"),
        ("=== kim has left #here", "system", ""),
        ("=== kim is now known as lee", "system", ""),
        ("[09:00] === kim is now known as lee", "system", ""),
        ("<kim> hello", "system", ""),
        ("", "system", ""),
    ],
)
def test_a_line_has_a_kind_and_a_nick(text: str, kind: str, nick: str) -> None:
    assert parse_line(7, text) == (7, text, kind, nick)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        # irssi
        ("09:00 <@kim> hello", "message"),
        ("09:00 < kim> hello", "message"),
        ("09:00:01  * kim waves", "action"),
        ("09:00 -!- kim [~kim@example.org] has joined #here", "join"),
        # mIRC and HexChat
        ("[09:00:01] <+kim> hello", "message"),
        ("[09:00] * kim (~kim@example.org) has joined #here", "join"),
        ("[09:00] *** kim (~kim@example.org) has joined #here", "join"),
        ("[09:00] * kim waves", "action"),
        ("Mar 20 09:00:01 <kim>\thello", "message"),
        ("Mar 20 09:00:01 *\tkim waves", "action"),
        # energymech
        ("[09:00:01] *** Joins: kim (~kim@example.org)", "join"),
        ("[09:00:01] * kim waves", "action"),
        # WeeChat
        ("2010-03-20 09:00:01\t@kim\thello", "message"),
        ("2010-03-20 09:00:01\t *\tkim waves", "action"),
        ("2010-03-20 09:00:01\t-->\tkim (~kim@example.org) has joined #here", "join"),
        # times
        ("2010-03-20T09:00:01+0000 <kim> hello", "message"),
        ("[2010-03-20 09:00:01.123] <kim> hello", "message"),
        ("(20.03.2010 9:00 AM) <kim> hello", "message"),
    ],
)
def test_the_forms_of_other_programs(text: str, kind: str) -> None:
    assert parse_line(1, text)[2:] == (kind, "kim")


@pytest.mark.parametrize(
    "text",
    [
        "--- Log opened Sat Mar 20 09:00:00 2010",
        "09:00 -!- kim [~kim@example.org] has quit [bye]",
        "2010-03-20 09:00:01\t<--\tkim (~kim@example.org) has left #here",
        "2010-03-20 09:00:01\t--\tMode #here [+o kim] by lee",
        "* a point of a list",
        "<html>",
    ],
)
def test_what_nobody_has_said(text: str) -> None:
    assert parse_line(1, text)[2:] == ("system", "")


@pytest.mark.parametrize(
    ("nick", "id_"),
    [
        ("kim/away", "kim%2Faway"),
        ("100%", "100%25"),
        ("\x0304kim", "%0304kim"),
        (" kim ", "%20kim%20"),
        ("-", "%2D"),
        ("ame\u0301lie", "amélie"),
        ("小林", "小林"),
        ("x" * 300, "x" * 255),
    ],
)
def test_a_nick_becomes_an_id(nick: str, id_: str) -> None:
    assert id_of(nick) == id_
    assert id_problem(id_) is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_encodings(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "transcript.txt"
    path.write_bytes("[09:00] <小林> おはよう\n[09:01] <lee> hi\n".encode(encoding))
    assert [(line.nick, line.text) for line in read_transcript(path)] == [
        ("小林", "[09:00] <小林> おはよう"),
        ("lee", "[09:01] <lee> hi"),
    ]


@pytest.mark.parametrize(
    ("export", "lines"),
    [
        (
            SLACK,
            [
                (1, "<@U1> has joined", "join", "U1"),
                (2, "hello\nall", "message", "kim"),
                (3, "31 °C", "message", "fernbot"),
                (4, "by nobody ?", "system", ""),
            ],
        ),
        (DISCORD, [(1, "Joined.", "join", "kim"), (2, "hello", "message", "kim")]),
    ],
)
def test_the_exports_of_slack_and_discord(tmp_path: Path, export: Any, lines: list[tuple[Any, ...]]) -> None:
    path = tmp_path / "export.json"
    path.write_text(json.dumps(export))
    assert read_transcript(path) == lines


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "it is empty"),
        (b"# Minutes\n\n- kim: hello\n", "no line of a chat in it; the first is '# Minutes'"),
        (b"x" * 1000, f"no line of a chat in it; the first is '{'x' * 80}'"),
        ("[09:00] <kim> hi".encode("utf-16-le"), "no line of a chat in it; the first is '[\\x000\\x009\\x00:"),
        (b'[{"type": "message"}]', "no line of a chat in it; the first is '[{"),
        (b'{"messages": 5}', "no line of a chat in it; the first is '{"),
        (b"[[]]", "no line of a chat in it; the first is '[[]]'"),
        (b"[" * 100_000, "no line of a chat in it; the first is '[["),
    ],
)
def test_a_file_without_a_chat_is_refused_in_one_line(tmp_path: Path, content: bytes, found: str) -> None:
    path = tmp_path / "notes of kim.txt"
    path.write_bytes(content)
    with pytest.raises(TranscriptError) as raised:
        read_transcript(path)
    said = str(raised.value)
    assert said.startswith(f"{path}: {found}")
    assert "\n" not in said
    assert not [name for name in [*FORMATS, "Slack", "Discord", "UTF-16"] if name not in said]


def test_every_line_is_kept_to_the_last_character(tmp_path: Path) -> None:
    content = "[09:00] <kim> two  spaces \r\n\n\t\u2028 === \n"
    path = tmp_path / "transcript.txt"
    path.write_bytes(content.encode())
    lines = read_transcript(path)
    assert [line.number for line in lines] == [1, 2, 3]
    assert "".join(f"{line.text}\n" for line in lines) == content


def test_a_file_need_not_end_with_a_line_break(tmp_path: Path) -> None:
    path = tmp_path / "transcript.txt"
    path.write_text("[09:00] <kim> hello\n[09:01] <lee> hi")
    assert [line.nick for line in read_transcript(path)] == ["kim", "lee"]


def test_a_nick_that_only_acts_or_joins_takes_part_too() -> None:
    texts = ["=== c has joined #here", "[09:00] <b> x", "[09:00] * a x", "[09:00] <b> y", "=== d has left #here"]
    assert nicks([parse_line(number, text) for number, text in enumerate(texts)]) == ["c", "b", "a"]


@pytest.mark.parametrize("nick", ["ubottu", "fernbot", "FloodBot3", "BOT"])
def test_a_bot_is_an_agent(nick: str) -> None:
    assert type_of(nick) == AGENT


@pytest.mark.parametrize("nick", ["kim", "botany", "bottom", ""])
def test_others_are_users(nick: str) -> None:
    assert type_of(nick) == USER


def test_an_event_is_its_line() -> None:
    event = parse_line(37, "[09:00]  * kim waves").event("namespaces/n")
    assert (event.event_id, event.author) == ("line-000037", "namespaces/n/participants/kim")
    assert (event.type, event.text, dict(event.labels)) == ("action", "[09:00]  * kim waves", {"line": "37"})


def test_the_event_of_a_system_line_has_no_author() -> None:
    assert parse_line(1, "=== kim has left #here").event("namespaces/n").author == ""
