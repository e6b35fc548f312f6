"""The network between clients and a server, which can be held.

`proxies.Proxy` can be held too, but the kernel keeps accepting what the proxy does not read: up to 32 MiB on a
connection that has carried much. Here the buffers of a connection are small from the start.
"""

import contextlib
import socket
import threading

_BUFFER = 64 * 1024


class Network:
    """Forwards what clients and the server at `target` send; clients connect to `address`."""

    def __init__(self, target: str) -> None:
        self.target = target
        self._flows = threading.Event()
        self._flows.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._sockets = [self._listener]
        threading.Thread(target=self._accept, daemon=True).start()

    def hold(self) -> None:
        """Hold everything that the server sends."""
        self._flows.clear()

    def release(self) -> None:
        """Forward what was held, and everything after it."""
        self._flows.set()

    def close(self) -> None:
        """End all connections."""
        self.release()
        for each in self._sockets:
            _shut_down(each)
            each.close()

    def _accept(self) -> None:
        # It ends when the listener is shut down.
        with contextlib.suppress(OSError):
            while True:
                self._join(self._listener.accept()[0])

    def _join(self, client: socket.socket) -> None:
        server = socket.socket()
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        self._sockets += [client, server]
        host, _, port = self.target.rpartition(":")
        try:
            server.connect((host, int(port)))
        except OSError:
            _shut_down(client)
            return
        threading.Thread(target=_forward, args=(client, server), daemon=True).start()
        threading.Thread(target=_forward, args=(server, client, self._flows), daemon=True).start()


def _forward(source: socket.socket, sink: socket.socket, flows: threading.Event | None = None) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(_BUFFER):
            if flows:
                flows.wait()
            sink.sendall(data)
    _shut_down(source)
    _shut_down(sink)


def _shut_down(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
