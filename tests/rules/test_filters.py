"""The parser of filters, as a function: any text quickly gives a tree, or an error that says where or how much."""

import time
import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session_server.rules import filters
from activity_session_server.rules.errors import ServiceError
from activity_session_server.rules.filters import And, Comparison, Node, Not, Or, Text
from activity_session_server.rules.limits import Limits

LIMITS = Limits.model_validate({})
# The largest values that the settings allow.
WIDEST = Limits.model_validate({"filter_characters": 4_000, "filter_terms": 200, "filter_depth": 50})
FIELDS = (
    filters.SESSION_FIELDS,
    filters.PARTICIPANT_FIELDS,
    filters.NAMESPACE_FIELDS,
    filters.EVENT_FIELDS,
    filters.MEMORY_FIELDS,
)
WORDS = st.sampled_from(
    [
        *("type", "author", "event_time", "agent", "memory_type", "importance", "access_count", "OBSERVATION"),
        *("enabled", "session_id", "labels.a", "labels.", "create_time", "participants", "last_sequence", "uid"),
        *("=", "!=", "<", "<=", ">", ">=", ":", "!", "~", "(", ")", "-", "NOT", "AND", "OR", " ", "  ", "\n", "\u00a0"),
        *("true", "false", "1", "-1", "USER", "*", "a*", "**", "*a*", "\\", "é", "e\u0301", "😀", "\0", "24:00"),
        *('"', '"a b"', '"\\""', '"\\', '"namespaces/a/participants/b"', "9223372036854775808", "9" * 30),
        *("2026-01-01T00:00:00Z", "9999-12-31T23:59:59.999999-14:00", "0001-01-01T00:00:00+14:00"),
    ]
)
TEXTS = st.text(max_size=200) | st.lists(WORDS, max_size=30).map("".join) | st.lists(WORDS, max_size=30).map(" ".join)


def parse(text: str, fields: filters.Fields = filters.SESSION_FIELDS, limits: Limits = LIMITS) -> Node | None:
    return filters.parse(text, fields, limits)


def outcome(
    text: str, fields: filters.Fields = filters.SESSION_FIELDS, limits: Limits = LIMITS
) -> Node | ServiceError | None:
    try:
        return parse(text, fields, limits)
    except ServiceError as error:
        return error


def comparisons(node: Node) -> list[Comparison]:
    match node:
        case Comparison():
            return [node]
        case Not(part):
            return comparisons(part)
        case And(parts) | Or(parts):
            return [found for part in parts for found in comparisons(part)]


def depth(node: Node) -> int:
    match node:
        case Comparison():
            return 0
        case Not(part):
            return 1 + depth(part)
        case And(parts) | Or(parts):
            return max(map(depth, parts))


def check_error(error: ServiceError, text: str) -> None:
    """A filter is refused with a position in it, or with the limit that it exceeds."""
    if error.reason == ErrorReason.ERROR_REASON_LIMIT_EXCEEDED:
        assert set(error.metadata) == {"field", "limit", "size"}
        assert int(error.metadata["size"]) > int(error.metadata["limit"])
    else:
        assert error.reason == ErrorReason.ERROR_REASON_INVALID_FILTER
        assert set(error.metadata) == {"field", "position"}
        assert 0 <= int(error.metadata["position"]) <= len(text)
    assert error.metadata["field"] == "filter"
    assert len(error.message) < 1000


def compared(field: str, operator: str, value: filters.Value, key: str = "") -> Comparison:
    return Comparison(field, key, operator, value)


@given(TEXTS, st.sampled_from(FIELDS))
@example('session_id="\\', filters.SESSION_FIELDS)
@example("create_time>0001-01-01T00:00:00+00:01", filters.SESSION_FIELDS)
@example("create_time>9999-12-31T23:59:59-00:01", filters.NAMESPACE_FIELDS)
@example("(" * 200, filters.SESSION_FIELDS)
@example("-" * 200, filters.SESSION_FIELDS)
def test_any_text_is_a_tree_or_an_error_that_says_where_or_how_much(text: str, fields: filters.Fields) -> None:
    found = outcome(text, fields)
    if found is None:
        assert not text.strip()
    elif isinstance(found, ServiceError):
        check_error(found, text)
    else:
        assert 1 <= len(comparisons(found)) <= LIMITS.filter_terms
        assert depth(found) <= LIMITS.filter_depth


