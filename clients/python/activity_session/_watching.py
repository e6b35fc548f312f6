"""Following a session, through any number of disconnects."""

import threading
from collections.abc import Iterator
from typing import Any, Self

import grpc

from activity_session import _backoff
from activity_session._resuming import resumes
from activity_session.errors import Error
from activity_session.v1.session_service_pb2 import WatchSessionRequest, WatchSessionResponse
from activity_session.v1.session_service_pb2_grpc import SessionServiceStub


class Watch(Iterator[WatchSessionResponse]):
    """The messages of a session as they come. What cuts the stream off is overcome, however long it takes.

    Raises:
        Error: where going on is no use, such as SESSION_NOT_FOUND or SESSION_DELETED.
    """

    def __init__(self, channel: grpc.Channel, session: str, after_sequence: int) -> None:
        self._watch_session = SessionServiceStub(channel).WatchSession
        self._request = WatchSessionRequest(name=session, after_sequence=after_sequence)
        self._call: Any = None
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._pauses = _backoff.pauses()

    def __next__(self) -> WatchSessionResponse:
        while self._open():
            try:
                return self._delivered(next(self._call))
            except grpc.RpcError as error:
                failure = Error.of(error)
                if not (self._closed.is_set() or resumes(failure)):
                    raise failure from None
            except StopIteration:
                pass  # servers end no watch without an error, but what stands between may
            self._call = None
            self._closed.wait(next(self._pauses))
        raise StopIteration

    def close(self) -> None:
        """End the iteration, from any thread; a second time changes nothing."""
        with self._lock:
            self._closed.set()
            if self._call is not None:
                self._call.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self) -> bool:
        """Whether there is a stream to read: none after `close`."""
        with self._lock:
            if self._call is None and not self._closed.is_set():
                self._call = self._watch_session(self._request)
            return not self._closed.is_set()

    def _delivered(self, message: WatchSessionResponse) -> WatchSessionResponse:
        if message.HasField("event"):
            self._request.after_sequence = message.event.sequence
        self._pauses = _backoff.pauses()
        return message


def watch(channel: grpc.Channel, session: str, after_sequence: int = 0) -> Watch:
    """Follow a session: each event after that number once and in order, the session when it changes, bookmarks.

    Args:
        channel: made by `connect`.
        session: its full name.
        after_sequence: the number of the last event that is known already; 0 for all.
    """
    return Watch(channel, session, after_sequence)
