"""Watches of tests: what a client that follows a session has seen so far."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any, Self, TypeVar

import grpc

from activity_session.v1.event_pb2 import Event
from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_service_pb2 import WatchSessionRequest, WatchSessionResponse
from activity_session_testing.servers import Client, Failure

WAIT_SECONDS = 20
T = TypeVar("T")


class Watching:
    """A watch that a thread reads as fast as it can."""

    def __init__(self, client: Client, session: str, after_sequence: int = 0, **fields: Any) -> None:
        self.messages: list[WatchSessionResponse] = []
        self.failure: Failure | None = None
        self._changed = threading.Condition()
        self._call = client.sessions.WatchSession(
            WatchSessionRequest(name=session, after_sequence=after_sequence, **fields)
        )
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    @classmethod
    @contextlib.contextmanager
    def of(cls, client: Client, session: str, after_sequence: int = 0, **fields: Any) -> Iterator[Self]:
        """A watch inside the block; its client goes away after it."""
        watch = cls(client, session, after_sequence, **fields)
        try:
            yield watch
        finally:
            watch.cut()

    @property
    def events(self) -> list[Event]:
        return [message.event for message in tuple(self.messages) if message.HasField("event")]

    @property
    def sequences(self) -> list[int]:
        return [event.sequence for event in self.events]

    @property
    def sessions(self) -> list[Session]:
        return [message.session for message in tuple(self.messages) if message.HasField("session")]

    @property
    def bookmarks(self) -> list[int]:
        return [message.bookmark.last_sequence for message in tuple(self.messages) if message.HasField("bookmark")]

    def wait(self, condition: Callable[[Self], T]) -> T:
        """Wait until a condition on what was seen holds, and return its value."""
        with self._changed:
            self._changed.wait_for(lambda: condition(self), WAIT_SECONDS)
            found = condition(self)
        assert found, f"it did not come to hold; seen: {self.messages[-5:]}, failure: {self.failure}"
        return found

    def wait_for_start(self) -> Self:
        """Wait until all existing events have come: the first bookmark follows them."""
        self.wait(lambda watch: watch.bookmarks)
        return self

    def wait_for_sequence(self, sequence: int) -> Self:
        """Wait until the event with that number has come."""
        self.wait(lambda watch: sequence in watch.sequences)
        return self

    def wait_for_end(self) -> Failure:
        """Wait until the server ends the watch, which it does only with an error."""
        return self.wait(lambda watch: watch.failure)  # type: ignore[return-value]

    def cut(self) -> None:
        """Cancel the watch, like a client that disconnects."""
        self._call.cancel()
        self._thread.join()

    def _read(self) -> None:
        try:
            for message in self._call:
                with self._changed:
                    self.messages.append(message)
                    self._changed.notify_all()
        except grpc.RpcError as error:
            with self._changed:
                self.failure = Failure(error)
                self._changed.notify_all()
