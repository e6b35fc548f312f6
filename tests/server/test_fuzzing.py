"""No mutated request makes a server fail; `make fuzz` sends many more of them."""

import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from google.protobuf.message import DecodeError

from activity_session_server.rpc import edge
from activity_session_server.rules import etags, paging
from activity_session_testing.fuzzing import campaigns
from activity_session_testing.fuzzing.mutations import Mutator
from activity_session_testing.rpcs import RPCS, Rpc

INPUTS, CALLS = 8000, 200
# A planted fault must be found among so many.
MOST_INPUTS = 40_000


def test_no_request_makes_a_server_fail() -> None:
    codes = campaigns.run(f"{random.SystemRandom().getrandbits(64):x}", INPUTS, CALLS)
    assert codes.total() == INPUTS + CALLS
    # Some get past all checks, and some through each kind of them.
    assert {"OK", "INVALID_ARGUMENT", "NOT_FOUND", "ABORTED", "FAILED_PRECONDITION", "ALREADY_EXISTS"} <= set(codes)


def position_of_any_json(payload: bytes, _order: Any) -> paging.Position | None:
    """Parse a page token's payload with the parser of Python, which ends its stack at some nesting."""
    try:
        value, uid = json.loads(payload)
        f"{value}{uid}".encode()
        return paging.Position(value, uid) if isinstance(value, str) and isinstance(uid, str) else None
    except (TypeError, ValueError):
        return None


def position_of_any_text(payload: bytes, _order: Any) -> paging.Position | None:
    """The same, with texts that are not Unicode, which no database takes."""
    try:
        value, uid = json.loads(payload)
        return paging.Position(value, uid) if isinstance(value, str) and isinstance(uid, str) else None
    except (TypeError, ValueError, RecursionError):
        return None


def check_revision(_kind: Any, _current: Any, etag: str) -> None:
    """Take an etag apart that a caller has made."""
    if etag:
        int(etag.strip('"').split("-")[1])


FAULTS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "a page token that is nested": lambda patch: patch.setattr(paging, "_position", position_of_any_json),
    "a page token with a lone surrogate": lambda patch: patch.setattr(paging, "_position", position_of_any_text),
    "an etag that is taken apart": lambda patch: patch.setattr(etags, "check", check_revision),
    "bytes that are no message": lambda patch: patch.setattr(edge, "DecodeError", ZeroDivisionError),
}


@pytest.mark.parametrize("plant", FAULTS.values(), ids=FAULTS)
def test_a_planted_fault_is_found(monkeypatch: pytest.MonkeyPatch, plant: Callable[[pytest.MonkeyPatch], None]) -> None:
    plant(monkeypatch)
    with pytest.raises(campaigns.FoundError, match="INTERNAL"):
        campaigns.run("planted", MOST_INPUTS, 0)


@pytest.mark.parametrize("rpc", RPCS.values(), ids=lambda rpc: rpc.name)
def test_every_field_of_a_request_is_set_sometime(rpc: Rpc) -> None:
    mutator = Mutator(random.Random(1), {"page_token": [""]})
    seen: set[str] = set()
    for _ in range(300):
        try:
            seen |= {field.name for field, _ in rpc.request_class.FromString(mutator.request(rpc)).ListFields()}
        except DecodeError:
            continue
    assert seen == set(rpc.request_class.DESCRIPTOR.fields_by_name)


def test_the_same_seed_makes_the_same_requests() -> None:
    made = [
        [mutator.request(rpc) for _ in range(20) for rpc in RPCS.values()]
        for mutator in (Mutator(random.Random("seed"), {"page_token": [""]}) for _ in range(2))
    ]
    assert made[0] == made[1]
