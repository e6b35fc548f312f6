"""Holding the turn, for as long as a block takes."""

import contextlib
import threading
from collections.abc import Iterator
from typing import Any, Unpack

import grpc

from activity_session import v1
from activity_session._loop.append import EventOptions
from activity_session._loop.blocking import append_json, append_text
from activity_session._loop.held import Held
from activity_session._loop.lease import Lease
from activity_session._loop.steps import finished
from activity_session.errors import Error


class Turn(Held):
    """A turn that is held.

    Attributes:
        lost: set when the turn is lost, before anybody else can have it as far as clocks allow; never by the end of the
            block. What takes long looks at it, or waits on it.
    """

    def __init__(self, channel: grpc.Channel, lease: Lease) -> None:
        super().__init__(channel, lease)
        self.lost = threading.Event()

    def append_text(self, text: str, **options: Unpack[EventOptions]) -> v1.Event:
        """Append a text by the holder, as `append_text` does with the token; raise `TurnLost` once the turn is lost."""
        return self._append(append_text, text, options)

    def append_json(self, value: Any, **options: Unpack[EventOptions]) -> v1.Event:
        """Append a value as JSON by the holder, as `append_json` does with the token."""
        return self._append(append_json, value, options)

    def _lose(self, failure: Error) -> None:
        self._failure = failure
        self.lost.set()

    def _keep(self, ended: threading.Event) -> None:
        """Renew the turn until the block has ended, or the turn is lost."""
        while not ended.wait(self._lease.pause()):
            failure = finished(self._lease.renew())
            # After the end of the block, it is the release that takes it away.
            if failure is not None and not ended.is_set():
                self._lose(failure)
                return


@contextlib.contextmanager
def turn(
    channel: grpc.Channel, session: str, participant: str, ttl: float = 30.0, *, timeout: float | None = None
) -> Iterator[Turn]:
    """Hold the turn of a session during a block: wait for it, renew it in a thread, hand it back on any exit.

    A participant that holds the turn already gets it anew; what held it before, such as another process, loses it. A
    process that ends without leaving the block has the turn until the `ttl` is over.

    Args:
        channel: made by `connect`.
        session: its name.
        participant: the name of the one that is to have the turn.
        ttl: for how many seconds the turn outlives the process, or a connection that is gone: 0.1 to `turn_ttl`. It is
            renewed when a third of that is over, and counts as lost when nine tenths are and it could not be renewed.
        timeout: for how many seconds to wait for the turn; None for up to a day, 0 to raise `TurnHeld` at once.

    Raises:
        TurnLost: at the end of the block, if the turn was lost in it and the block raises nothing itself.
        TurnHeld: `timeout` is 0, and another participant holds the turn.
        Error: DEADLINE_EXCEEDED after the `timeout`; any other error of AcquireTurn.
    """
    lease = Lease(channel, session, participant, ttl)
    held, ended = Turn(channel, lease), threading.Event()
    try:
        finished(lease.acquire(timeout))
        threading.Thread(target=held._keep, args=(ended,), daemon=True).start()  # noqa: SLF001
        yield held
    finally:
        ended.set()
        if lease.token and not held.lost.is_set() and (failure := finished(lease.release())):
            held._lose(failure)  # noqa: SLF001
    held.check()
