"""Each test runs for each client, through its driver."""

from collections.abc import Iterator

import pytest

from activity_session_server.app import App
from activity_session_testing.drivers import CLIENTS, Client, Driver, driving
from activity_session_testing.mirrors import Mirror, mirroring
from activity_session_testing.proxies import Proxy, proxying
from activity_session_testing.servers import Client as Stubs
from activity_session_testing.servers import connected, serving


@pytest.fixture(scope="module", params=CLIENTS, ids=lambda client: client.name)
def client(request: pytest.FixtureRequest) -> Client:
    """A client whose driver runs on this machine."""
    client: Client = request.param
    if client.lacks:
        pytest.skip(client.lacks)
    assert client.is_built, f"the driver of {client.name} is not built: run `make clients`"
    return client


@pytest.fixture(scope="module")
def server() -> Iterator[App]:
    """A server, reached over gRPC and over HTTP."""
    with serving("sqlite:///:memory:", http_address="127.0.0.1:0") as server:
        yield server


@pytest.fixture(scope="module")
def address(server: App) -> str:
    """Where that server listens, for gRPC."""
    return server.address


@pytest.fixture
def new_address() -> Iterator[str]:
    """Where a server listens that no other test has called."""
    with serving("sqlite:///:memory:") as server:
        yield server.address


@pytest.fixture(scope="module")
def stubs(address: str) -> Iterator[Stubs]:
    """The stubs of that server, without any of the clients."""
    with connected(address) as stubs:
        yield stubs


@pytest.fixture(scope="module")
def proxy(client: Client, server: App) -> Iterator[Proxy]:
    """A proxy before that server, where the client reaches it."""
    with proxying(client.target(server)) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def mirror() -> Iterator[Mirror]:
    with mirroring() as mirror:
        yield mirror


@pytest.fixture(scope="module")
def driver(client: Client, mirror: Mirror) -> Iterator[Driver]:
    """A driver that is connected to the mirror."""
    with driving(client, mirror.address) as driver:
        yield driver
