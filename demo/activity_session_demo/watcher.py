"""A client that follows the session live, and resumes where it was cut off."""

import time

import grpc

from activity_session import v1
from activity_session_demo.connection import PASSING, Connection

_MOST_LOSSES = 20
_PAUSE = 0.1


class Watcher:
    """Sees every event of a session; disconnects after every `cut_every` events, unless that is 0."""

    def __init__(self, connection: Connection, session: str, cut_every: int = 0) -> None:
        self.seen: list[v1.Event] = []
        self.cuts = 0
        self.losses = 0
        self._sessions = connection.sessions
        self._session = session
        self._cut_every = cut_every
        # Of the session that the events are of: a later one of its name has numbers of its own.
        self._uid = ""

    def run(self) -> None:
        """Follow the session until the channel is closed, whatever else ends the watch."""
        while True:
            try:
                self._follow()
            except grpc.RpcError as error:
                if error.code() not in PASSING or self.losses == _MOST_LOSSES:
                    raise
                self.losses += 1
                time.sleep(_PAUSE)

    def _follow(self) -> None:
        """Read one watch, from the last number seen until it fails or this watcher disconnects."""
        last = self.seen[-1].sequence if self.seen else 0
        request = v1.WatchSessionRequest(name=self._session, after_sequence=last, uid=self._uid)
        watch = self._sessions.WatchSession(request, wait_for_ready=True)
        for change in watch:
            self._uid = change.uid or self._uid
            if not change.HasField("event"):
                continue
            self.seen.append(change.event)
            if self._cut_every and len(self.seen) % self._cut_every == 0:
                self.cuts += 1
                watch.cancel()
                return
