"""The settings of sessions: complete on every read, changed one by one, and within their bounds."""

from collections.abc import Callable
from typing import Any

import pytest
from google.protobuf.message import Message

from activity_session.v1.session_pb2 import SESSION_VIEW_BASIC, SESSION_VIEW_FULL, Session
from activity_session.v1.session_service_pb2 import (
    BatchGetSessionsRequest,
    CreateSessionRequest,
    EnsureSessionRequest,
    GetSessionRequest,
    ListSessionsRequest,
    UndeleteSessionRequest,
    UpdateSessionRequest,
)
from activity_session.v1.session_settings_pb2 import (
    MAX_MEMORY_STRATEGY_HARD_LIMIT,
    MAX_MEMORY_STRATEGY_UNSPECIFIED,
    MemorySettings,
    SessionSettings,
)
from activity_session_testing.servers import Client, unique
from activity_session_testing.steps import delete_session, get_session, new_session, refused, update_session

MEMORY_DEFAULTS: dict[str, Any] = {
    "conversation_insights_count": 10,
    "conversation_insights_freshness": 1,
    "conversation_insights_msg_history": 10,
    "recall_include_insights": False,
    "recall_conversation_turns": 1,
    "get_top_k_vectors": 20,
    "get_relevance_alpha": 0.6,
    "get_importance_alpha": 0.3,
    "get_recency_alpha": 0.1,
    "max_memory_strategy": MAX_MEMORY_STRATEGY_HARD_LIMIT,
    "get_max_memories": 25,
    "get_min_score": 0.4,
    "integration_enabled": True,
    "manual_integration": False,
    "integration_operation_threshold": 5,
    "integration_question_count": 5,
    "integration_insight_count": 5,
}
# For each setting a value that is not its default; zero and false where those differ from it.
MEMORY_OTHERS: dict[str, Any] = {
    name: not value if isinstance(value, bool) else 0
    for name, value in MEMORY_DEFAULTS.items()
    if name != "max_memory_strategy"
}
COUNTS = [name for name, value in MEMORY_DEFAULTS.items() if type(value) is int and name != "max_memory_strategy"]
SHARES = [name for name, value in MEMORY_DEFAULTS.items() if isinstance(value, float)]
DEFAULTS = SessionSettings(
    sync_chat=False, override_importance=0, require_turn=False, memory=MemorySettings(**MEMORY_DEFAULTS)
)
LARGEST = 2**31 - 1


def memory(name: str, value: Any) -> SessionSettings:
    return SessionSettings(memory=MemorySettings(**{name: value}))


def expected(**fields: Any) -> SessionSettings:
    """The defaults with other values of some settings; those of `memory` are given as a dictionary."""
    settings = SessionSettings()
    settings.CopyFrom(DEFAULTS)
    settings.memory.MergeFrom(MemorySettings(**fields.pop("memory", {})))
    settings.MergeFrom(SessionSettings(**fields))
    return settings


def update(client: Client, session: Session, settings: SessionSettings | None, *paths: str) -> SessionSettings:
    """Update the settings, check that they are read back the same, and return them."""
    updated = update_session(client, Session(name=session.name, settings=settings), *paths).settings
    assert get_session(client, session.name).settings == updated
    return updated


def create_request(namespace: str, settings: SessionSettings) -> CreateSessionRequest:
    return CreateSessionRequest(parent=namespace, session=Session(settings=settings))


@pytest.fixture
def session(client: Client, namespace: str) -> Session:
    return new_session(client, namespace)


class TestDefaults:
    def test_are_complete(self, session: Session) -> None:
        assert session.settings == DEFAULTS
        assert set(MEMORY_DEFAULTS) == set(MemorySettings.DESCRIPTOR.fields_by_name)

    def test_fill_what_is_not_set(self, client: Client, namespace: str) -> None:
        created = new_session(client, namespace, settings=memory("get_max_memories", 3))
        assert created.settings == expected(memory={"get_max_memories": 3})
        assert get_session(client, created.name).settings == created.settings

    @pytest.mark.parametrize("name", MEMORY_OTHERS)
    def test_do_not_replace_zero_and_false(self, client: Client, namespace: str, name: str) -> None:
        given = memory(name, MEMORY_OTHERS[name])
        created = new_session(client, namespace, settings=given)
        assert created.settings == expected(memory={name: MEMORY_OTHERS[name]})
        assert get_session(client, created.name).settings == created.settings

    def test_can_be_set_like_other_values(self, client: Client, namespace: str) -> None:
        assert new_session(client, namespace, settings=DEFAULTS).settings == DEFAULTS

    def test_stand_in_every_answer(self, client: Client, namespace: str) -> None:
        session_id = unique("session")
        ensured = EnsureSessionRequest(
            parent=namespace, session_id=session_id, session=Session(settings=memory("get_min_score", 1))
        )
        for _ in range(2):
            first = client.sessions.EnsureSession(ensured).session
            assert first.settings == expected(memory={"get_min_score": 1})
        for answer in answers(client, namespace, first.name):
            assert answer.settings == first.settings


