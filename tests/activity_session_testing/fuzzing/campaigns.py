"""Many inputs, one after the other, and what is wrong with any response to them."""

import logging
import random
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any, Self

import grpc
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session_server.logs import Formatter, json_line
from activity_session_testing.fuzzing.entrances import Outcome, entering
from activity_session_testing.fuzzing.mutations import Mutator
from activity_session_testing.rpcs import RPCS, Rpc
from activity_session_testing.servers import DEADLINE, Client, Failure, connected
from activity_session_testing.steps import make_namespace
from activity_session_testing.values import values_of

# Then in a fresh namespace: mutated requests delete what they find.
INPUTS_OF_A_NAMESPACE = 2000
_MOST_DETAILS = 4096
_WAIT_SECONDS = 0.3
_REASONS = {name.removeprefix("ERROR_REASON_") for name, _ in ErrorReason.items() if not name.endswith("_UNSPECIFIED")}
_FAULTS = {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.UNAVAILABLE}

Send = Callable[[Rpc, bytes], Outcome]


class FoundError(AssertionError):
    """An input that the server fails with; the message says how to send it again."""


class Errors(logging.Handler):
    """Collects the errors that a server logs, and makes the lines of all that it logs, as a real log does."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.setFormatter(Formatter(json_line))

    def emit(self, record: logging.LogRecord) -> None:
        line = self.format(record)
        if record.levelno >= logging.ERROR:
            self.lines.append(line)

    def __enter__(self) -> Self:
        self._logger = logging.getLogger("activity_session")
        self._before = self._logger.level
        self._logger.addHandler(self)
        self._logger.setLevel(logging.INFO)
        return self

    def __exit__(self, *_: object) -> None:
        self._logger.removeHandler(self)
        self._logger.setLevel(self._before)


def run(seed: str, inputs: int, calls: int) -> Counter[str]:
    """Send mutated requests to a server of their own: to its handlers, and through gRPC. Returns the codes that came.

    Raises:
        FoundError: at the first that the server fails with.
    """
    with entering("sqlite:///:memory:", health_interval=300.0) as (entrance, address), connected(address) as client:
        codes = send_all(entrance.call, client, f"{seed}/inputs", inputs)
        return codes + send_all(partial(_through_grpc, client), client, f"{seed}/calls", calls)


def send_all(send: Send, client: Client, seed: str, inputs: int) -> Counter[str]:
    """Send mutated requests of all RPCs in turn; returns how often each code came. `client` makes what they name.

    Raises:
        FoundError: at the first that the server fails with.
    """
    codes: Counter[str] = Counter()
    chance = random.Random(seed)
    rpcs = list(RPCS.values())
    with Errors() as errors:
        for number in range(inputs):
            if number % INPUTS_OF_A_NAMESPACE == 0:
                mutator = Mutator(chance, values_of(client, make_namespace(client).name))
            rpc = rpcs[number % len(rpcs)]
            raw = mutator.request(rpc)
            codes[_checked(send, rpc, raw, errors)] += 1
    return codes


def _checked(send: Send, rpc: Rpc, raw: bytes, errors: Errors) -> str:
    sent = f"{rpc.name} of bytes.fromhex({raw.hex()!r})"
    try:
        outcome = send(rpc, raw)
    except Exception as error:  # any is a fault
        raise FoundError(f"{sent} raised {error!r}") from error
    if problem := problem_of(outcome) or "\n".join(errors.lines):
        raise FoundError(f"{sent}: {problem}")
    return outcome.code.name


def problem_of(outcome: Outcome) -> str:
    """Return what is wrong with a response; empty for one that returns a message, or is refused by the rules."""
    if outcome.code is grpc.StatusCode.OK:
        return ""
    status = Status.FromString(outcome.status)
    reasons = [info.reason for info in _infos(status)]
    if outcome.code in _FAULTS or len(reasons) != 1 or reasons[0] not in _REASONS:
        return f"{outcome.code.name} {reasons}: {outcome.details}"
    if not 0 < len(outcome.status) <= _MOST_DETAILS:
        return f"{len(outcome.status)} bytes of details"
    return ""


def _infos(status: Any) -> list[ErrorInfo]:
    found = []
    for packed in status.details:
        info = ErrorInfo()
        if packed.Unpack(info):
            found.append(info)
    return found


def _through_grpc(client: Client, rpc: Rpc, raw: bytes) -> Outcome:
    # A call that waits for a turn ends by the client's deadline, with nothing from the server.
    waits = rpc.name == "AcquireTurn"
    try:
        rpc.raw_on(client.channel)(raw, timeout=_WAIT_SECONDS if waits else DEADLINE)
    except grpc.RpcError as error:
        refusal = Failure(error)
        if not (waits and refusal.code is grpc.StatusCode.DEADLINE_EXCEEDED):
            return Outcome(refusal.code, refusal.message, refusal.packed)
    return Outcome(grpc.StatusCode.OK, "", b"")
