"""What a call took is free when the call is over, without waiting for the garbage collector."""

import contextlib
import gc
from collections.abc import Iterator

import grpc
import pytest

from activity_session_server.rules.errors import ServiceError, invalid_field
from activity_session_testing.rpcs import RPCS, Rpc
from activity_session_testing.servers import Client, connected, serving


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with serving("sqlite:///:memory:", health_interval=300) as server, connected(server.address) as client:
        yield client


@pytest.fixture(scope="module", autouse=True)
def old_objects() -> Iterator[None]:
    """What earlier tests have left is none of the collector's business here: there is much of it to look at."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@contextlib.contextmanager
def collecting() -> Iterator[list[object]]:
    """The errors that only the collector frees, of those that come up in the block."""
    found: list[object] = []
    gc.collect()
    gc.disable()
    try:
        yield found
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        found += [thing for thing in gc.garbage if isinstance(thing, ServiceError)]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


def test_the_checker_finds_an_error_in_a_cycle() -> None:
    def refuse() -> None:
        error = invalid_field("name", "x")
        raise error

    with collecting() as found, contextlib.suppress(ServiceError):
        refuse()
    assert len(found) == 1


@pytest.mark.parametrize("raw", [b"", b"\x0a\x01x", b"\xff"], ids=["empty", "wrong", "malformed"])
@pytest.mark.parametrize("rpc", RPCS.values(), ids=lambda rpc: rpc.name)
def test_a_refused_call_leaves_nothing_to_the_collector(client: Client, rpc: Rpc, raw: bytes) -> None:
    call = rpc.raw_on(client.channel)
    with collecting() as found:
        for _ in range(3):
            with contextlib.suppress(grpc.RpcError):
                call(raw, timeout=20)
    assert found == []
