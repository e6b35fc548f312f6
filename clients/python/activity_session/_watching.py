"""Following a session, through any number of disconnects."""

import threading
from collections.abc import Iterator
from typing import Any, Self

import grpc

from activity_session import _backoff
from activity_session._resuming import go_on_after, resumes
from activity_session.errors import Error
from activity_session.v1 import (
    SESSION_VIEW_UNSPECIFIED,
    SessionServiceStub,
    SessionView,
    WatchSessionRequest,
    WatchSessionResponse,
)


class Watch(Iterator[WatchSessionResponse]):
    """Iterates over the messages of a session as they come; reconnects after a disconnect, however long it takes.

    Raises:
        Error: if reconnecting does not help, as after SESSION_NOT_FOUND or SESSION_DELETED.
    """

    def __init__(self, channel: grpc.Channel, request: WatchSessionRequest) -> None:
        self._watch_session = SessionServiceStub(channel).WatchSession
        self._request = request
        self._call: Any = None
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._pauses = _backoff.pauses()

    @property
    def uid(self) -> str:
        """The uid of the session: that given to `watch`, or else that of the first message; empty until then."""
        return self._request.uid

    def __next__(self) -> WatchSessionResponse:
        while self._open():
            try:
                message: WatchSessionResponse = next(self._call)
            except grpc.RpcError as error:
                failure = Error.of(error)
                if not (self._closed.is_set() or resumes(failure)):
                    raise failure from None
            except StopIteration:
                pass  # the server ends no watch without an error, but a proxy may
            else:
                self._pauses = _backoff.pauses()
                go_on_after(message, self._request)
                return message
            self._call = None
            self._closed.wait(next(self._pauses))
        raise StopIteration

    def close(self) -> None:
        """End the iteration, from any thread. A second call changes nothing."""
        with self._lock:
            self._closed.set()
            if self._call is not None:
                self._call.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self) -> bool:
        """Open a stream if there is none; return False after `close`."""
        with self._lock:
            if self._call is None and not self._closed.is_set():
                self._call = self._watch_session(self._request)
            return not self._closed.is_set()


def watch(
    channel: grpc.Channel,
    session: str,
    after_sequence: int = 0,
    *,
    view: SessionView.ValueType = SESSION_VIEW_UNSPECIFIED,
    uid: str = "",
) -> Watch:
    """Follow a session: its events, each once and in order, the session when it changes, and bookmarks.

    After a disconnect it reconnects, and resumes after the last event that it returned. If the session was expunged
    meanwhile, it ends with SESSION_NOT_FOUND, even if another session has its name now. To resume in another process,
    keep the number of the last event and the `uid` of the watch, and give both.

    Args:
        channel: made by `connect`.
        session: its full name, such as `namespaces/default/sessions/trip`.
        after_sequence: the number of the last event that the caller has already; 0 for all events.
        view: SESSION_VIEW_FULL to get the session with its `data`: at the start, after a disconnect, and when it has
            changed. Otherwise it comes without.
        uid: that of the session whose events the caller has already; any session of that name when empty.
    """
    return Watch(channel, WatchSessionRequest(name=session, after_sequence=after_sequence, view=view, uid=uid))