@given(TEXTS)
def test_a_tree_names_only_fields_of_the_list_with_operators_they_take(text: str) -> None:
    found = outcome(text)
    for comparison in [] if found is None or isinstance(found, ServiceError) else comparisons(found):
        assert comparison.field in filters.SESSION_FIELDS
        assert bool(comparison.key) == (comparison.field == "labels")
        assert (comparison.field == "participants") <= (comparison.operator == ":")
        if isinstance(comparison.value, datetime):
            assert comparison.value.tzinfo is UTC


@given(st.text(max_size=100).filter(lambda text: "\0" not in text))
def test_a_quoted_text_stands_for_itself(text: str) -> None:
    written = "".join("\\" + character if character in '"\\*' else character for character in text)
    filter_ = f'description="{written}"'
    assert outcome(filter_) == compared("description", "=", Text(text))
    assert outcome(f'session_id="{written}"') == compared("session_id", "=", Text(unicodedata.normalize("NFC", text)))


@given(st.text(max_size=20))
def test_a_text_stands_for_itself_composed_and_decomposed(text: str) -> None:
    forms = [form.text for form in Text(text, open_end=True).forms()]
    assert forms[0] == text
    assert set(forms) == {text, *(unicodedata.normalize(form, text) for form in ("NFC", "NFD"))}
    assert len(forms) == (1 if text.isascii() else len(set(forms)))
    assert all(form.open_end for form in Text(text, open_end=True).forms())


@given(st.lists(st.sampled_from(["enabled=true", "NOT enabled=true", "(enabled=true)"]), min_size=2, max_size=20))
def test_chains_of_one_word_are_flat(parts: list[str]) -> None:
    for word, kind in ((" AND ", And), (" ", And), (" OR ", Or)):
        node = parse(word.join(parts))
        assert isinstance(node, kind)
        assert len(node.parts) == len(parts)


A = compared("enabled", "=", value=True)
B = compared("managed", "=", value=False)
C = compared("last_sequence", ">", 5)


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("enabled=true", A),
        ("enabled = true", A),
        ("enabled=true AND managed=false OR last_sequence>5", And((A, Or((B, C))))),
        ("enabled=true OR managed=false AND last_sequence>5", And((Or((A, B)), C))),
        ("enabled=true managed=false OR last_sequence>5", And((A, Or((B, C))))),
        ("enabled=true OR managed=false last_sequence>5", And((Or((A, B)), C))),
        ("(enabled=true AND managed=false) OR last_sequence>5", Or((And((A, B)), C))),
        ("NOT enabled=true OR managed=false", Or((Not(A), B))),
        ("-enabled=true managed=false", And((Not(A), B))),
        ("NOT (enabled=true managed=false)", Not(And((A, B)))),
        ("--enabled=true", Not(Not(A))),
        ("(enabled=true)(managed=false)", And((A, B))),
        ("session_id=a*", compared("session_id", "=", Text("a", open_end=True))),
        ("session_id=*a", compared("session_id", "=", Text("a", open_start=True))),
        ("session_id=*a*", compared("session_id", "=", Text("a", open_start=True, open_end=True))),
        ("session_id=*", compared("session_id", "=", Text("", open_start=True))),
        ("session_id:a", compared("session_id", ":", Text("a", open_start=True, open_end=True))),
        ('session_id="\\*"', compared("session_id", "=", Text("*"))),
        ('session_id="a\\"b\\\\c"', compared("session_id", "=", Text('a"b\\c'))),
        ("session_id=a\\b", compared("session_id", "=", Text("a\\b"))),
        ("session_id=ANDY", compared("session_id", "=", Text("ANDY"))),
        ('session_id="AND"', compared("session_id", "=", Text("AND"))),
        ("labels.a.b/c:x", compared("labels", ":", Text("x", open_start=True, open_end=True), key="a.b/c")),
        (
            'participants:"namespaces/a/participants/b c"',
            compared("participants", ":", Text("namespaces/a/participants/b c")),
        ),
        (
            "create_time>2026-01-31T12:00:00.5+02:00",
            compared("create_time", ">", datetime(2026, 1, 31, 10, 0, 0, 500_000, UTC)),
        ),
        ('create_time>"2026-01-31T12:00:00Z"', compared("create_time", ">", datetime(2026, 1, 31, 12, tzinfo=UTC))),
        ("last_sequence<=-9223372036854775808", compared("last_sequence", "<=", -(2**63))),
    ],
)
def test_trees(text: str, node: Node) -> None:
    assert parse(text) == node


