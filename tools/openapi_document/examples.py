"""What a body can be, by the RPC, so that whoever tries one need not write it. A test sends each of them."""

from collections.abc import Mapping

from openapi_document.bounds import Schema

_ADA = "namespaces/default/participants/ada"
_MEMORY = {"agent": _ADA, "memoryType": "MEMORY_TYPE_OBSERVATION", "content": "Ada likes castles."}
_AGENT = {"participantType": "PARTICIPANT_TYPE_AGENT", "description": "plans trips"}

EXAMPLES: Mapping[str, Schema] = {
    "CreateNamespace": {"description": "a team that travels"},
    "UpdateNamespace": {"description": "a team that has travelled"},
    "UndeleteNamespace": {},
    "CreateParticipant": _AGENT,
    "EnsureParticipant": {"participantId": "ada", "participant": _AGENT},
    "UpdateParticipant": {"description": "plans journeys"},
    "UndeleteParticipant": {},
    "CreateSession": {"description": "A trip", "labels": {"team": "travel"}, "participants": [{"participant": _ADA}]},
    "EnsureSession": {"sessionId": "trip", "session": {"participants": [{"participant": _ADA}]}},
    "UpdateSession": {"description": "A long trip", "settings": {"idleTtl": "86400s"}},
    "UndeleteSession": {},
    "ExpungeSession": {"force": True},
    "PurgeSessions": {"filter": "labels.team = travel"},
    "RewindSession": {"sequence": "1", "expectedLastSequence": "4", "reason": "start again from here"},
    "ForkSession": {"upToSequence": "2", "sessionId": "another way"},
    "BindParticipant": {"participant": _ADA, "role": "planner"},
    "UnbindParticipant": {"participant": _ADA},
    "MarkRead": {"participant": _ADA, "sequence": "1"},
    "AcquireTurn": {"participant": _ADA, "ttl": "30s"},
    "RenewTurn": {"token": "1", "ttl": "30s"},
    "ReleaseTurn": {"token": "1"},
    "AppendEvents": {"events": [{"author": _ADA, "type": "message", "text": "Where is the castle?"}]},
    "SupersedeEvents": {
        "fromSequence": "1",
        "toSequence": "1",
        "reason": "edited",
        "events": [{"author": _ADA, "type": "message", "text": "Where is the temple?"}],
    },
    "PopEvents": {"count": 1},
    "RedactEvents": {"names": ["namespaces/default/sessions/trip/events/q1"], "reason": "asked for"},
    "ImportEvents": {
        "events": [
            {
                "event": {"author": _ADA, "type": "message", "text": "Where was the castle?"},
                "createTime": "2020-05-01T09:00:00Z",
            }
        ]
    },
    "UpdateState": {"updates": [{"key": "plan", "valueJson": '{"day 1": "castle"}'}]},
    "CreateMemory": _MEMORY,
    "BatchCreateMemories": {"requests": [{"parent": "namespaces/default/sessions/trip", "memory": _MEMORY}]},
    "UpdateMemory": {"memo": "She said so.", "importance": 3},
    "UndeleteMemory": {},
}
