"""The floor of a call: a bare gRPC server that sends the call's statements with the plain driver and returns nothing.

`python -m activity_session_benchmarks.floor DATABASE_URL RECORDINGS` repeats what `recordings` has recorded on our
server with the same database, one recording after the other.
"""

import argparse
import itertools
import math
import pickle
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import grpc
from sqlalchemy import Engine, event

from activity_session_benchmarks.recordings import Recording, Repetition
from activity_session_server.app import _options
from activity_session_server.settings import Settings
from activity_session_server.store.backends import EngineOptions, backend_of, open_engine

SETTINGS = Settings.model_validate({})


class Floor(grpc.GenericRpcHandler):
    """Returns an empty message for any method, after the statements of a recording have run."""

    def __init__(self, database_url: str, recordings: Sequence[Recording]) -> None:
        options = EngineOptions(SETTINGS.database_timeout, SETTINGS.sqlite_synchronous)
        engine = open_engine(database_url, options)
        event.listen(engine, "do_connect", connect_plainly, insert=True)
        # SQLite lets in one writer at a time; the others would sleep for longer than they have to wait.
        takes_turns = backend_of(engine).one_writer and any(sent.sql == "COMMIT" for sent in recordings[0])
        self._turn: AbstractContextManager[Any] = threading.Lock() if takes_turns else nullcontext()
        self._recordings = itertools.cycle(recordings)
        self._cursor = Cursor(engine)
        self._handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(self._answer)

    def service(self, _details: grpc.HandlerCallDetails) -> "grpc.RpcMethodHandler[bytes, bytes]":
        return self._handler

    def _answer(self, _request: bytes, _context: grpc.ServicerContext) -> bytes:
        repetition = Repetition(self._cursor.of_thread)
        with self._turn:
            for statement in next(self._recordings):
                statement.repeat(repetition)
        return b""


def connect_plainly(dialect: Any, _record: Any, arguments: Any, named: dict[str, Any]) -> Any:
    """Connect as the driver does by itself, without what our server adds to its connections."""
    return dialect.loaded_dbapi.connect(*arguments, **named)


class Cursor(threading.local):
    """A connection for each thread, with the settings of our server, and a cursor of the driver on it."""

    def __init__(self, engine: Engine) -> None:
        self._connection = engine.raw_connection()
        self.of_thread = backend_of(engine).prepare(self._connection.driver_connection, lambda: math.inf)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database_url")
    parser.add_argument("recordings", type=Path, help="a file that pickle has written")
    arguments = parser.parse_args()
    floor = Floor(arguments.database_url, pickle.loads(arguments.recordings.read_bytes()))
    server = grpc.server(
        ThreadPoolExecutor(SETTINGS.threads),
        handlers=[floor],
        options=_options(SETTINGS),
        maximum_concurrent_rpcs=SETTINGS.threads + SETTINGS.max_waiting_calls,
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(f"listening on 127.0.0.1:{port}", flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main()