@pytest.mark.parametrize(
    ("text", "fields", "node"),
    [
        ('type="m*"', filters.EVENT_FIELDS, compared("type", "=", Text("m", open_end=True))),
        ('author=""', filters.EVENT_FIELDS, compared("author", "=", Text(""))),
        (
            "author!=namespaces/a/participants/b",
            filters.EVENT_FIELDS,
            compared("author", "!=", Text("namespaces/a/participants/b")),
        ),
        (
            "agent=namespaces/a/participants/b",
            filters.MEMORY_FIELDS,
            compared("agent", "=", Text("namespaces/a/participants/b")),
        ),
        (
            "memory_type!=MEMORY_TYPE_INTEGRATION",
            filters.MEMORY_FIELDS,
            compared("memory_type", "!=", Text("INTEGRATION")),
        ),
        ("importance>=-1", filters.MEMORY_FIELDS, compared("importance", ">=", -1)),
    ],
)
def test_trees_of_events_and_memories(text: str, fields: filters.Fields, node: Node) -> None:
    assert parse(text, fields) == node


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("author:namespaces/a/participants/b", filters.EVENT_FIELDS),
        ("author=b", filters.EVENT_FIELDS),
        ("sequence>1", filters.EVENT_FIELDS),
        ("memory_type=USER", filters.MEMORY_FIELDS),
        ("memory_type<OBSERVATION", filters.MEMORY_FIELDS),
        ("content:tea", filters.MEMORY_FIELDS),
    ],
)
def test_what_events_and_memories_cannot_be_asked(text: str, fields: filters.Fields) -> None:
    with pytest.raises(ServiceError) as raised:
        parse(text, fields)
    assert raised.value.reason == ErrorReason.ERROR_REASON_INVALID_FILTER


@pytest.mark.parametrize("value", ["USER", "PARTICIPANT_TYPE_USER", '"USER"'])
def test_a_type_may_be_written_long(value: str) -> None:
    node = parse(f"participant_type={value}", filters.PARTICIPANT_FIELDS)
    assert node == compared("participant_type", "=", Text("USER"))


WORST = {
    "parentheses": "(" * 4_000,
    "closed parentheses": "(" * 2_000 + ")" * 2_000,
    "minus": "-" * 4_000,
    "nots": "NOT " * 1_000,
    "spaces": " " * 3_999 + "x",
    "one word": "x" * 4_000,
    "one value": "session_id=" + "x" * 3_989,
    "an open string": 'session_id="' + "x" * 3_988,
    "backslashes in an open string": 'session_id="' + "\\" * 3_988,
    "escaped quotes": 'session_id="' + '\\"' * 1_994,
    "stars": "session_id=" + "*" * 3_989,
    "quotes": '"' * 4_000,
    "comparisons": "enabled=true " * 300,
    "ors": "OR " * 1_300,
    "operators": "=" * 4_000,
    "spaces between": (" " * 90 + "enabled=true") * 39,
    "a long number": "last_sequence=" + "9" * 3_986,
    "a long time": "create_time>2026-01-01T00:00:00." + "9" * 3_968,
    "a long name": 'participants:"namespaces/' + "/" * 3_975,
    "a long key": "labels." + "a." * 1_996,
    "marks out of order": 'description="a' + "\u0323\u0301" * 1_992 + '"',
}


@pytest.mark.parametrize("text", WORST.values(), ids=WORST)
def test_the_worst_texts_are_judged_soon(text: str) -> None:
    assert len(text) <= WIDEST.filter_characters
    started = time.process_time()
    found = outcome(text, limits=WIDEST)
    # Linear work takes some milliseconds; anything worse than that takes far longer.
    assert time.process_time() - started < 1
    if isinstance(found, ServiceError):
        check_error(found, text)


@pytest.mark.parametrize("limits", [LIMITS, WIDEST], ids=["default", "widest"])
def test_a_filter_at_every_limit_is_parsed(limits: Limits) -> None:
    terms = " OR ".join(["enabled=true"] * limits.filter_terms)
    levels = limits.filter_depth
    node = parse("(" * levels + terms + ")" * levels, limits=limits)
    assert isinstance(node, Or)
    assert len(node.parts) == limits.filter_terms
    for one_more, limit in (
        ("(" * (levels + 1) + terms + ")" * (levels + 1), levels),
        (f"{terms} OR enabled=true", limits.filter_terms),
    ):
        with pytest.raises(ServiceError) as raised:
            parse(one_more, limits=limits)
        assert raised.value.reason == ErrorReason.ERROR_REASON_LIMIT_EXCEEDED
        assert raised.value.metadata == {"field": "filter", "limit": str(limit), "size": str(limit + 1)}
