"""The rules of names and ids, as functions."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activity_session_server.rules import names, problems
from activity_session_server.rules.names import Kind

KINDS = list(Kind)
CONTROLS = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0))]
TEXTS = st.text(max_size=300)
PATTERNS = {
    Kind.NAMESPACE: "namespaces/{namespace}",
    Kind.PARTICIPANT: "namespaces/{namespace}/participants/{participant}",
    Kind.SESSION: "namespaces/{namespace}/sessions/{session}",
    Kind.EVENT: "namespaces/{namespace}/sessions/{session}/events/{event}",
    Kind.MEMORY: "namespaces/{namespace}/sessions/{session}/memories/{memory}",
}
IDS = TEXTS.map(lambda text: unicodedata.normalize("NFC", text)).filter(lambda text: names.id_problem(text) is None)


def first_of(kind: Kind, *ids: str) -> tuple[str, ...]:
    """Return as many of the ids as a name of that kind has."""
    return ids[: PATTERNS[kind].count("{")]


def is_id(text: str) -> bool:
    """Return whether a text is an id, by a definition that is independent of the code."""
    return (
        1 <= len(text) <= 255
        and text != "-"
        and "/" not in text
        and not any(unicodedata.category(character) == "Cc" for character in text)
        and not text[0].isspace()
        and not text[-1].isspace()
        and unicodedata.normalize("NFC", text) == text
    )


@given(TEXTS)
def test_what_is_an_id(text: str) -> None:
    assert (names.id_problem(text) is None) == is_id(text)


@pytest.mark.parametrize("character", CONTROLS, ids=ascii)
def test_no_control_character_is_part_of_an_id(character: str) -> None:
    for text in (f"a{character}b", character, f"{character}a", f"a{character}"):
        assert names.id_problem(text) is not None


@pytest.mark.parametrize("length", [1, 254, 255])
@pytest.mark.parametrize("character", ["a", "é", "会", "😀"])
def test_the_length_of_an_id_is_counted_in_characters(character: str, length: int) -> None:
    assert names.id_problem(character * length) is None
    problem = names.id_problem(character * 256)
    assert problem is not None
    assert (problem.limit, problem.size) == (255, 256)


@pytest.mark.parametrize("text", ["", "-", "a/b", " a", "a\u00a0", "e\u0301"])
def test_what_is_malformed_has_no_limit(text: str) -> None:
    problem = names.id_problem(text)
    assert problem is not None
    assert (problem.limit, problem.size) == (None, None)


@pytest.mark.parametrize("text", ["--", "-a", "a-", ".", "..", "*", "\u200b", "a b", "a\u00a0b", "\ufeff"])
def test_ids_that_only_look_odd(text: str) -> None:
    assert names.id_problem(text) is None


@given(st.sampled_from(KINDS), IDS, IDS, IDS)
def test_a_name_gives_back_the_ids_it_was_made_of(kind: Kind, first: str, second: str, third: str) -> None:
    ids = first_of(kind, first, second, third)
    name = names.format_name(kind, *ids)
    assert names.problem(kind, name) is None
    assert names.ids_of(name) == ids


@given(IDS, IDS, IDS)
def test_a_name_is_of_one_kind_only(first: str, second: str, third: str) -> None:
    for kind in KINDS:
        name = names.format_name(kind, *first_of(kind, first, second, third))
        assert [other for other in KINDS if names.problem(other, name) is None] == [kind]
        assert names.kind_of(name) is kind


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not Kind.NAMESPACE])
def test_a_name_begins_with_that_of_its_parent(kind: Kind) -> None:
    ids = first_of(kind, "a", "b", "c")
    parent_kind = names.kind_of_parent(kind)
    assert parent_kind is not None
    parent = names.format_name(parent_kind, *ids[:-1])
    assert names.parent_of(names.format_name(kind, *ids)) == parent


def test_a_namespace_has_no_parent() -> None:
    assert names.kind_of_parent(Kind.NAMESPACE) is None


def test_any_stands_for_the_last_id_only_and_only_where_it_may() -> None:
    for name, may in (("namespaces/a/sessions/-", True), ("namespaces/-/sessions/b", False)):
        assert names.problem(Kind.SESSION, name) is not None
        assert (names.problem(Kind.SESSION, name, any_of_it=True) is None) == may
    assert names.problem(Kind.SESSION, "namespaces/a/sessions/b", any_of_it=True) is None


@given(st.sampled_from(KINDS), TEXTS)
def test_any_text_is_judged_without_an_error(kind: Kind, text: str) -> None:
    problem = names.problem(kind, text)
    assert problem is None or problem.text
    if problem is None:
        assert names.format_name(kind, *names.ids_of(text)) == text


@given(st.sampled_from(KINDS), TEXTS, TEXTS, TEXTS)
def test_a_name_is_as_good_as_its_ids(kind: Kind, first: str, second: str, third: str) -> None:
    ids = first_of(kind, first, second, third)
    is_good = names.problem(kind, names.format_name(kind, *ids)) is None
    assert is_good == all(names.id_problem(id_) is None for id_ in ids)


@pytest.mark.parametrize(("kind", "pattern"), PATTERNS.items())
def test_the_form_is_told_where_it_is_missed(kind: Kind, pattern: str) -> None:
    assert names.pattern(kind) == pattern
    problem = names.problem(kind, "nonsense")
    assert problem is not None
    assert pattern in problem.text


def test_every_kind_has_a_form() -> None:
    assert set(PATTERNS) == set(KINDS)


@given(st.text(max_size=5000))
def test_a_text_is_shown_short_and_on_one_line(text: str) -> None:
    shown = problems.shown(text)
    assert not any(unicodedata.category(character) == "Cc" for character in shown)
    # Sixty characters, each at most as long as \U0010ffff, and the quotes.
    assert len(shown) <= 602


@given(TEXTS)
def test_free_texts_have_any_form_and_ids_are_nfc(text: str) -> None:
    has_control = any(unicodedata.category(character) == "Cc" for character in text)
    is_nfc = unicodedata.normalize("NFC", text) == text
    assert (names.nul_problem(text) is None) == ("\0" not in text)
    assert (names.line_problem(text) is None) == (not has_control)
    assert (names.exact_problem(text) is None) == (is_nfc and not has_control)


@pytest.mark.parametrize("text", ["secret\t", "secret e\u0301", "secret/b", " secret"])
def test_a_value_is_shown_to_the_caller_alone(text: str) -> None:
    for problem in (names.id_problem(text), names.problem(Kind.NAMESPACE, text)):
        assert problem is not None
        assert repr(text) in problem.message
        assert "secret" not in problem.text


@pytest.mark.parametrize("key", ["a", "Z", "0", "a.b/c-d_e", "x" * 63, "9/"])
def test_label_keys(key: str) -> None:
    assert names.is_label_key(key)


@pytest.mark.parametrize("key", ["", "_a", "-a", ".a", "/a", "x" * 64, "a b", "é", "a\n", "a:b", "\u0661", 'a"'])
def test_what_is_no_label_key(key: str) -> None:
    assert not names.is_label_key(key)
