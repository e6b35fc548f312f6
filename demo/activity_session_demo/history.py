"""What can be done with the log that was replayed: it is forked, the fork taken back, and the log itself compacted.

Nothing is lost by that: each step is compared with what it should show, and in the end with the whole log.
"""

import uuid
from collections.abc import Iterator, Sequence

from activity_session import v1
from activity_session_demo.connection import Connection

# What stays in view of a log that is compacted, besides what stands for the rest.
LEFT = 10
SUMMARY = "summary"


class History:
    """Steps on the log of a session; `told` says what was done, `problems` what was not as it should be."""

    def __init__(self, connection: Connection, session: str, log: Sequence[v1.Event]) -> None:
        self.told: list[str] = []
        self.problems: list[str] = []
        self._connection, self._session, self._log = connection, session, log

    def run(self) -> None:
        """Fork at half of the log, take the fork back to a quarter, and compact the log."""
        fork = self._fork(len(self._log) // 2)
        self._rewind(fork, len(self._log) // 4)
        self._compact()

    def _fork(self, last: int) -> str:
        request = v1.ForkSessionRequest(name=self._session, up_to_sequence=last, request_id=str(uuid.uuid4()))
        fork = self._connection.ask(self._connection.sessions.ForkSession, request).name
        self._check("a fork", events_of(self._connection, fork), self._log[:last])
        self.told.append(f"a fork shares the first {last} of them")
        return fork

    def _rewind(self, fork: str, last: int) -> None:
        there = len(self._log) // 2
        request = v1.RewindSessionRequest(
            name=fork, sequence=last, expected_last_sequence=there, request_id=str(uuid.uuid4())
        )
        self._connection.ask(self._connection.sessions.RewindSession, request)
        self._check("the fork after its rewind", events_of(self._connection, fork), self._log[:last])
        self.told.append(f"the fork was taken back to the first {last}, and can be brought back")

    def _compact(self) -> None:
        last = len(self._log) - LEFT
        if last < 1:
            return
        summary = v1.Event(type=SUMMARY, text=f"{last} lines were said before")
        request = v1.SupersedeEventsRequest(
            parent=self._session, from_sequence=1, to_sequence=last, events=[summary], request_id=str(uuid.uuid4())
        )
        self._connection.ask(self._connection.events.SupersedeEvents, request)
        shown = list(events_of(self._connection, self._session))
        self._check("the compacted log", shown[:-1], self._log[last:])
        if shown[-1].type != SUMMARY:
            self.problems.append("the compacted log does not end with what stands for the rest")
        everything = events_of(self._connection, self._session, show_superseded=True)
        self._check("all that was said", list(everything)[: len(self._log)], self._log)
        self.told.append(f"the log is compacted to its last {LEFT} and a summary, and all of it is still there")

    def _check(self, what: str, shown: Iterator[v1.Event] | Sequence[v1.Event], wanted: Sequence[v1.Event]) -> None:
        found = [(event.sequence, event.event_id, event.text) for event in shown]
        if found != [(event.sequence, event.event_id, event.text) for event in wanted]:
            self.problems.append(f"{what} shows {len(found)} events, and not the {len(wanted)} that it should")


def events_of(connection: Connection, session: str, *, show_superseded: bool = False) -> Iterator[v1.Event]:
    """Yield the events of a session, page by page."""
    request = v1.ListEventsRequest(parent=session, page_size=1000, show_superseded=show_superseded)
    while True:
        page = connection.ask(connection.events.ListEvents, request)
        yield from page.events
        request.page_token = page.next_page_token
        if not page.next_page_token:
            return