def answers(client: Client, namespace: str, name: str) -> list[Session]:
    """Return one session as every RPC returns it."""
    sessions = client.sessions
    views = (SESSION_VIEW_BASIC, SESSION_VIEW_FULL)
    batches = [BatchGetSessionsRequest(parent=namespace, names=[name], view=view) for view in views]
    lists = [ListSessionsRequest(parent=namespace, view=view) for view in views]
    return [
        *(sessions.GetSession(GetSessionRequest(name=name, view=view)) for view in views),
        *(sessions.BatchGetSessions(request).sessions[0] for request in batches),
        *(sessions.ListSessions(request).sessions[0] for request in lists),
        sessions.UpdateSession(UpdateSessionRequest(session=Session(name=name, description="new"))),
        delete_session(client, name),
        sessions.UndeleteSession(UndeleteSessionRequest(name=name)),
    ]


class TestUpdate:
    @pytest.mark.parametrize("name", MEMORY_OTHERS)
    def test_of_one_memory_setting_leaves_the_others(self, client: Client, session: Session, name: str) -> None:
        update(client, session, SessionSettings(sync_chat=True, override_importance=7), "settings")
        given = SessionSettings(memory=MemorySettings(**MEMORY_OTHERS))
        updated = update(client, session, given, f"settings.memory.{name}")
        assert updated == expected(sync_chat=True, override_importance=7, memory={name: MEMORY_OTHERS[name]})

    @pytest.mark.parametrize("name", MEMORY_DEFAULTS)
    def test_that_clears_one_setting_returns_its_default(self, client: Client, namespace: str, name: str) -> None:
        settings = SessionSettings(memory=MemorySettings(**MEMORY_OTHERS))
        session = new_session(client, namespace, settings=settings)
        updated = update(client, session, None, f"settings.memory.{name}")
        assert updated == expected(memory={**MEMORY_OTHERS, name: MEMORY_DEFAULTS[name]})

    def test_of_memory_replaces_memory_alone(self, client: Client, namespace: str) -> None:
        settings = SessionSettings(sync_chat=True, memory=MemorySettings(**MEMORY_OTHERS))
        session = new_session(client, namespace, settings=settings)
        updated = update(client, session, memory("get_max_memories", 1), "settings.memory")
        assert updated == expected(sync_chat=True, memory={"get_max_memories": 1})
        assert update(client, session, None, "settings.memory") == expected(sync_chat=True)

    def test_of_all_settings_replaces_all(self, client: Client, namespace: str) -> None:
        settings = SessionSettings(override_importance=3, memory=MemorySettings(**MEMORY_OTHERS))
        session = new_session(client, namespace, settings=settings)
        assert update(client, session, SessionSettings(sync_chat=True), "settings") == expected(sync_chat=True)
        assert update(client, session, None, "settings") == DEFAULTS

    def test_with_settings_as_they_were_read_changes_none(self, client: Client, namespace: str) -> None:
        session = new_session(client, namespace, settings=memory("get_min_score", 0))
        assert update(client, session, session.settings, "settings") == session.settings


