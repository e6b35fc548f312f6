"""Texts for the fields of generated requests, by name or resource kind, so that many of them reach the database."""

from collections.abc import Mapping, Sequence
from typing import Any

from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import ListEventsRequest
from activity_session.v1.memory_service_pb2 import ListMemoriesRequest
from activity_session.v1.session_service_pb2 import ListSessionsRequest
from activity_session_testing.servers import Client
from activity_session_testing.steps import AGENT, append, get_session, members, new_memory, new_participant, new_session

_FILTERS = [
    'labels.team="a*" AND NOT enabled=false',
    "create_time > 0001-01-01T00:00:00+23:59 OR expire_time<=9999-12-31T23:59:59.999999999Z",
    "update_time >= 9999-12-31T23:59:59-23:59",
    "last_sequence=9223372036854775807 last_sequence>-9223372036854775808",
    "last_sequence=9223372036854775808",
    '-(description:"%_\\\\" managed=true)',
    'participants:"namespaces/default/participants/x"',
    "labels.x=*",
    'labels.a.b/c:"\\""',
    'session_id:"\U0001f469"',
    'session_id<"\0"',
    "(" * 50,
    "a" * 200,
    "NOT " * 40 + "enabled=true",
    '"',
    "*",
    "AND",
    "enabled=true OR",
    "participant_type=USER",
    "participant_type=2",
    'type="m*" -labels.team:*',
    'author=""',
    'author!="namespaces/default/participants/x" event_time<2026-01-01T00:00:00Z',
    'agent="namespaces/default/participants/x" OR memory_type=OBSERVATION',
    "importance>=0 access_count<9223372036854775807",
]
_PATHS = [
    "*",
    "description",
    "labels",
    "labels.team",
    "labels.a.b/c",
    "labels.",
    "settings",
    "settings.sync_chat",
    "settings.memory",
    "settings.memory.get_min_score",
    "settings.collection_overrides.a",
    "settings.purge_age",
    "settings.default_session_ttl",
    "settings.default_session_ttl.seconds",
    "expire_time",
    "expire_time.nanos",
    "enabled",
    "managed",
    "data",
    "participant_type",
    "participants",
    "etag",
    "uid",
    "content",
    "memo",
    "importance",
    "agent",
    ".",
    "a.b",
]


def values_of(client: Client, namespace: str) -> Mapping[str, Sequence[str]]:
    """Fill an empty namespace, and return texts that name what is in it, and some that name nothing."""
    user = new_participant(client, namespace, "user")
    agent = new_participant(client, namespace, "agent", participant_type=AGENT)
    full = new_session(client, namespace, "full", labels={"team": "a"}, participants=members(user), data="x")
    empty = new_session(client, namespace, "empty")
    events = [Event(event_id=id_, text="x", author=user, labels={"team": "a"}) for id_ in ("first", "second")]
    append(client, full.name, *events)
    memories = [new_memory(client, full.name, agent, id_).name for id_ in ("one", "two")]
    missing = [f"{namespace}/{rest}" for rest in ("sessions/missing", "participants/missing")]
    return {
        "Namespace": [namespace],
        "Session": [full.name, empty.name, missing[0]],
        "Participant": [user, agent, missing[1]],
        "agent": [agent, agent, user],
        "Event": [f"{full.name}/events/{id_}" for id_ in ("first", "second", "missing")],
        "Memory": [*memories, f"{full.name}/memories/missing"],
        "*": [namespace, user, full.name, *missing],
        "session_id": ["full", "empty", "new", "New"],
        "participant_id": ["user", "agent", "new"],
        "event_id": ["", "first", "new"],
        "memory_id": ["", "one", "new"],
        "etag": ["", full.etag, get_session(client, empty.name).etag],
        "request_id": ["", "one", "two"],
        "order_by": ["", "name desc", "create_time", "update_time  desc", "name, create_time", "sequence desc"],
        "page_token": ["", *_page_tokens(client, full.name)],
        "filter": ["", *_FILTERS],
        "paths": _PATHS,
        "key": ["team", "a.b/c", "a"],
        "value_json": ["1", '{"a": [1e400, "\\u0000"]}', "[" * 2000 + "]" * 2000, "NaN", '"\0"'],
    }


def _page_tokens(client: Client, session: str) -> list[str]:
    """Return tokens of several lists, each of which has at least two entries."""
    namespace = session.rpartition("/sessions/")[0]
    pages: list[Any] = [
        client.sessions.ListSessions(ListSessionsRequest(parent=namespace, page_size=1, order_by=order))
        for order in ("", "create_time desc")
    ]
    pages.append(client.events.ListEvents(ListEventsRequest(parent=session, page_size=1)))
    pages.append(client.memories.ListMemories(ListMemoriesRequest(parent=session, page_size=1)))
    return [page.next_page_token for page in pages]
