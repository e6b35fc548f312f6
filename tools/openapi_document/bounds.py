"""What the server demands of single fields, where the protos' annotations do not say it.

Only what no setting can change stands here: a document in a package cannot know the limits of the server that sends
it. Those are in GetServerInfo, and the comments of the fields name them. A test holds this and the server together.
"""

from collections.abc import Mapping
from typing import Any

from google.protobuf.descriptor import FieldDescriptor

from activity_session_server.rules import limits
from activity_session_server.rules.session_settings import MemoryResourceSettings

Schema = dict[str, Any]

ID: Schema = {"maxLength": limits.ID_CHARACTERS, "pattern": "^[^/]*$"}
REQUEST_ID: Schema = {"maxLength": limits.REQUEST_ID_CHARACTERS, "pattern": "^[!-~]*$"}
# Whole numbers of 64 bits are texts in ProtoJSON.
_NOT_NEGATIVE_TEXT: Schema = {"pattern": "^[0-9]+$"}
_NOT_NEGATIVE: Schema = {"minimum": 0}
_LABELS: Schema = {
    "propertyNames": {"pattern": "^[A-Za-z0-9][A-Za-z0-9_./-]*$", "maxLength": limits.LABEL_KEY_CHARACTERS},
    "additionalProperties": {"type": "string", "maxLength": limits.LABEL_VALUE_CHARACTERS},
}
_SETTINGS = MemoryResourceSettings.model_json_schema()["properties"]


def _bounds_only(schema: Schema) -> Schema:
    # That a number has 32 bits is said by its format.
    return {key: schema[key] for key in ("minimum", "maximum") if schema.get(key, 2**31) < 2**31 - 1}


# By message and field, or by field alone where it means the same in all messages, as in rpc/field_rules.py.
BOUNDS: Mapping[str | tuple[str, str], Schema] = {
    **dict.fromkeys(("namespace_id", "participant_id", "session_id", "event_id", "memory_id"), ID),
    **dict.fromkeys(
        ("after_sequence", "before_sequence", "at_sequence", "up_to_sequence", "expected_last_sequence"),
        _NOT_NEGATIVE_TEXT,
    ),
    **dict.fromkeys(("from_sequence", "to_sequence"), _NOT_NEGATIVE_TEXT),
    **dict.fromkeys(("expected_revision", "sequence", "token", "turn_token"), _NOT_NEGATIVE_TEXT),
    **dict.fromkeys(("page_size", "importance", "override_importance"), _NOT_NEGATIVE),
    **{("MemorySettings", name): _bounds_only(schema) for name, schema in _SETTINGS.items()},
    "request_id": REQUEST_ID,
    "uid": {"maxLength": limits.UID_CHARACTERS},
    "role": {"maxLength": limits.ROLE_CHARACTERS},
    "labels": _LABELS,
    "names": {"maxItems": limits.Limits.model_validate({}).batch_get_names},
    ("PopEventsRequest", "count"): _NOT_NEGATIVE,
    ("Event", "type"): {"maxLength": limits.EVENT_TYPE_CHARACTERS},
    ("Event", "media_type"): {"maxLength": limits.MEDIA_TYPE_CHARACTERS},
    ("StateUpdate", "key"): {"maxLength": limits.STATE_KEY_CHARACTERS},
    ("StateUpdate", "delete"): {"const": True},
    ("GetStateRequest", "keys"): {"items": {"type": "string", "maxLength": limits.STATE_KEY_CHARACTERS}},
    ("GetStateRequest", "key_prefix"): {"maxLength": limits.STATE_KEY_CHARACTERS},
}


def bounds_of(field: FieldDescriptor) -> Schema:
    """What the value of a field must be like; empty where anything of its type is taken."""
    message = "" if field.containing_type is None else field.containing_type.name
    return BOUNDS.get((message, field.name), BOUNDS.get(field.name, {}))
