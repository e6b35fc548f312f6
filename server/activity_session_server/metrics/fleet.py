"""The metrics of several workers: their boards lie in memory that the process which starts them has too.

So that process tells the sum of all, also of a worker that hangs, without asking anyone, as it was at the last
heartbeat of each; and what a worker has counted stays when it dies: the one that takes its place goes on with it, and
no counter goes back. Only what it has counted since its last heartbeat may be lost.
"""

from collections.abc import Callable
from multiprocessing.context import BaseContext
from typing import Any

from activity_session_server.addresses import Address
from activity_session_server.metrics.boards import SIZE, Board
from activity_session_server.metrics.exposition import Exposition
from activity_session_server.metrics.listener import Listener, Told
from activity_session_server.settings import Settings

# Numbers that processes share, as they are handed to a process that is started.
Shared = Any


class Fleet:
    """The boards of all workers, and the listener that tells their sum."""

    def __init__(self, settings: Settings, context: BaseContext, problem: Callable[[], str]) -> None:
        """Listen; `problem` tells why the workers are not ready, and is empty when they are.

        Raises:
            AddressInUseError: nothing can listen on the admin address.
        """
        self.shared: list[Shared] = [context.RawArray("d", SIZE) for _ in range(settings.workers)]
        self._boards = [board_in(shared) for shared in self.shared]
        exposition = Exposition(self._boards, settings.database_kind)
        self.listener = Listener(Address.parse(settings.admin_address), Told(exposition.text, problem))

    def forget(self, number: int) -> None:
        """Forget what was true of a worker that has ended, and keep what it has counted."""
        self._boards[number].clear_gauges()


def board_in(shared: Shared) -> Board:
    """The board whose numbers are in shared memory."""
    return Board(memoryview(shared).cast("B").cast("d"))
