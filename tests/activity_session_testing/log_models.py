"""What a log with marks should show, in the plainest way: a list, and a rule that looks at each number by itself."""

from dataclasses import dataclass, field

from activity_session.v1.event_pb2 import Event
from activity_session.v1.session_service_pb2 import WatchSessionResponse
from activity_session_testing.servers import Client
from activity_session_testing.steps import list_events


@dataclass(eq=False)
class Said:
    """An event: the logs that share it have the same one."""

    text: str


@dataclass
class LogModel:
    """A log, number by number: an event, or the numbers that a mark covers."""

    entries: list[Said | frozenset[int]] = field(default_factory=list)

    @property
    def last(self) -> int:
        return len(self.entries)

    def append(self, *texts: str) -> None:
        self.entries += map(Said, texts)

    def supersede(self, covered: frozenset[int], *texts: str) -> None:
        self.entries += [covered, *map(Said, texts)]

    def fork(self, last: int) -> "LogModel":
        """A log of its own that begins as this one was at a number."""
        return LogModel(self.entries[:last])

    def superseded_by(self, number: int) -> int:
        """The newest mark over a number that is not superseded itself; 0 for none."""
        for mark in range(self.last, number, -1):
            covered = self.entries[mark - 1]
            if isinstance(covered, frozenset) and number in covered and not self.superseded_by(mark):
                return mark
        return 0

    def in_view(self) -> list[int]:
        """The numbers that lists and watches show."""
        return [
            number
            for number, entry in enumerate(self.entries, 1)
            if isinstance(entry, Said) and not self.superseded_by(number)
        ]

    def pop(self, count: int) -> list[int]:
        popped = self.in_view()[-count:]
        if popped:
            self.supersede(frozenset(popped))
        return popped

    def text(self, number: int) -> str:
        """What the event of a number says."""
        entry = self.entries[number - 1]
        return entry.text if isinstance(entry, Said) else ""

    def redact(self, entry: Said | frozenset[int]) -> None:
        """Empty an event or a mark, and append the mark that says so, which covers nothing."""
        if isinstance(entry, Said):
            entry.text = ""
        self.entries.append(frozenset())


class Reader:
    """What a client shows that follows a log: it does what a watch tells, and lists what comes back into view."""

    def __init__(self, client: Client, session: str) -> None:
        self.shown: dict[int, str] = {}
        self.position = 0
        self._client = client
        self._session = session

    def take(self, message: WatchSessionResponse) -> None:
        """Do what a message of a watch says."""
        match message.WhichOneof("change"):
            case "event":
                assert message.event.sequence > self.position
                self.shown[message.event.sequence] = message.event.text
                self.position = message.event.sequence
            case "mark":
                assert message.mark.sequence > self.position
                self._apply(message.mark)
                self.position = message.mark.sequence
            case "bookmark":
                self.position = max(self.position, message.bookmark.last_sequence)

    def _apply(self, mark: Event) -> None:
        for one in (*mark.supersession.ranges, *mark.supersession.superseded):
            for number in range(one.first_sequence, one.last_sequence + 1):
                self.shown.pop(number, None)
        self.shown |= {number: "" for number in mark.redacted.sequences if number in self.shown}
        for one in mark.supersession.restored:
            bounds = {"after_sequence": one.first_sequence - 1, "before_sequence": one.last_sequence + 1}
            self.shown |= {event.sequence: event.text for event in list_events(self._client, self._session, **bounds)}
