"""The OpenAPI document, calls that send each example in it, and what its schemas say of what is returned."""

import json
from collections.abc import Mapping
from typing import Any

from openapi_schema_validator import OAS31Validator

from activity_session_server.http import openapi

DOCUMENT = json.loads(openapi.document())
NAMESPACE = "namespaces/default"
TEAM, ADA, TRIP = "namespaces/team", f"{NAMESPACE}/participants/ada", f"{NAMESPACE}/sessions/trip"
MEMORY = f"{TRIP}/memories/castles"
# In an order in which each finds what it needs. Bodies are the examples of the document, and stand nowhere here.
CALLS: list[tuple[str, dict[str, Any]]] = [
    ("GetServerInfo", {}),
    ("CreateNamespace", {"namespaceId": "team"}),
    ("UpdateNamespace", {"namespace": {"name": TEAM}}),
    ("DeleteNamespace", {"name": TEAM}),
    ("UndeleteNamespace", {"name": TEAM}),
    ("GetNamespace", {"name": TEAM}),
    ("ListNamespaces", {"filter": 'namespace_id = "team"'}),
    ("EnsureParticipant", {"parent": NAMESPACE}),
    ("CreateParticipant", {"parent": NAMESPACE, "participantId": "bob"}),
    ("UpdateParticipant", {"participant": {"name": ADA}}),
    ("DeleteParticipant", {"name": f"{NAMESPACE}/participants/bob"}),
    ("UndeleteParticipant", {"name": f"{NAMESPACE}/participants/bob"}),
    ("GetParticipant", {"name": ADA}),
    ("ListParticipants", {"parent": NAMESPACE, "showDeleted": True}),
    ("EnsureSession", {"parent": NAMESPACE}),
    ("CreateSession", {"parent": NAMESPACE, "sessionId": "second trip to 京都"}),
    ("UpdateSession", {"session": {"name": TRIP}}),
    ("BindParticipant", {"session": TRIP}),
    ("AcquireTurn", {"session": TRIP}),
    ("RenewTurn", {"session": TRIP}),
    ("AppendEvents", {"parent": TRIP}),
    ("MarkRead", {"session": TRIP}),
    ("GetSession", {"name": TRIP, "view": "SESSION_VIEW_FULL"}),
    ("BatchGetSessions", {"parent": NAMESPACE, "names": [TRIP]}),
    ("ListSessions", {"parent": NAMESPACE}),
    ("ListEvents", {"parent": TRIP}),
    ("WatchSession", {"name": TRIP}),
    ("SupersedeEvents", {"parent": TRIP}),
    ("PopEvents", {"parent": TRIP}),
    ("RewindSession", {"name": TRIP}),
    ("ForkSession", {"name": TRIP}),
    ("ImportEvents", {"parent": TRIP}),
    ("UpdateState", {"name": TRIP}),
    ("GetState", {"name": TRIP}),
    ("CreateMemory", {"parent": TRIP, "memoryId": "castles"}),
    ("BatchCreateMemories", {"parent": TRIP}),
    ("UpdateMemory", {"memory": {"name": MEMORY}}),
    ("GetMemory", {"name": MEMORY, "touch": True}),
    ("ListMemories", {"parent": f"{NAMESPACE}/sessions/-"}),
    ("DeleteMemory", {"name": MEMORY}),
    ("UndeleteMemory", {"name": MEMORY}),
    ("ReleaseTurn", {"session": TRIP}),
    ("UnbindParticipant", {"session": TRIP}),
    ("DeleteSession", {"name": TRIP}),
    ("UndeleteSession", {"name": TRIP}),
    ("DeleteSession", {"name": TRIP}),
    ("ExpungeSession", {"name": TRIP}),
    ("PurgeSessions", {"parent": NAMESPACE}),
]
# They need a name that only the server knows.
UNCALLED = {"BatchGetEvents", "GetEvent", "RedactEvents"}


def operation_of(name: str) -> Any:
    return next(one for path in DOCUMENT["paths"].values() for one in path.values() if one["operationId"] == name)


def with_example(given: dict[str, Any], body: str, operation: Any) -> dict[str, Any]:
    """Return a request with the example of its body."""
    if not body:
        return given
    example = operation["requestBody"]["content"]["application/json"]["example"]
    return given | example if body == "*" else {**given, body: example | given.get(body, {})}


def is_of(schema: Mapping[str, Any], value: Any) -> None:
    # What a schema does not name is a fault here: the document leaves room for later versions.
    closed = {name: {"additionalProperties": False, **one} for name, one in DOCUMENT["components"]["schemas"].items()}
    validator = OAS31Validator({**schema, "components": {"schemas": closed}})
    assert [error.message for error in validator.iter_errors(value)] == []
