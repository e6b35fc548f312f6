"""Which fields of the API have a Unicode form: those that are compared as ids, and no other."""

from typing import Any

import pytest

from activity_session_server.rpc.validation import Validator
from activity_session_server.rules.errors import ServiceError
from activity_session_server.rules.limits import Limits
from activity_session_testing.messages import kind_of
from activity_session_testing.places import places
from activity_session_testing.rpcs import RPCS

NAMES = {
    "Namespace": "namespaces/n",
    "Participant": "namespaces/n/participants/p",
    "Session": "namespaces/n/sessions/s",
    "Event": "namespaces/n/sessions/s/events/e",
    "Memory": "namespaces/n/sessions/s/memories/m",
    "*": "namespaces/n",
}
# With the names of resources; the key of a label and a request id are ASCII anyway.
EXACT = {f"{kind}_id" for kind in ("namespace", "participant", "session", "event", "memory")}
EXACT |= {"key", "keys", "key_prefix", "collection_overrides"}
DECOMPOSED = "e\u0301"


@pytest.mark.parametrize("rpc", RPCS.values(), ids=RPCS)
def test_what_is_compared_as_an_id_has_a_form_and_nothing_else(rpc: Any) -> None:
    validator = Validator(Limits.model_validate({}))
    for place in places(rpc.request_class):
        kind = kind_of(place.field)
        request = place.request(NAMES.get(kind, "") + DECOMPOSED, NAMES.__getitem__, entry="a")
        try:
            validator.check(request)
        except ServiceError as error:
            message = error.message
        else:
            message = ""
        # A field that must be empty here, or be the request's name, is one that is elsewhere a name.
        is_refused = any(text in message for text in ("NFC", "must be empty", "must be the request's name"))
        assert is_refused == bool(kind or place.field.name in EXACT), place