class TestBounds:
    @pytest.mark.parametrize("name", COUNTS)
    def test_of_counts(self, client: Client, namespace: str, name: str) -> None:
        for value in (0, LARGEST):
            created = new_session(client, namespace, settings=memory(name, value))
            assert getattr(get_session(client, created.name).settings.memory, name) == value
        for value in (-1, -LARGEST - 1):
            request = create_request(namespace, memory(name, value))
            refused(client.sessions.CreateSession, request, "INVALID_FIELD", f"session.settings.memory.{name}")

    @pytest.mark.parametrize("name", SHARES)
    def test_of_shares(self, client: Client, namespace: str, name: str) -> None:
        for value in (0.0, 1.0, 1 / 3, 5e-324):
            created = new_session(client, namespace, settings=memory(name, value))
            assert getattr(get_session(client, created.name).settings.memory, name) == value
        for value in (-0.001, 1.0000001, 1e308, float("nan"), float("inf"), float("-inf")):
            request = create_request(namespace, memory(name, value))
            refused(client.sessions.CreateSession, request, "INVALID_FIELD", f"session.settings.memory.{name}")

    def test_of_importance(self, client: Client, namespace: str) -> None:
        settings = SessionSettings(override_importance=LARGEST)
        assert new_session(client, namespace, settings=settings).settings.override_importance == LARGEST
        request = create_request(namespace, SessionSettings(override_importance=-1))
        field = "session.settings.override_importance"
        refused(client.sessions.CreateSession, request, "INVALID_FIELD", field)

    def test_of_the_strategy(self, client: Client, namespace: str) -> None:
        request = create_request(namespace, memory("max_memory_strategy", 99))
        field = "session.settings.memory.max_memory_strategy"
        refused(client.sessions.CreateSession, request, "INVALID_FIELD", field)

    def test_take_a_strategy_that_is_not_said_for_the_default(self, client: Client, namespace: str) -> None:
        settings = memory("max_memory_strategy", MAX_MEMORY_STRATEGY_UNSPECIFIED)
        assert new_session(client, namespace, settings=settings).settings == DEFAULTS

    def test_hold_for_every_call_that_sets(self, client: Client, namespace: str, session: Session) -> None:
        wrong = Session(name=session.name, settings=memory("get_min_score", 2))
        calls: list[tuple[Callable[[Any], Any], Message]] = [
            (client.sessions.UpdateSession, UpdateSessionRequest(session=wrong)),
            (client.sessions.EnsureSession, EnsureSessionRequest(parent=namespace, session_id="x", session=wrong)),
        ]
        for call, request in calls:
            refused(call, request, "INVALID_FIELD", "session.settings.memory.get_min_score")
        assert get_session(client, session.name) == session


class TestCollectionOverrides:
    def test_are_kept_exactly(self, client: Client, namespace: str) -> None:
        overrides = {"agent": "one", "Agent": "two", "ágent": "drei 👩", "a.b": "x"}
        settings = SessionSettings(collection_overrides=overrides)
        created = new_session(client, namespace, settings=settings)
        assert get_session(client, created.name).settings == expected(collection_overrides=overrides)

    def test_are_set_and_removed_singly(self, client: Client, namespace: str) -> None:
        settings = SessionSettings(sync_chat=True, collection_overrides={"kept": "1", "changed": "2", "removed": "3"})
        session = new_session(client, namespace, settings=settings)
        given = SessionSettings(collection_overrides={"changed": "4", "kept": "5", "a.b": "6"})
        paths = [f"settings.collection_overrides.{agent}" for agent in ("changed", "removed", "a.b")]
        updated = update(client, session, given, *paths)
        assert dict(updated.collection_overrides) == {"kept": "1", "changed": "4", "a.b": "6"}
        assert updated.sync_chat

    @pytest.mark.parametrize(
        "overrides", [{"": "x"}, {"x": ""}, {"a/b": "x"}, {"x": "a\nb"}, {" x": "y"}, {"x": "e\u0301"}]
    )
    def test_refuse_malformed_names(self, client: Client, namespace: str, overrides: dict[str, str]) -> None:
        request = create_request(namespace, SessionSettings(collection_overrides=overrides))
        field = "session.settings.collection_overrides"
        refused(client.sessions.CreateSession, request, "INVALID_FIELD", field)

    def test_count_those_that_a_masked_update_would_leave(self, client: Client, namespace: str) -> None:
        overrides = {f"agent-{number}": "x" for number in range(64)}
        session = new_session(client, namespace, settings=SessionSettings(collection_overrides=overrides))
        given = Session(name=session.name, settings=SessionSettings(collection_overrides={"more": "x"}))
        request = UpdateSessionRequest(session=given)
        request.update_mask.paths.append("settings.collection_overrides.more")
        refusal = refused(client.sessions.UpdateSession, request, "LIMIT_EXCEEDED")
        assert refusal.info.metadata["size"] == "65"
        assert get_session(client, session.name) == session
