"""Shared state: JSON text that comes back as it was, revisions, preconditions, scopes, limits, pages, many writers."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any

import grpc
import pytest

from activity_session.v1.conflict_pb2 import Conflict, StateConflict
from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import (
    AppendEventsRequest,
    AppendEventsResponse,
    GetStateRequest,
    UpdateStateRequest,
)
from activity_session.v1.info_service_pb2 import GetServerInfoRequest, ServerLimits
from activity_session.v1.namespace_pb2 import Namespace
from activity_session.v1.namespace_service_pb2 import UpdateNamespaceRequest
from activity_session.v1.participant_pb2 import Participant
from activity_session.v1.participant_service_pb2 import UpdateParticipantRequest
from activity_session.v1.session_pb2 import Session
from activity_session.v1.state_pb2 import State, StateEntry, StateScope, StateUpdate
from activity_session_testing import steps
from activity_session_testing.backends import SHARED_BACKENDS
from activity_session_testing.servers import DETAILS_KEY, Client, Failure, connected, failure, serving
from activity_session_testing.steps import (
    append,
    at_once,
    delete_namespace,
    delete_participant,
    delete_session,
    get_session,
    list_events,
    make_namespace,
    new_participant,
    new_session,
    refused,
    update_session,
)

CALLERS = 32
MOST_DETAILS, MOST_CONFLICT = 4096, 3072
ASTRONAUT = "🚀"  # four bytes of UTF-8
SCOPES = {
    "namespace": StateScope.STATE_SCOPE_NAMESPACE,
    "participant": StateScope.STATE_SCOPE_PARTICIPANT,
    "session": StateScope.STATE_SCOPE_SESSION,
}
EXACT = [
    *("null", "true", "false", "0", "-0", '""', "{}", "[]"),
    *("9" * 300, f"-{'7' * 5000}", "1.0", "1.10", "-0.0", "1e400", "1E+2", "2e-400", f"0.{'3' * 400}"),
    '{"b": 1, "a": 2, "B": 3, "": 4}',
    '{"a": 1, "a": 2, "a": 1}',
    ' \t\r\n{ "a" :[ 1 ,\n\n2 ] } \n',
    r'"\u0041\u00e9\ud83d\ude80\/\"\\\b\f\n\r\t\u0000\uD800"',
    '"é e\u0301 🚀 \u2028 \x7f \ufeff \uffff"',
    "[" * 500 + "]" * 500,
    '{"a":' * 300 + "1" + "}" * 300,
]
NOT_JSON = [
    *("", " ", "NaN", "Infinity", "-Infinity", '{"a": NaN}', "True", "None", "undefined", "tea", "nulL"),
    *("[1,]", '{"a": 1,}', "[,1]", "[1 2]", "1 2", "{}{}", '{"a"}', "{a: 1}", "{1: 2}", "{'a': 1}", "'a'"),
    *("01", "+1", ".5", "1.", "1e", "0x10", "1_000", "-", "--1", "\uff11", "\u0663", "1\u00a0", "\ufeff1", "\x0b1"),
    *('"', '"a', '"\n"', '"\0"', '"\\x41"', '"\\u12"', '"\\', "[", "]", '{"a":1', "/* a */ 1", "1 // one"),
]
TOO_DEEP = [
    "[" * 513 + "]" * 513,
    "[" * 981 + "]" * 981,
    "[" * 100_000 + "]" * 100_000,
    "[" * 100_000,
    '{"a":' * 40_000,
]


@dataclass(frozen=True)
class World:
    """The names of a namespace, a participant and a session in it."""

    namespace: str
    participant: str
    session: str

    def owner(self, scope: str) -> str:
        return str(getattr(self, scope))

    def scoped(self, scope: str, key: str, **fields: Any) -> StateUpdate:
        """Return an update in the form for AppendEvents."""
        participant = self.participant if scope == "participant" else ""
        return StateUpdate(scope=SCOPES[scope], participant=participant, key=key, **fields)


@pytest.fixture
def world(client: Client, namespace: str) -> World:
    return make_world(client, namespace)


@pytest.fixture(scope="module")
def unchanged(client: Client) -> World:
    """A world for refused updates."""
    return make_world(client, make_namespace(client).name)


@pytest.fixture(scope="module")
def limits(client: Client) -> ServerLimits:
    return client.info.GetServerInfo(GetServerInfoRequest()).limits


def make_world(client: Client, namespace: str) -> World:
    # One id for both: a participant and a session with the same id share nothing.
    return World(namespace, new_participant(client, namespace, "x"), new_session(client, namespace, "x").name)


def put(key: str, value_json: str, expected: int | None = None) -> StateUpdate:
    return StateUpdate(key=key, value_json=value_json, expected_revision=expected)


def drop(key: str, expected: int | None = None) -> StateUpdate:
    return StateUpdate(key=key, delete=True, expected_revision=expected)


def entry(value_json: str, revision: int) -> StateEntry:
    return StateEntry(value_json=value_json, revision=revision)


# The numbers that values come with are those of `test_state_history`.


def read_state(client: Client, name: str, **fields: Any) -> dict[str, StateEntry]:
    found = steps.read_state(client, name, **fields)
    return {key: entry(one.value_json, one.revision) for key, one in found.items()}


def update_state(client: Client, name: str, *updates: StateUpdate, **fields: Any) -> State:
    found = steps.update_state(client, name, *updates, **fields)
    return State(entries={key: entry(one.value_json, one.revision) for key, one in found.entries.items()})


def everything(client: Client, world: World) -> list[Any]:
    """Read the log and the three states of a world."""
    states = [read_state(client, world.owner(scope)) for scope in SCOPES]
    return [list_events(client, world.session), *states]


def conflict_of(refusal: Failure) -> Conflict:
    (conflict,) = refusal.details(Conflict)
    assert isinstance(conflict, Conflict)
    return conflict


def shown(text: str) -> str:
    return ascii(text if len(text) < 30 else f"{text[:20]}... ({len(text)})")


class TestText:
    @pytest.mark.parametrize("text", EXACT, ids=shown)
    def test_of_a_value_comes_back_exactly(self, client: Client, world: World, text: str) -> None:
        updated = update_state(client, world.namespace, put("key", text))
        append(client, world.session, "event", state_updates=[world.scoped("session", "key", value_json=text)])
        assert updated.entries["key"] == entry(text, 1)
        assert read_state(client, world.namespace) == read_state(client, world.session) == {"key": entry(text, 1)}

    @pytest.mark.parametrize("text", TOO_DEEP, ids=shown)
    def test_past_state_value_levels_is_refused(self, client: Client, unchanged: World, text: str) -> None:
        before = everything(client, unchanged)
        updating = UpdateStateRequest(name=unchanged.session, updates=[put("good", "1"), put("bad", text)])
        refusal = failure(client.events.UpdateState, updating)
        assert (refusal.reason, refusal.fields) == ("LIMIT_EXCEEDED", ["updates[1].value_json"])
        assert refusal.info.metadata["limit"] == "512"
        assert everything(client, unchanged) == before

    def test_at_state_value_levels_is_kept(self, client: Client, world: World) -> None:
        text = "[" * 512 + "]" * 512
        update_state(client, world.namespace, put("deep", text))
        assert read_state(client, world.namespace)["deep"].value_json == text

    @pytest.mark.parametrize("text", NOT_JSON, ids=shown)
    def test_that_is_not_json_is_refused_by_name(self, client: Client, unchanged: World, text: str) -> None:
        before = everything(client, unchanged)
        updates = [
            unchanged.scoped("session", "good", value_json="1"),
            unchanged.scoped("session", "bad", value_json=text),
        ]
        appending = AppendEventsRequest(parent=unchanged.session, events=[Event(text="x")], state_updates=updates)
        refusal = failure(client.events.AppendEvents, appending)
        assert (refusal.reason, refusal.fields) == ("INVALID_FIELD", ["state_updates[1].value_json"])
        updating = UpdateStateRequest(name=unchanged.session, updates=[put("good", "1"), put("bad", text)])
        refusal = failure(client.events.UpdateState, updating)
        assert (refusal.reason, refusal.fields) == ("INVALID_FIELD", ["updates[1].value_json"])
        assert everything(client, unchanged) == before


class TestScopes:
    def test_are_separate(self, client: Client, world: World) -> None:
        updates = [world.scoped(scope, "key", value_json=f'"{scope}"') for scope in SCOPES]
        append(client, world.session, "event", state_updates=updates)
        for scope in SCOPES:
            assert read_state(client, world.owner(scope)) == {"key": entry(f'"{scope}"', 1)}
            update_state(client, world.owner(scope), put("key", f'"new {scope}"'))
        for scope in SCOPES:
            assert read_state(client, world.owner(scope)) == {"key": entry(f'"new {scope}"', 2)}

    def test_of_namespace_and_participant_are_shared_over_sessions(self, client: Client, world: World) -> None:
        for number in range(1, 4):
            updates = [world.scoped(scope, "key", value_json=str(number)) for scope in SCOPES]
            other = new_session(client, world.namespace)
            append(client, other.name, "event", state_updates=updates)
            assert read_state(client, world.namespace) == {"key": entry(str(number), number)}
            assert read_state(client, world.participant) == {"key": entry(str(number), number)}
            assert read_state(client, other.name) == {"key": entry(str(number), 1)}
        assert read_state(client, world.session) == {}

    def test_of_others_of_their_kind_are_separate(self, client: Client, world: World) -> None:
        other = make_world(client, make_namespace(client).name)
        sibling = World(world.namespace, new_participant(client, world.namespace, "X"), f"{world.namespace}/sessions/X")
        new_session(client, world.namespace, "X")
        for scope in SCOPES:
            update_state(client, world.owner(scope), put("key", "1"))
        assert everything(client, other) == [[], {}, {}, {}]
        assert read_state(client, sibling.participant) == read_state(client, sibling.session) == {}

    def test_are_not_part_of_the_session_s_metadata(self, client: Client, world: World) -> None:
        before = get_session(client, world.session)
        for scope in SCOPES:
            update_state(client, world.owner(scope), put("key", "1"))
        assert get_session(client, world.session) == before

    @pytest.mark.parametrize(
        ("update", "field"),
        [
            (StateUpdate(key="a", value_json="1", scope=SCOPES["participant"]), "participant"),
            (StateUpdate(key="a", value_json="1", scope=SCOPES["session"], participant="{participant}"), "participant"),
            (
                StateUpdate(key="a", value_json="1", scope=SCOPES["namespace"], participant="{participant}"),
                "participant",
            ),
            (StateUpdate(key="a", value_json="1", participant="{participant}"), "participant"),
            (StateUpdate(key="a", value_json="1", scope=99), "scope"),  # type: ignore[arg-type]
            (StateUpdate(key="a", value_json="1", scope=SCOPES["participant"], participant="x"), "participant"),
            (
                StateUpdate(key="a", value_json="1", scope=SCOPES["participant"], participant="{session}"),
                "participant",
            ),
        ],
        ids=str,
    )
    def test_of_an_append_must_name_a_participant_or_none(
        self, client: Client, unchanged: World, update: StateUpdate, field: str
    ) -> None:
        given = StateUpdate()
        given.CopyFrom(update)
        given.participant = update.participant.format(participant=unchanged.participant, session=unchanged.session)
        request = AppendEventsRequest(parent=unchanged.session, events=[Event(text="x")], state_updates=[given])
        refused(client.events.AppendEvents, request, "INVALID_FIELD", f"state_updates[0].{field}")
        assert everything(client, unchanged) == [[], {}, {}, {}]

    def test_of_an_append_is_the_session_when_not_said(self, client: Client, world: World) -> None:
        append(client, world.session, "event", state_updates=[put("key", "1")])
        assert everything(client, world)[1:] == [{}, {}, {"key": entry("1", 1)}]

    def test_of_an_append_that_is_not_said_and_one_that_is_are_the_same(self, client: Client, unchanged: World) -> None:
        updates = [put("key", "1"), unchanged.scoped("session", "key", value_json="2")]
        request = AppendEventsRequest(parent=unchanged.session, events=[Event(text="x")], state_updates=updates)
        refused(client.events.AppendEvents, request, "INVALID_FIELD", "state_updates[1].key")
        assert everything(client, unchanged) == [[], {}, {}, {}]

    @pytest.mark.parametrize("scope", SCOPES)
    def test_of_an_update_of_one_state_may_be_that_of_the_name(self, client: Client, world: World, scope: str) -> None:
        name = world.owner(scope)
        update_state(client, name, world.scoped(scope, "key", value_json="1"))
        assert read_state(client, name) == {"key": entry("1", 1)}
        request = UpdateStateRequest(name=name, updates=[put("a", "1"), world.scoped(scope, "a", value_json="2")])
        refused(client.events.UpdateState, request, "INVALID_FIELD", "updates[1].key")

    @pytest.mark.parametrize("scope", SCOPES)
    def test_of_an_update_of_one_state_must_not_be_another(self, client: Client, world: World, scope: str) -> None:
        name = world.owner(scope)
        for other in SCOPES.keys() - {scope}:
            request = UpdateStateRequest(name=name, updates=[StateUpdate(key="a", value_json="1", scope=SCOPES[other])])
            refused(client.events.UpdateState, request, "INVALID_FIELD", "updates[0].scope")
        another = f"{world.namespace}/participants/another"
        request = UpdateStateRequest(name=name, updates=[StateUpdate(key="a", value_json="1", participant=another)])
        refused(client.events.UpdateState, request, "INVALID_FIELD", "updates[0].participant")
        assert read_state(client, name) == {}


@pytest.mark.parametrize("scope", SCOPES)
class TestRevisions:
    def test_count_the_changes_of_each_key(self, client: Client, world: World, scope: str) -> None:
        name = world.owner(scope)
        update_state(client, name, put("a", "1"), put("b", "1"))
        update_state(client, name, put("a", "2"))
        append(client, world.session, "event", state_updates=[world.scoped(scope, "a", value_json="2")])
        assert read_state(client, name) == {"a": entry("2", 3), "b": entry("1", 1)}

    def test_go_on_when_a_deleted_key_comes_back(self, client: Client, world: World, scope: str) -> None:
        name = world.owner(scope)
        update_state(client, name, put("key", '"old"'), put("other", "1"))
        answer = update_state(client, name, drop("key"), put("other", "2"))
        assert dict(answer.entries) == read_state(client, name) == {"other": entry("2", 2)}
        update_state(client, name, drop("key"))
        assert update_state(client, name, put("key", '"new"')).entries["key"] == entry('"new"', 3)

    def test_of_a_deleted_value_never_match_again(self, client: Client, world: World, scope: str) -> None:
        name = world.owner(scope)
        update_state(client, name, put("key", '"old"'))
        update_state(client, name, drop("key", 1))
        self.mismatches(client, name, (1, 2), 0)
        update_state(client, name, put("key", '"new"', 0))
        self.mismatches(client, name, (0, 1, 2, 4), 3)
        assert update_state(client, name, put("key", '"newer"', 3)).entries["key"].revision == 4

    @staticmethod
    def mismatches(client: Client, name: str, expected: Sequence[int], current: int) -> None:
        for revision in expected:
            for update in (put("key", "0", revision), drop("key", revision)):
                request = UpdateStateRequest(name=name, updates=[update])
                refusal = refused(client.events.UpdateState, request, "REVISION_MISMATCH")
                assert conflict_of(refusal).state_conflicts[0].revision == current

    def test_are_not_made_by_deleting_what_is_not_there(self, client: Client, world: World, scope: str) -> None:
        name = world.owner(scope)
        assert update_state(client, name, drop("key"), drop("key 2", 0)) == State()
        append(client, world.session, "event", state_updates=[world.scoped(scope, "key", delete=True)])
        assert read_state(client, name) == {}
        assert update_state(client, name, put("key", "1", 0)).entries["key"].revision == 1


class TestPreconditions:
    def test_that_hold_let_all_happen(self, client: Client, world: World) -> None:
        update_state(client, world.session, put("a", "1"), put("b", "1"))
        update_state(client, world.session, put("a", "2", 1), drop("b", 1), put("c", "1", 0), drop("d", 0))
        assert read_state(client, world.session) == {"a": entry("2", 2), "c": entry("1", 1)}
        updates = [
            world.scoped("session", "a", value_json="3", expected_revision=2),
            world.scoped("namespace", "a", value_json="1", expected_revision=0),
        ]
        append(client, world.session, "event", state_updates=updates, expected_last_sequence=0)
        assert read_state(client, world.session)["a"] == entry("3", 3)
        assert read_state(client, world.namespace) == {"a": entry("1", 1)}

    def test_that_fail_tell_every_key_and_write_nothing(self, client: Client, world: World) -> None:
        name = world.session
        update_state(client, name, put("a", "1"), put("b", '{"x": 1}'), put("large", f'"{"x" * 5000}"'))
        update_state(client, name, put("b", '{"x": 2}'), drop("a"))
        before = everything(client, world)
        updates = [put("new", "1"), put("a", "9", 1), drop("b", 1), put("c", "9", 7), put("large", "9", 0)]
        refusal = refused(
            client.events.UpdateState, UpdateStateRequest(name=name, updates=updates), "REVISION_MISMATCH"
        )
        assert refusal.code is grpc.StatusCode.ABORTED
        conflict = conflict_of(refusal)
        assert (conflict.last_sequence, list(conflict.missed_events)) == (0, [])
        assert sorted(conflict.state_conflicts, key=lambda one: one.key) == [
            StateConflict(name=name, key="a", expected_revision=1, revision=0),
            StateConflict(name=name, key="b", expected_revision=1, revision=2, value_json='{"x": 2}'),
            StateConflict(name=name, key="c", expected_revision=7, revision=0),
            StateConflict(name=name, key="large", expected_revision=0, revision=1),
        ]
        first = conflict.state_conflicts[0]
        told = {"key": first.key, "expected_revision": str(first.expected_revision), "revision": str(first.revision)}
        assert refusal.info.metadata == {"resource": name, **told}
        assert everything(client, world) == before

    def test_that_fail_in_any_scope_refuse_the_append(self, client: Client, world: World) -> None:
        append(client, world.session, "first", "second")
        for scope in SCOPES:
            update_state(client, world.owner(scope), put("key", f'"{scope}"'))
        before = everything(client, world)
        for scope in SCOPES:
            good = [world.scoped(other, "new", value_json="1") for other in SCOPES]
            stale = world.scoped(scope, "key", value_json="2", expected_revision=5)
            refusal = self.refused_append(client, world, [*good, stale], "REVISION_MISMATCH")
            assert conflict_of(refusal) == Conflict(
                last_sequence=2,
                state_conflicts=[
                    StateConflict(
                        name=world.owner(scope), key="key", expected_revision=5, revision=1, value_json=f'"{scope}"'
                    )
                ],
            )
            assert everything(client, world) == before

    def test_of_log_and_state_are_told_together(self, client: Client, world: World) -> None:
        missed = append(client, world.session, "first").events
        update_state(client, world.session, put("key", "1"))
        before = everything(client, world)
        stale = world.scoped("session", "key", value_json="2", expected_revision=0)
        refusal = self.refused_append(client, world, [stale], "SEQUENCE_MISMATCH", expected_last_sequence=0)
        conflict = conflict_of(refusal)
        assert (conflict.last_sequence, list(conflict.missed_events)) == (1, list(missed))
        assert [(one.key, one.revision) for one in conflict.state_conflicts] == [("key", 1)]
        assert everything(client, world) == before

    @staticmethod
    def refused_append(
        client: Client, world: World, updates: Sequence[StateUpdate], reason: str, **fields: Any
    ) -> Failure:
        request = AppendEventsRequest(parent=world.session, events=[Event(text="x")], state_updates=updates, **fields)
        return refused(client.events.AppendEvents, request, reason)

    def test_that_fail_by_the_hundred_are_told_as_far_as_they_fit(
        self, client: Client, world: World, limits: ServerLimits
    ) -> None:
        width, count = limits.state_key_characters, limits.state_updates
        keys = [f"{number:03}".ljust(width, ASTRONAUT) for number in range(count)]
        update_state(client, world.session, *(put(key, f'"{ASTRONAUT * 50}"') for key in keys))
        request = UpdateStateRequest(name=world.session, updates=[put(key, "0", 0) for key in keys])
        refusal = refused(client.events.UpdateState, request, "REVISION_MISMATCH")
        told = [(one.key, one.expected_revision, one.revision) for one in conflict_of(refusal).state_conflicts]
        assert told == [(key, 0, 1) for key in keys[: len(told)]]
        assert told
        assert conflict_of(refusal).ByteSize() < MOST_CONFLICT
        assert len(refusal.metadata[DETAILS_KEY]) < MOST_DETAILS

    def test_that_fail_for_many_short_keys_are_all_told(self, client: Client, world: World) -> None:
        keys = [f"{number:02}" for number in range(20)]
        update_state(client, world.session, *(put(key, f'"{"x" * 1000}"') for key in keys))
        request = UpdateStateRequest(name=world.session, updates=[put(key, "0", 5) for key in keys])
        refusal = refused(client.events.UpdateState, request, "REVISION_MISMATCH")
        conflicts = conflict_of(refusal).state_conflicts
        assert sorted(one.key for one in conflicts) == keys
        assert 1 <= sum(one.HasField("value_json") for one in conflicts) <= 3
        assert len(refusal.metadata[DETAILS_KEY]) < MOST_DETAILS

    def test_that_are_negative_are_refused(self, client: Client, world: World) -> None:
        request = UpdateStateRequest(name=world.session, updates=[put("key", "1", -1)])
        refused(client.events.UpdateState, request, "INVALID_FIELD", "updates[0].expected_revision")


class TestBatches:
    @pytest.mark.parametrize(
        ("updates", "field"),
        [
            ([StateUpdate(key="a")], "[0]"),
            ([put("good", "1"), StateUpdate(key="a", expected_revision=0)], "[1]"),
            ([StateUpdate(key="a", delete=False)], "[0].delete"),
            ([put("", "1")], "[0].key"),
            ([put("a\n", "1")], "[0].key"),
            ([put("\0", "1")], "[0].key"),
            ([put("a\x7f", "1")], "[0].key"),
            ([put("e\u0301", "1")], "[0].key"),
            # The databases differ in whether "a" and "a " are the same.
            ([put(" ", "1")], "[0].key"),
            ([put("a", "1"), put(" a", "1")], "[1].key"),
            ([put("a", "1"), put("a ", "1")], "[1].key"),
            ([put("a\u00a0", "1")], "[0].key"),
            ([put("a", "1"), put("b", "1"), put("a", "2")], "[2].key"),
            ([put("a", "1"), drop("a")], "[1].key"),
        ],
        ids=ascii,
    )
    def test_with_one_bad_update_change_nothing(
        self, client: Client, unchanged: World, updates: list[StateUpdate], field: str
    ) -> None:
        request = UpdateStateRequest(name=unchanged.session, updates=updates)
        refused(client.events.UpdateState, request, "INVALID_FIELD", f"updates{field}")
        appending = AppendEventsRequest(parent=unchanged.session, events=[Event(text="x")], state_updates=updates)
        refused(client.events.AppendEvents, appending, "INVALID_FIELD", f"state_updates{field}")
        assert everything(client, unchanged) == [[], {}, {}, {}]

    def test_may_name_a_key_once_in_each_scope_and_participant(self, client: Client, world: World) -> None:
        other = new_participant(client, world.namespace)
        named = StateUpdate(scope=SCOPES["participant"], participant=other, key="key", value_json='"other"')
        updates = [*(world.scoped(scope, "key", value_json="1") for scope in SCOPES), named]
        append(client, world.session, "event", state_updates=updates)
        assert read_state(client, other) == {"key": entry('"other"', 1)}
        again = [*updates, world.scoped("participant", "key", delete=True)]
        request = AppendEventsRequest(parent=world.session, events=[Event(text="x")], state_updates=again)
        refused(client.events.AppendEvents, request, "INVALID_FIELD", "state_updates[4].key")

    def test_need_an_update(self, client: Client, world: World) -> None:
        refused(client.events.UpdateState, UpdateStateRequest(name=world.session), "INVALID_FIELD", "updates")

    def test_of_an_append_that_was_there_already_change_no_state(self, client: Client, world: World) -> None:
        event = Event(event_id="once", text="x")
        append(client, world.session, event, state_updates=[world.scoped("session", "key", value_json="1")])
        update_state(client, world.session, put("key", "2"))
        append(client, world.session, event, state_updates=[world.scoped("session", "key", value_json="1")])
        assert read_state(client, world.session) == {"key": entry("2", 2)}

    def test_are_made_once_by_a_request_id(self, client: Client, world: World) -> None:
        request = UpdateStateRequest(name=world.session, updates=[put("a", "1", 0), drop("b")], request_id="once")
        first = client.events.UpdateState(request)
        update_state(client, world.session, put("a", "2"))
        assert client.events.UpdateState(request) == first == State(entries={"a": entry("1", 1)})
        assert read_state(client, world.session) == {"a": entry("2", 2)}
        request.updates[0].value_json = "3"
        refused(client.events.UpdateState, request, "REQUEST_ID_REUSED")


def set_enabled(client: Client, world: World, scope: str, *, enabled: bool) -> None:
    name = world.owner(scope)
    if scope == "namespace":
        client.namespaces.UpdateNamespace(UpdateNamespaceRequest(namespace=Namespace(name=name, enabled=enabled)))
    elif scope == "participant":
        participant = Participant(name=name, enabled=enabled)
        client.participants.UpdateParticipant(UpdateParticipantRequest(participant=participant))
    else:
        update_session(client, Session(name=name, enabled=enabled), "enabled")


def delete_owner(client: Client, world: World, scope: str) -> None:
    if scope == "namespace":
        delete_namespace(client, world.namespace, force=True)
    elif scope == "participant":
        delete_participant(client, world.participant)
    else:
        delete_session(client, world.session)


def check_refused_whole(client: Client, world: World, scope: str, reason: str, *, reader: Client | None = None) -> None:
    """Check that neither call can write to that state, and that the rest of the call is not written either."""
    reader = reader or client
    before = everything(reader, world)
    update = UpdateStateRequest(name=world.owner(scope), updates=[put("key", "1")])
    assert refused(client.events.UpdateState, update, reason).info.metadata["resource"] == world.owner(scope)
    others = [world.scoped(other, "other", value_json="1") for other in SCOPES]
    updates = [*others, world.scoped(scope, "key", value_json="1")]
    appending = AppendEventsRequest(parent=world.session, events=[Event(text="x")], state_updates=updates)
    assert refused(client.events.AppendEvents, appending, reason).info.metadata["resource"] == world.owner(scope)
    assert everything(reader, world) == before


class TestOwners:
    @pytest.mark.parametrize("scope", SCOPES)
    def test_that_are_disabled_take_no_updates(self, client: Client, world: World, scope: str) -> None:
        update_state(client, world.owner(scope), put("key", "1"))
        set_enabled(client, world, scope, enabled=False)
        check_refused_whole(client, world, scope, f"{scope.upper()}_DISABLED")
        set_enabled(client, world, scope, enabled=True)
        assert update_state(client, world.owner(scope), put("key", "2")).entries["key"].revision == 2

    @pytest.mark.parametrize("scope", SCOPES)
    def test_that_are_deleted_can_be_read_and_take_no_updates(self, client: Client, world: World, scope: str) -> None:
        update_state(client, world.owner(scope), put("key", "1"))
        delete_owner(client, world, scope)
        check_refused_whole(client, world, scope, f"{scope.upper()}_DELETED")
        assert read_state(client, world.owner(scope)) == {"key": entry("1", 1)}

    @pytest.mark.parametrize("scope", SCOPES)
    def test_that_are_missing_are_told_apart(self, client: Client, world: World, scope: str) -> None:
        before = everything(client, world)
        nowhere = World("namespaces/none", "namespaces/none/participants/x", "namespaces/none/sessions/x")
        missing = World(nowhere.namespace, f"{world.namespace}/participants/none", f"{world.namespace}/sessions/none")
        for names, reason in ((nowhere, "NAMESPACE_NOT_FOUND"), (missing, f"{scope.upper()}_NOT_FOUND")):
            name = names.owner(scope)
            refused(client.events.GetState, GetStateRequest(name=name), reason)
            refusal = refused(
                client.events.UpdateState, UpdateStateRequest(name=name, updates=[put("key", "1")]), reason
            )
            assert refusal.code is grpc.StatusCode.NOT_FOUND
            assert refusal.info.metadata["resource"] == (nowhere.namespace if names is nowhere else name)
        assert everything(client, world) == before

    def test_of_an_append_must_be_there_and_of_the_namespace(self, client: Client, world: World) -> None:
        elsewhere = new_participant(client, make_namespace(client).name)
        for participant, reason in (
            (elsewhere, "INVALID_FIELD"),
            (f"{world.namespace}/participants/none", "PARTICIPANT_NOT_FOUND"),
        ):
            named = StateUpdate(scope=SCOPES["participant"], participant=participant, key="key", value_json="1")
            updates = [world.scoped("session", "key", value_json="1"), named]
            request = AppendEventsRequest(parent=world.session, events=[Event(text="x")], state_updates=updates)
            refusal = refused(client.events.AppendEvents, request, reason)
            assert reason != "INVALID_FIELD" or refusal.fields == ["state_updates[1].participant"]
        assert everything(client, world) == [[], {}, {}, {}]
        assert read_state(client, elsewhere) == {}

    @pytest.mark.parametrize(
        "name", ["", "x", "namespaces/", "namespaces/-", "namespaces/x/sessions/x/events/x", "namespaces/x/x/x"]
    )
    def test_must_be_named_in_full(self, client: Client, name: str) -> None:
        refused(client.events.GetState, GetStateRequest(name=name), "INVALID_FIELD", "name")
        request = UpdateStateRequest(name=name, updates=[put("key", "1")])
        refused(client.events.UpdateState, request, "INVALID_FIELD", "name")


@dataclass(frozen=True)
class Both:
    """Two servers on one database, and a client of each."""

    admin: Client
    system: Client


@pytest.fixture(scope="module", params=SHARED_BACKENDS)
def both(request: pytest.FixtureRequest, new_shared_database: Callable[[str], tuple[str, str]]) -> Iterator[Both]:
    here, there = new_shared_database(request.param)
    with (
        serving(here, anonymous_role="admin") as for_admin,
        serving(there, anonymous_role="system") as for_system,
        connected(for_admin.address) as admin,
        connected(for_system.address) as system,
    ):
        yield Both(admin, system)


@pytest.mark.parametrize("scope", SCOPES)
def test_a_managed_state_is_changed_by_the_system_alone(both: Both, scope: str) -> None:
    namespace = make_namespace(both.system, managed=scope == "namespace").name
    participant = new_participant(both.system, namespace, managed=scope == "participant")
    world = World(namespace, participant, new_session(both.system, namespace, managed=scope == "session").name)
    check_refused_whole(both.admin, world, scope, f"{scope.upper()}_MANAGED")
    append(both.system, world.session, "x", state_updates=[world.scoped(scope, "key", value_json="1")])
    update_state(both.system, world.owner(scope), put("key", "2"))
    assert read_state(both.admin, world.owner(scope)) == {"key": entry("2", 2)}


def check_past(refusal: Failure, field: str, limit: int, size: int) -> None:
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "LIMIT_EXCEEDED")
    assert refusal.info.metadata == {"field": field, "limit": str(limit), "size": str(size)}
    assert field in refusal.fields


class TestLimits:
    def test_of_one_update_are_kept_and_past_them_it_is_refused(
        self, client: Client, world: World, limits: ServerLimits
    ) -> None:
        width, size = limits.state_key_characters, limits.state_value_bytes
        key, value = ASTRONAUT * width, f'"{ASTRONAUT * ((size - 4) // 4)}xx"'
        assert len(value.encode()) == size
        update_state(client, world.session, put(key, value))
        append(client, world.session, "x", state_updates=[world.scoped("session", key, value_json=value)])
        before = everything(client, world)
        assert before[3] == {key: entry(value, 2)}
        for update, field, limit in (
            (put(key + "x", "1"), "key", width),
            (put("key", value + " "), "value_json", size),
        ):
            request = UpdateStateRequest(name=world.session, updates=[put("new", "1"), update])
            check_past(failure(client.events.UpdateState, request), f"updates[1].{field}", limit, limit + 1)
            appending = AppendEventsRequest(parent=world.session, events=[Event()], state_updates=[update])
            refusal = failure(client.events.AppendEvents, appending)
            check_past(refusal, f"state_updates[0].{field}", limit, limit + 1)
        assert everything(client, world) == before

    def test_of_updates_a_call_are_kept_and_past_them_it_is_refused(
        self, client: Client, world: World, limits: ServerLimits
    ) -> None:
        most = limits.state_updates
        updates = [put(f"{number:03}", "1") for number in range(most + 1)]
        scoped = [world.scoped("session", update.key, value_json="2") for update in updates]
        assert len(update_state(client, world.session, *updates[:most]).entries) == most
        append(client, world.session, "x", state_updates=scoped[:most])
        before = everything(client, world)
        assert before[3] == {update.key: entry("2", 2) for update in updates[:most]}
        request = UpdateStateRequest(name=world.session, updates=updates)
        check_past(failure(client.events.UpdateState, request), "updates", most, most + 1)
        appending = AppendEventsRequest(parent=world.session, events=[Event()], state_updates=scoped)
        check_past(failure(client.events.AppendEvents, appending), "state_updates", most, most + 1)
        assert everything(client, world) == before

    def test_of_bytes_a_call_are_kept_and_past_them_it_is_refused(
        self, client: Client, world: World, limits: ServerLimits
    ) -> None:
        updates = self.updates_of(world, limits.batch_bytes, limits.state_value_bytes)
        assert sum(update.ByteSize() for update in updates) == limits.batch_bytes
        append(client, world.session, Event(), state_updates=updates)
        before = everything(client, world)
        assert before[3] == {update.key: entry(update.value_json, 1) for update in updates}
        updates[-1].value_json += " "
        appending = AppendEventsRequest(parent=world.session, events=[Event()], state_updates=updates)
        refusal = failure(client.events.AppendEvents, appending)
        check_past(refusal, "events", limits.batch_bytes, limits.batch_bytes + 1)
        for update in updates:
            update.ClearField("scope")
        updates.append(put("more", f'"{"x" * 1000}"'))
        size = sum(update.ByteSize() for update in updates)
        refusal = failure(client.events.UpdateState, UpdateStateRequest(name=world.session, updates=updates))
        check_past(refusal, "updates", limits.batch_bytes, size)
        assert everything(client, world) == before

    @staticmethod
    def updates_of(world: World, size: int, value_bytes: int) -> list[StateUpdate]:
        """Return updates that have that many bytes together."""
        value = f'"{"x" * (value_bytes // 2 - 2)}"'
        updates = [world.scoped("session", "00", value_json=value)]
        count = size // updates[0].ByteSize()
        updates = [world.scoped("session", f"{number:02}", value_json=value) for number in range(count)]
        updates[-1].value_json += " " * (size - sum(update.ByteSize() for update in updates))
        return updates

    def test_of_keys_asked_for_are_answered_and_past_them_it_is_refused(
        self, client: Client, world: World, limits: ServerLimits
    ) -> None:
        most = limits.state_updates
        keys = [str(number) for number in range(most + 1)]
        assert read_state(client, world.session, keys=keys[:most]) == {}
        refusal = failure(client.events.GetState, GetStateRequest(name=world.session, keys=keys))
        check_past(refusal, "keys", most, most + 1)
        for field in ("keys[0]", "key_prefix"):
            long = "k" * (limits.state_key_characters + 1)
            asked = {"keys": [long]} if field == "keys[0]" else {"key_prefix": long}
            refusal = failure(client.events.GetState, GetStateRequest(name=world.session, **asked))
            check_past(refusal, field, len(long) - 1, len(long))


# In the order of their code points, which is that of UTF-8 and not that of UTF-16.
KEYS = sorted(
    [
        *(
            "A",
            "I",
            "a",
            "a b",
            "a%",
            "a%b",
            "a*",
            "a*b",
            "a?",
            "a[",
            "a[b]",
            "a]",
            "a^",
            "a_",
            "a_b",
            "ab",
            "aB",
            "aa",
        ),
        *("a|", "a|b", "a\\", "a\\b", "a'b", 'a"b', "a/b", "a.b", "a-", "b", "ä", "é", "ß", "ss", "\u0131"),
        *("\uff41", "\uff5e", "😀", "😀a", "a😀", "a😀b", "👩‍🚀", "\U0010ffff", "\ue000", "日本"),
    ]
)


@pytest.fixture(scope="module")
def keyed(client: Client) -> str:
    """A session whose state has the keys."""
    name = new_session(client, make_namespace(client).name).name
    update_state(client, name, *(put(key, f'"{number}"') for number, key in enumerate(KEYS)))
    return name


class TestReads:
    @staticmethod
    def pages(client: Client, request: GetStateRequest) -> list[list[str]]:
        """Return the keys of each page."""
        found = []
        while True:
            page = client.events.GetState(request)
            found.append(sorted(page.entries))
            if not page.next_page_token:
                return found
            request.page_token = page.next_page_token

    def test_tell_all_keys_apart(self, client: Client, keyed: str) -> None:
        expected = {key: entry(f'"{number}"', 1) for number, key in enumerate(KEYS)}
        assert read_state(client, keyed) == expected

    def test_come_in_pages_in_the_order_of_the_keys(self, client: Client, keyed: str) -> None:
        for size in (1, 2, 7, len(KEYS) - 1, len(KEYS), len(KEYS) + 1, 1000):
            found = self.pages(client, GetStateRequest(name=keyed, page_size=size))
            assert found == [KEYS[start : start + size] for start in range(0, len(KEYS), size)]

    def test_by_prefix_give_the_keys_that_start_so(self, client: Client, keyed: str) -> None:
        for prefix in (*KEYS, "a ", "a😀b ", "%", "*", "_", "[", "|", "?", "x"):
            expected = [key for key in KEYS if key.startswith(prefix)]
            request = GetStateRequest(name=keyed, key_prefix=prefix, page_size=20)
            assert list(chain(*self.pages(client, request))) == expected, ascii(prefix)

    def test_by_key_give_that_key_alone(self, client: Client, keyed: str) -> None:
        for number, key in enumerate(KEYS):
            assert read_state(client, keyed, keys=[key, key]) == {key: entry(f'"{number}"', 1)}, ascii(key)

    def test_by_keys_and_prefix_give_what_fits_both(self, client: Client, keyed: str) -> None:
        asked = ["none", "b", "a*", "a", "aa", "A", "a😀", ""]
        there = ["A", "a", "a*", "aa", "a😀", "b"]
        assert sorted(read_state(client, keyed, keys=asked)) == there
        assert list(chain(*self.pages(client, GetStateRequest(name=keyed, keys=asked, page_size=2)))) == there
        assert sorted(read_state(client, keyed, keys=asked, key_prefix="a")) == ["a", "a*", "aa", "a😀"]
        assert read_state(client, keyed, keys=["none"]) == {}

    def test_take_a_token_for_the_same_query_alone(self, client: Client, keyed: str) -> None:
        request = GetStateRequest(name=keyed, keys=["a", "b", "aa"], key_prefix="a", page_size=1)
        request.page_token = client.events.GetState(request).next_page_token
        other = new_session(client, keyed.partition("/sessions/")[0]).name
        changes: list[dict[str, Any]] = [{"name": other}, {"keys": ["a", "b"]}, {"keys": []}, {"key_prefix": ""}]
        for change in changes:
            fields = {"name": keyed, "keys": request.keys, "key_prefix": "a", **change}
            asking = GetStateRequest(page_token=request.page_token, **fields)
            refused(client.events.GetState, asking, "INVALID_PAGE_TOKEN", "page_token")
        request.page_size = 50
        assert list(client.events.GetState(request).entries) == ["aa"]

    def test_refuse_what_no_key_can_be(self, client: Client, keyed: str) -> None:
        for key in ("\0", "a ", "e\u0301"):
            request = GetStateRequest(name=keyed, keys=["a", key])
            refused(client.events.GetState, request, "INVALID_FIELD", "keys[1]")
        refused(
            client.events.GetState, GetStateRequest(name=keyed, key_prefix="e\u0301"), "INVALID_FIELD", "key_prefix"
        )
        refused(client.events.GetState, GetStateRequest(name=keyed, page_size=-1), "INVALID_FIELD", "page_size")

    def test_give_50_keys_by_default_and_1000_at_most(self, client: Client, world: World) -> None:
        keys = [f"{number:04}" for number in range(1001)]
        for start in range(0, len(keys), 100):
            update_state(client, world.session, *(put(key, "1") for key in keys[start : start + 100]))
        for page_size, count in ((0, 50), (1000, 1000), (1001, 1000), (2**31 - 1, 1000)):
            page = client.events.GetState(GetStateRequest(name=world.session, page_size=page_size))
            assert sorted(page.entries) == keys[:count]
            assert page.next_page_token
        assert sorted(read_state(client, world.session)) == keys

    def test_end_a_page_early_to_fit_the_size_of_an_answer(
        self, client: Client, world: World, limits: ServerLimits
    ) -> None:
        value = f'"{"x" * (limits.state_value_bytes - 2)}"'
        keys = [f"{number:02}" for number in range(20)]
        for start in range(0, len(keys), 10):
            update_state(client, world.session, *(put(key, value) for key in keys[start : start + 10]))
        request = GetStateRequest(name=world.session)
        first = client.events.GetState(request)
        assert limits.response_bytes // 2 < first.ByteSize() <= limits.response_bytes
        request.page_token = first.next_page_token
        second = client.events.GetState(request)
        assert not second.next_page_token
        assert [*sorted(first.entries), *sorted(second.entries)] == keys

    def test_of_nothing_give_an_empty_page(self, client: Client, world: World) -> None:
        for scope in SCOPES:
            assert client.events.GetState(GetStateRequest(name=world.owner(scope))) == State()


def append_with(client: Client, session: str, updates: Sequence[StateUpdate]) -> AppendEventsResponse:
    return append(client, session, "event", state_updates=updates)


class TestManyWriters:
    """32 callers at one moment."""

    @pytest.mark.parametrize("scope", SCOPES)
    def test_with_one_expectation_are_won_by_one(self, client: Client, world: World, scope: str) -> None:
        name = world.owner(scope)
        for revision in range(3):
            values = [str(number) for number in range(CALLERS)]
            calls: list[Callable[[], object]] = [
                partial(update_state, client, name, put("key", value, revision)) for value in values[::2]
            ]
            for value in values[1::2]:
                update = world.scoped(scope, "key", value_json=value, expected_revision=revision)
                calls.append(partial(append_with, client, world.session, [update]))
            answers = at_once(calls)
            refusals = [answer for answer in answers if isinstance(answer, Failure)]
            assert {refusal.reason for refusal in refusals} == {"REVISION_MISMATCH"}
            assert len(refusals) == CALLERS - 1
            (winner,) = (index for index, answer in enumerate(answers) if not isinstance(answer, Failure))
            now = entry([*values[::2], *values[1::2]][winner], revision + 1)
            assert read_state(client, name) == {"key": now}
            told = [conflict_of(refusal).state_conflicts[0] for refusal in refusals]
            assert {(one.revision, one.value_json) for one in told} == {(now.revision, now.value_json)}
        assert len(list_events(client, world.session)) <= 3

    def test_that_compare_and_set_lose_no_increment(self, client: Client, world: World) -> None:
        callers, rounds = 8, 5
        most = callers * rounds

        def increment() -> None:
            value, revision = 0, 0
            for _ in range(rounds):
                value, revision = self.incremented(client, world.namespace, value, revision, most)

        answers = at_once([increment] * callers)
        assert answers == [None] * callers
        assert read_state(client, world.namespace) == {"count": entry(str(most), most)}

    @staticmethod
    def incremented(client: Client, name: str, value: int, revision: int, most: int) -> tuple[int, int]:
        """Increment from the value last seen; each refusal is another caller's success, so there are few."""
        for _ in range(most):
            try:
                update_state(client, name, put("count", str(value + 1), revision))
            except grpc.RpcError as error:
                (current,) = conflict_of(Failure(error)).state_conflicts
                value, revision = int(current.value_json), current.revision
            else:
                return value + 1, revision + 1
        raise AssertionError("others came first too often")

    @pytest.mark.parametrize("scope", SCOPES)
    def test_of_different_keys_never_fail(self, client: Client, world: World, scope: str) -> None:
        keys = [f"{number:02}" for number in range(CALLERS)]
        for revision in range(2):
            calls: list[Callable[[], object]] = [
                partial(update_state, client, world.owner(scope), put(key, f'"{key}"', revision)) for key in keys[::2]
            ]
            for key in keys[1::2]:
                update = world.scoped(scope, key, value_json=f'"{key}"', expected_revision=revision)
                calls.append(partial(append_with, client, world.session, [update]))
            assert [answer for answer in at_once(calls) if isinstance(answer, Failure)] == []
        assert read_state(client, world.owner(scope)) == {key: entry(f'"{key}"', 2) for key in keys}
        assert len(list_events(client, world.session)) == CALLERS

    def test_of_the_same_keys_in_opposite_orders_never_fail(self, client: Client, world: World) -> None:
        keys = [f"{number:02}" for number in range(8)]
        for round_ in range(1, 3):
            calls: list[Callable[[], object]] = []
            for number in range(CALLERS // 4):
                ordered = keys if number % 2 else keys[::-1]
                calls += self.calls(client, world, ordered, str(number))
            assert [answer for answer in at_once(calls) if isinstance(answer, Failure)] == []
            for scope in SCOPES:
                written = read_state(client, world.owner(scope))
                assert sorted(written) == keys
                assert {one.revision for one in written.values()} == {round_ * CALLERS // 2}
                assert len({one.value_json for one in written.values()}) == 1

    @staticmethod
    def calls(client: Client, world: World, keys: Sequence[str], value: str) -> list[Callable[[], object]]:
        """A call for each state, and one for all of them."""
        updates = [put(key, value) for key in keys]
        scopes = list(SCOPES) if keys[0] < keys[-1] else list(SCOPES)[::-1]
        scoped = [world.scoped(scope, key, value_json=value) for key in keys for scope in scopes]
        return [
            partial(append_with, client, world.session, scoped),
            *(partial(update_state, client, world.owner(scope), *updates) for scope in SCOPES),
        ]

    def test_that_delete_and_set_one_key_leave_it_whole(self, client: Client, world: World) -> None:
        calls = [
            partial(update_state, client, world.session, put("key", str(number)) if number % 2 else drop("key"))
            for number in range(CALLERS)
        ]
        answers = at_once(calls)
        assert [answer for answer in answers if isinstance(answer, Failure)] == []
        revisions = [one.entries["key"].revision for one in answers if isinstance(one, State) and one.entries]
        assert len(set(revisions)) == len(revisions) == CALLERS // 2
        last = update_state(client, world.session, put("key", '"last"')).entries["key"].revision
        assert max(revisions) < last <= CALLERS + 1
