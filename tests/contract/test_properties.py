"""No input makes a server fail with INTERNAL or UNKNOWN: generated requests, and other bytes, for every RPC."""

from collections.abc import Mapping, Sequence

import grpc
import pytest
from google.protobuf.message import DecodeError
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session_testing.messages import raw_noise, raw_requests
from activity_session_testing.rpcs import RPCS, Rpc
from activity_session_testing.servers import Client, Failure
from activity_session_testing.values import values_of

pytestmark = pytest.mark.one_node

EXAMPLES = 30
SOUGHT_EXAMPLES = 20_000
NOISE_EXAMPLES = 10
REASONS = {name.removeprefix("ERROR_REASON_") for name, _ in ErrorReason.items() if not name.endswith("_UNSPECIFIED")}
FAULTS = {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.UNAVAILABLE}
MOST_DETAILS = 4096
# How long a generated call may wait for a turn.
WAIT_SECONDS = 0.3

bounded = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
# Each has another form; the other RPCs have requests like one of these.
REACHING = [
    *("GetSession", "CreateSession", "UpdateSession", "ListSessions", "BindParticipant", "WatchSession"),
    *("AppendEvents", "ListEvents", "UpdateState", "CreateMemory"),
]
every_rpc = pytest.mark.parametrize("rpc", [pytest.param(rpc, id=name) for name, rpc in RPCS.items()])


@pytest.fixture
def values(client: Client, namespace: str) -> Mapping[str, Sequence[str]]:
    return values_of(client, namespace)


def check_answer(client: Client, rpc: Rpc, raw: bytes) -> None:
    """Check that an RPC returns what it should, or is refused by the rules."""
    waits = asks_to_wait(rpc, raw)
    try:
        rpc.answer_class.FromString(rpc.raw_on(client.channel)(raw, **({"timeout": WAIT_SECONDS} if waits else {})))
    except grpc.RpcError as error:
        refusal = Failure(error)
    else:
        return
    if waits and refusal.code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return
    assert refusal.code not in FAULTS, refusal.message
    assert refusal.reason in REASONS
    assert refusal.info.domain == "activity-session"
    assert 0 < refusal.status.ByteSize() <= MOST_DETAILS
    assert refusal.status.code == refusal.code.value[0]


def asks_to_wait(rpc: Rpc, raw: bytes) -> bool:
    """Return whether a request may get its response only when another participant's turn is over."""
    try:
        return bool(getattr(rpc.request_class.FromString(raw), "wait", False))
    except DecodeError:
        return False


@every_rpc
def test_generated_requests_are_answered_or_refused_by_the_rules(
    client: Client, values: Mapping[str, Sequence[str]], rpc: Rpc
) -> None:
    @settings(bounded, max_examples=EXAMPLES)
    @given(raw_requests(rpc.request_class, values))
    def check(raw: bytes) -> None:
        check_answer(client, rpc, raw)

    check()


@every_rpc
def test_bytes_that_are_no_requests_are_refused_by_the_rules(client: Client, rpc: Rpc) -> None:
    @settings(bounded, max_examples=NOISE_EXAMPLES)
    @given(raw_noise(rpc.request_class))
    def check(raw: bytes) -> None:
        check_answer(client, rpc, raw)

    check()


@pytest.mark.parametrize("name", REACHING)
def test_generated_requests_are_not_all_refused(client: Client, values: Mapping[str, Sequence[str]], name: str) -> None:
    answered = set()

    def is_answered(raw: bytes) -> bool:
        # Asked about the one it has found again, when that may be there already.
        if raw in answered:
            return True
        try:
            RPCS[name].raw_on(client.channel)(raw)
        except grpc.RpcError:
            return False
        answered.add(raw)
        return True

    looking = settings(bounded, max_examples=SOUGHT_EXAMPLES, phases=[Phase.generate], database=None)
    # Fails where none of them is.
    find(raw_requests(RPCS[name].request_class, values), is_answered, settings=looking)


def test_what_is_no_utf_8_is_refused_in_every_text(client: Client, namespace: str) -> None:
    parent = namespace.encode()
    head = b"\x0a" + bytes([len(parent)]) + parent
    # In order: session_id, request_id, and a session's data, label and setting.
    tails = [
        b"\x1a\x01\xff",
        b"\x22\x01\xff",
        b"\x12\x03\x3a\x01\xff",
        b"\x12\x08\x52\x06\x0a\x01a\x12\x01\xff",
        b"\x12\x0a\x42\x08\x12\x06\x0a\x01\xff\x12\x01a",
    ]
    for tail in tails:
        with pytest.raises(grpc.RpcError) as caught:
            RPCS["CreateSession"].raw_on(client.channel)(head + tail)
        assert Failure(caught.value).fields == ["request"]
    assert RPCS["CreateSession"].raw_on(client.channel)(head + b"\x12\x00")


def test_strategies_reach_every_field() -> None:
    request = RPCS["UpdateSession"].request_class
    seen: set[str] = set()

    @settings(bounded, max_examples=60, derandomize=True, database=None)
    @given(st.data())
    def collect(data: st.DataObject) -> None:
        message = request.FromString(data.draw(raw_requests(request, {})))
        seen.update(field.name for field, _ in message.ListFields())

    collect()
    assert seen == set(request.DESCRIPTOR.fields_by_name)
