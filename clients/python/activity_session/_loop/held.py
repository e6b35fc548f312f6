"""A turn that is held, with asyncio or without."""

from collections.abc import Callable
from typing import Any, TypeVar

from activity_session._loop.append import EventOptions
from activity_session._loop.lease import Lease
from activity_session.errors import Error

T = TypeVar("T")


class Held:
    """What both kinds of turns have in common."""

    def __init__(self, channel: Any, lease: Lease) -> None:
        self._channel, self._lease = channel, lease
        self._failure: Error | None = None

    @property
    def token(self) -> int:
        """The fencing token: larger than that of each turn of the session before."""
        return self._lease.token

    def check(self) -> None:
        """Raise `TurnLost` if the turn is lost."""
        if self._failure is not None:
            raise self._failure

    def _append(self, how: Callable[..., T], content: Any, options: EventOptions) -> T:
        """Append by the holder, under its token, unless the turn is known to be lost."""
        self.check()
        return how(
            self._channel, self._lease.session, self._lease.participant, content, turn_token=self.token, **options
        )
