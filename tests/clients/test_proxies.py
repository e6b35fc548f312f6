"""The proxy of the tests does what it says, so that tests can rely on the faults that it makes."""

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from activity_session_testing.moments import eventually
from activity_session_testing.proxies import Proxy, proxying

SHORT = 0.2


class Echo:
    """A server that sends back its name, followed by what it gets."""

    def __init__(self, name: bytes) -> None:
        self._name = name
        self._sockets = [socket.create_server(("127.0.0.1", 0))]
        self.address = f"127.0.0.1:{self._sockets[0].getsockname()[1]}"
        self.received = b""
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        """End it with its connections."""
        for opened in self._sockets:
            with contextlib.suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        for opened in self._sockets:
            opened.close()

    def _serve(self) -> None:
        """Serve clients one after the other, until the listener is shut down."""
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._sockets[0].accept()
                self._sockets.append(connection)
                with contextlib.suppress(ConnectionError):
                    self._echo(connection)

    def _echo(self, connection: socket.socket) -> None:
        while data := connection.recv(1024):
            self.received += data
            connection.sendall(self._name + data)


@pytest.fixture
def echo() -> Iterator[Echo]:
    server = Echo(b"first:")
    yield server
    server.close()


@pytest.fixture
def proxy(echo: Echo) -> Iterator[Proxy]:
    with proxying(echo.address) as proxy:
        yield proxy


@pytest.fixture
def client(proxy: Proxy) -> Iterator[socket.socket]:
    with connected_to(proxy) as client:
        assert asked(client, b"hello") == b"first:hello"
        yield client


def connected_to(proxy: Proxy) -> socket.socket:
    host, _, port = proxy.address.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=10)


def asked(client: socket.socket, data: bytes) -> bytes:
    client.sendall(data)
    return client.recv(1024)


def is_silent(client: socket.socket) -> bool:
    client.settimeout(SHORT)
    try:
        client.recv(1024)
    except TimeoutError:
        return True
    finally:
        client.settimeout(10)
    return False


def has_ended(client: socket.socket) -> bool:
    try:
        return client.recv(1024) == b""
    except ConnectionResetError:
        return True


def test_it_counts_connections_and_what_it_forwards(proxy: Proxy, client: socket.socket) -> None:
    del client
    assert (proxy.connections, proxy.forwarded) == (1, len(b"hello"))


def test_a_cut_ends_what_is_connected_and_tells_how_many_that_were(proxy: Proxy, client: socket.socket) -> None:
    assert proxy.cut() == 1
    assert has_ended(client)
    assert proxy.cut() == 0
    with connected_to(proxy) as another:
        assert asked(another, b"again") == b"first:again"


def test_what_is_held_comes_when_it_is_released(proxy: Proxy, client: socket.socket, echo: Echo) -> None:
    proxy.hold()
    client.sendall(b"held")
    assert is_silent(client)
    assert echo.received == b"hello"
    proxy.release()
    assert client.recv(1024) == b"first:held"


def test_held_answers_stay_away_while_requests_arrive(proxy: Proxy, client: socket.socket, echo: Echo) -> None:
    proxy.hold_answers()
    client.sendall(b"held")
    eventually(lambda: echo.received == b"helloheld")
    assert is_silent(client)
    assert proxy.cut() == 1
    assert has_ended(client)


def test_the_end_of_a_held_connection_is_held_too(proxy: Proxy, client: socket.socket, echo: Echo) -> None:
    proxy.hold()
    echo.close()
    assert is_silent(client)
    proxy.release()
    assert has_ended(client)


def test_a_client_that_connects_while_it_holds_gets_through_afterwards(proxy: Proxy, client: socket.socket) -> None:
    client.close()
    proxy.hold()
    with connected_to(proxy) as another:
        another.sendall(b"early")
        assert is_silent(another)
        proxy.release()
        assert another.recv(1024) == b"first:early"


def test_another_target_is_for_the_connections_to_come(proxy: Proxy, client: socket.socket) -> None:
    second = Echo(b"second:")
    try:
        proxy.target = second.address
        assert asked(client, b"old") == b"first:old"
        with connected_to(proxy) as another:
            assert asked(another, b"new") == b"second:new"
    finally:
        second.close()


def test_a_server_that_is_not_there_ends_the_connection(proxy: Proxy, client: socket.socket, echo: Echo) -> None:
    client.close()
    echo.close()
    with connected_to(proxy) as another:
        assert has_ended(another)
