"""Following a session, through any number of disconnects."""

import threading
from collections.abc import Iterator
from typing import Any, Self

import grpc

from activity_session._channels import target_of
from activity_session._disconnects import Disconnects, OnDisconnect
from activity_session._resuming import go_on_after, resumes, stream_ended
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

    def __init__(
        self, channel: grpc.Channel, request: WatchSessionRequest, on_disconnect: OnDisconnect | None = None
    ) -> None:
        self._watch_session = SessionServiceStub(channel).WatchSession
        self._request = request
        self._call: Any = None
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._disconnects = Disconnects(request.name, target_of(channel), on_disconnect)

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
                failure = stream_ended()
            else:
                self._disconnects.forget()
                go_on_after(message, self._request)
                return message
            self._call = None
            self._overcome(failure)
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

    def _overcome(self, failure: Error) -> None:
        """Tell of a failure, and wait until it is time for the next attempt; after `close`, do neither."""
        if self._closed.is_set():
            return
        try:
            pause = self._disconnects.tell(failure)
        except BaseException:
            self.close()
            raise
        self._closed.wait(pause)

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
    show_superseded: bool = False,
    on_disconnect: OnDisconnect | None = None,
) -> Watch:
    """Follow a session: its events and marks, each once and in order, the session when it changes, and bookmarks.

    After a disconnect it reconnects, and resumes after the last event or mark that it returned. If the session was
    expunged meanwhile, it ends with SESSION_NOT_FOUND, even if another session has its name now. To resume in another
    process, keep the number of the last of them and the `uid` of the watch, and give both.

    While a server cannot be reached the watch waits and tries again, without end. The logger `activity_session` gets a
    warning of the first failure, and then of at most one in 30 s: the session, the target, the status code and its
    message, how many attempts have failed since the last message, and in how many seconds the next one is.

    Args:
        channel: made by `connect`.
        session: its full name, such as `namespaces/default/sessions/trip`.
        after_sequence: the number of the last event or mark that the caller has already; 0 for all events.
        view: SESSION_VIEW_FULL to get the session with its `data`: at the start, after a disconnect, and when it has
            changed. Otherwise it comes without.
        uid: that of the session whose events the caller has already; any session of that name when empty.
        show_superseded: whether events come that marks have taken out of view.
        on_disconnect: called with the error of each failure before the watch waits for the next attempt, in the thread
            that iterates. What it raises ends the watch: `raise error` gives up. An error that ends the watch anyway is
            raised, and not given to it.
    """
    request = WatchSessionRequest(
        name=session, after_sequence=after_sequence, view=view, uid=uid, show_superseded=show_superseded
    )
    return Watch(channel, request, on_disconnect)
