"""Ids of any text, by the table that the clients of all languages are tested with, and by any text."""

import hashlib
import json
import re
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from activity_session import names, v1
from activity_session_server.rules.limits import LABEL_VALUE_CHARACTERS
from activity_session_server.rules.names import Kind, id_problem, is_label_key, line_problem, problem
from activity_session_testing.drivers import ROOT
from activity_session_testing.servers import Client

TABLE = json.loads((ROOT / "tests/clients/names.json").read_text())
# Mostly what has to be escaped, composes, or looks like an escape.
ODD = st.sampled_from(
    [*"~/-. \n\x85\xa0\u3000027EF", "~~", "e\u0301", "\u0301", "\u0307", "\u212b", "\u1100\u1161", "京"]
)
TEXTS = st.one_of(st.text(), st.lists(ODD | st.characters(codec="utf-8")).map("".join))
LENGTHENED = st.builds(lambda text, times: text * times, TEXTS, st.sampled_from([1, 1, 50, 300]))

any_text = settings(deadline=None, max_examples=300)


@pytest.mark.parametrize("row", TABLE["escaped"], ids=lambda row: ascii(row["id"])[:40])
def test_a_text_has_the_id_and_the_labels_of_the_table(row: dict[str, Any]) -> None:
    assert names.escape(row["text"]) == row["id"]
    assert names.labels(row["text"]) == row["labels"]
    is_known = "~~" not in row["id"] or row["labels"]
    assert names.unescape(row["id"], row["labels"]) == (row["text"] if is_known else None)


@pytest.mark.parametrize("id_", TABLE["of_no_text"], ids=lambda id_: ascii(id_)[:40])
def test_an_id_that_no_text_has_gives_none(id_: str) -> None:
    assert names.unescape(id_) is None
    assert names.unescape(id_, names.labels("/" * 100)) is None


@any_text
@given(LENGTHENED)
@example("\n\u0301")
def test_the_id_of_any_text_is_valid_and_tells_it(text: str) -> None:
    id_, labels = names.escape(text), names.labels(text)
    assert id_problem(id_) is None
    assert id_ not in (".", "..")
    assert all(is_label_key(key) and not line_problem(value) for key, value in labels.items())
    assert max(map(len, labels.values()), default=0) <= LABEL_VALUE_CHARACTERS
    if "~~" not in id_:
        assert labels == {}
        assert names.unescape(id_) == text
    elif labels:
        assert names.unescape(id_) is None
        assert names.unescape(id_, labels) == text


@any_text
@given(LENGTHENED, LENGTHENED)
def test_no_two_texts_have_one_id(one: str, other: str) -> None:
    assert (names.escape(one) == names.escape(other)) == (one == other)
    assert names.escape(names.escape(one)) != names.escape(one) or names.escape(one) == one


@any_text
@given(TEXTS)
def test_what_is_an_id_already_stays_as_it_is(text: str) -> None:
    is_kept = id_problem(text) is None and "~" not in text and text not in (".", "..")
    assert (names.escape(text) == text) == is_kept


@any_text
@given(LENGTHENED)
def test_an_id_stands_for_one_text_or_none(id_: str) -> None:
    text = names.unescape(id_)
    assert text is None or names.escape(text) == id_


@any_text
@given(LENGTHENED)
def test_a_folded_id_begins_as_the_whole_would(text: str) -> None:
    labels = names.labels(text)
    if labels:
        beginning, _, digest = names.escape(text).rpartition("~~")
        assert 187 <= len(beginning) <= 189, "an escape is not cut"
        assert "".join(labels.values()).startswith(beginning)
        assert "~" not in re.sub("~[0-9A-F]{2}", "", beginning)
        assert digest == hashlib.sha256(text.encode()).hexdigest()


def test_labels_of_another_text_tell_nothing() -> None:
    one, other = "a" * 300, "a" * 299 + "b"
    assert names.unescape(names.escape(one), names.labels(other)) is None
    assert names.unescape(names.escape(one), {names.LABEL: one}) is None
    assert names.unescape(names.escape("a/b"), names.labels(other)) == "a/b"


@pytest.mark.parametrize("text", ["\ud83d", "a\udc00/" * 300])
def test_what_is_no_text_is_refused(text: str) -> None:
    for refuses in (names.escape, names.labels):
        with pytest.raises(UnicodeEncodeError):
            refuses(text)
    assert names.unescape(text) is None


@pytest.mark.parametrize("row", TABLE["names"], ids=lambda row: row["name"])
def test_a_name_is_made_of_its_ids_and_taken_apart_again(row: dict[str, str]) -> None:
    ids = {kind: id_ for kind, id_ in row.items() if kind != "name"}
    *_, last = ids
    assert getattr(names, last)(*ids.values()) == row["name"]
    assert {kind: id_ for kind, id_ in asdict(names.parse(row["name"])).items() if id_} == ids
    assert problem(Kind(last), row["name"]) is None


@pytest.mark.parametrize("name", TABLE["no_names"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"{name!r} is not the name of a resource")):
        names.parse(name)


def test_the_page_tells_what_is_so() -> None:
    page = (ROOT / "docs/names.md").read_text()
    (example,) = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    exec(example, {})
    rows = re.findall(r"^\| `(.*)` \| `(.*)` \|$", page, re.MULTILINE)
    assert [names.escape(text) for text, _ in rows] == [id_ for _, id_ in rows]
    assert len(rows) == 4


def test_a_server_takes_each_id_and_keeps_its_labels(stubs: Client) -> None:
    for row in TABLE["escaped"]:
        asked = v1.Session(labels=row["labels"])
        session = stubs.sessions.EnsureSession(
            v1.EnsureSessionRequest(parent="namespaces/default", session_id=names.escape(row["text"]), session=asked)
        ).session
        assert names.parse(session.name).session == row["id"]
        assert names.unescape(row["id"], session.labels) == names.unescape(row["id"], row["labels"])
