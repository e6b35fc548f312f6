"""Each test runs for each client, through its driver."""

from collections.abc import Iterator

import pytest

from activity_session_testing.drivers import CLIENTS, Client, Driver, driving
from activity_session_testing.mirrors import Mirror, mirroring


@pytest.fixture(scope="module", params=CLIENTS, ids=lambda client: client.name)
def client(request: pytest.FixtureRequest) -> Client:
    """A client whose driver runs on this machine."""
    client: Client = request.param
    if client.lacks:
        pytest.skip(client.lacks)
    assert client.is_built, f"the driver of {client.name} is not built: run `make clients`"
    return client


@pytest.fixture(scope="module")
def mirror() -> Iterator[Mirror]:
    with mirroring() as mirror:
        yield mirror


@pytest.fixture(scope="module")
def driver(client: Client, mirror: Mirror) -> Iterator[Driver]:
    """A driver that is connected to the mirror."""
    with driving(client, mirror.address) as driver:
        yield driver
