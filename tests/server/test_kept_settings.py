"""What a later version has written into the settings of a session survives updates by this version."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_settings_pb2 import (
    MAX_MEMORY_STRATEGY_HARD_LIMIT,
    MemorySettings,
    SessionSettings,
)
from activity_session_testing.backends import KEEPING_BACKENDS
from activity_session_testing.servers import connected, serving
from activity_session_testing.steps import get_session, new_session, update_session

PARENT = "namespaces/default"
UNKNOWN = {"new_switch": {"deep": [1, 2]}}
LATER = {
    **UNKNOWN,
    "sync_chat": True,
    "memory": {"get_max_memories": 7, "new_count": 3, "max_memory_strategy": "SOFT_LIMIT"},
}


@pytest.mark.parametrize("backend", KEEPING_BACKENDS)
@pytest.mark.parametrize(
    ("settings", "path", "expected"),
    [
        (SessionSettings(), "description", LATER),
        (
            SessionSettings(sync_chat=False),
            "settings.sync_chat",
            {**UNKNOWN, "sync_chat": False, "memory": {"get_max_memories": 7, "new_count": 3}},
        ),
        (
            SessionSettings(memory=MemorySettings(get_max_memories=9)),
            "settings.memory.get_max_memories",
            {**UNKNOWN, "sync_chat": True, "memory": {"get_max_memories": 9, "new_count": 3}},
        ),
        (SessionSettings(), "settings", {**UNKNOWN, "memory": {"new_count": 3}}),
    ],
    ids=["another field", "one setting", "one setting of memories", "all settings"],
)
def test_unknown_keys_are_kept(
    new_database: Callable[[str], str], backend: str, settings: SessionSettings, path: str, expected: dict[str, Any]
) -> None:
    url = new_database(backend)
    with serving(url) as server, connected(server.address) as client:
        name = new_session(client, PARENT).name
        write_settings(url, LATER)
        update_session(client, Session(name=name, description="changed", settings=settings), path)
        kept = read_settings(url)
    assert kept == expected


@pytest.mark.parametrize("backend", KEEPING_BACKENDS)
def test_what_is_not_known_is_read_as_the_default(new_database: Callable[[str], str], backend: str) -> None:
    url = new_database(backend)
    with serving(url) as server, connected(server.address) as client:
        name = new_session(client, PARENT).name
        write_settings(url, LATER)
        settings = get_session(client, name).settings
    assert settings.sync_chat
    assert settings.memory.get_max_memories == 7
    assert settings.memory.max_memory_strategy == MAX_MEMORY_STRATEGY_HARD_LIMIT


def write_settings(url: str, settings: dict[str, Any]) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE activity_session SET settings = :settings"), {"settings": json.dumps(settings)})
    engine.dispose()


def read_settings(url: str) -> dict[str, Any]:
    engine = create_engine(url)
    with engine.connect() as connection:
        kept = connection.scalar(text("SELECT settings FROM activity_session"))
    engine.dispose()
    # psycopg reads JSON itself.
    loaded: dict[str, Any] = kept if isinstance(kept, dict) else json.loads(str(kept))
    return loaded
