"""Writers that go on while a database fails, and what is wrong with the log that they leave."""

import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc

from activity_session_testing.moments import eventually
from activity_session_testing.servers import Failure, connected
from activity_session_testing.steps import append

WRITERS = 4
# Events between two faults, so that each hits a server that works again.
QUIET_EVENTS = 20
# The reasons of refusals that say that nothing was written.
NOT_WRITTEN = {"DATABASE_UNAVAILABLE", "DATABASE_BUSY", "DEADLINE_EXCEEDED"}


class Writers:
    """Clients that append events without ids, each text once, and keep what became of it."""

    def __init__(self, address: str, session: str) -> None:
        self.acknowledged: dict[str, int] = {}
        # The reasons of refusals, by the text.
        self.refused: dict[str, str] = {}
        self._address, self._session = address, session
        self._stopped = threading.Event()

    @contextmanager
    def writing(self) -> Iterator[None]:
        with ThreadPoolExecutor(WRITERS) as pool:
            writers = [pool.submit(self._write, number) for number in range(WRITERS)]
            try:
                yield
            finally:
                self._stopped.set()
            for writer in writers:
                writer.result()

    def wait_for_more(self) -> None:
        """Wait until that many more events have been acknowledged."""
        enough = len(self.acknowledged) + QUIET_EVENTS
        eventually(lambda: len(self.acknowledged) >= enough)

    def _write(self, writer: int) -> None:
        with connected(self._address) as client:
            number = 0
            while not self._stopped.wait(0.005):
                text, number = f"{writer}-{number}", number + 1
                try:
                    self.acknowledged[text] = append(client, self._session, text).last_sequence
                except grpc.RpcError as error:
                    self.refused[text] = Failure(error).reason


def wrong(log: Iterable[tuple[int, str]], acknowledged: dict[str, int], refused: dict[str, str]) -> list[str]:
    """Return what is wrong with a log of numbers and texts."""
    rows = list(log)
    count = Counter(text for _, text in rows)
    there = {text: sequence for sequence, text in rows}
    return [
        *(f"{text} is there {times} times" for text, times in count.items() if times > 1),
        *(f"{text} is not number {sequence}" for text, sequence in acknowledged.items() if there.get(text) != sequence),
        *(f"{text} was refused" for text, reason in refused.items() if reason in NOT_WRITTEN and text in count),
        *(f"{text} was never sent" for text in count if text not in acknowledged | refused),
        *(["there are gaps"] if [sequence for sequence, _ in rows] != list(range(1, len(rows) + 1)) else []),
    ]
