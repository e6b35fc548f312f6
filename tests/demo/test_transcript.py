"""How the demo reads a chat."""

from pathlib import Path

import pytest

from activity_session_demo.transcript import AGENT, USER, nicks, parse_line, read_transcript, type_of


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
