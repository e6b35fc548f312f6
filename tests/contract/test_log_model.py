"""Random appends, supersessions, pops and redactions, against a plain list.

Watches begin, break and resume at any time.
"""

import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from activity_session.v1.event_service_pb2 import RedactEventsRequest
from activity_session_testing.log_models import LogModel, Reader
from activity_session_testing.servers import Client
from activity_session_testing.steps import append, list_events, new_session, pop, supersede
from activity_session_testing.watches import Watching

pytestmark = pytest.mark.one_node

EXAMPLES = 15
bounded = settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
# What is done: how many events are appended; which share of the log is superseded, with how many events in its place,
# and which of its numbers are exceptions; how many events are popped; which one is redacted. And whether the readers
# look then, or break.
fraction = st.floats(0, 1)
appends = st.tuples(st.just("append"), st.integers(1, 4))
supersessions = st.tuples(st.just("supersede"), fraction, fraction, st.integers(0, 2), st.lists(fraction, max_size=3))
pops = st.tuples(st.just("pop"), st.integers(1, 3))
redactions = st.tuples(st.just("redact"), fraction)
looks = st.tuples(st.just("look"), st.sampled_from(["new", "all", "one"]))
scripts = st.lists(st.one_of(appends, supersessions, supersessions, pops, redactions, looks), min_size=3, max_size=14)


class Story:
    """A session and its model, to which the same is done, and readers that look at the session now and then."""

    def __init__(self, client: Client, namespace: str) -> None:
        self.client = client
        self.session = new_session(client, namespace).name
        self.model = LogModel()
        self.readers: list[Reader] = []
        self._texts = map(str, itertools.count())

    def run(self, script: list[tuple[Any, ...]]) -> None:
        for what, *values in script:
            getattr(self, what)(*values)

    def append(self, count: int) -> None:
        texts = list(itertools.islice(self._texts, count))
        append(self.client, self.session, *texts)
        self.model.append(*texts)

    def supersede(self, start: float, end: float, count: int, exceptions: list[float]) -> None:
        if not self.model.last:
            return
        first, last = sorted(1 + int(part * (self.model.last - 1)) for part in (start, end))
        kept = {first + int(part * (last - first)) for part in exceptions}
        covered = frozenset(range(first, last + 1)) - kept
        if not covered:
            return
        texts = list(itertools.islice(self._texts, count))
        supersede(self.client, self.session, first, last, *texts, except_sequences=sorted(kept))
        self.model.supersede(covered, *texts)

    def pop(self, count: int) -> None:
        popped = [event.sequence for event in pop(self.client, self.session, count)]
        assert popped == self.model.pop(count)

    def redact(self, part: float) -> None:
        shown = list_events(self.client, self.session, show_superseded=True)
        if shown and not (event := shown[int(part * (len(shown) - 1))]).HasField("redaction"):
            self.client.events.RedactEvents(RedactEventsRequest(parent=self.session, names=[event.name]))
            self.model.redact(frozenset([event.sequence]))

    def look(self, who: str) -> None:
        """Have readers follow the session up to now: a new one, all of them, or the one that was away for longest."""
        if who == "new" or not self.readers:
            self.readers.append(Reader(self.client, self.session))
        for reader in self.readers[-1:] if who == "new" else self.readers if who == "all" else self.readers[:1]:
            follow(self.client, self.session, reader)

    def check(self) -> None:
        """Compare what is listed, in pages of all kinds and with all that is hidden, and what each reader shows."""
        expected = self.model.in_view()
        for fields in ({}, {"page_size": 2}, {"page_size": 3, "filter": 'type = ""'}):
            found = list_events(self.client, self.session, **fields)
            assert [event.sequence for event in found] == expected
            assert [event.text for event in found] == [self.model.entries[number - 1] for number in expected]
            found = list_events(self.client, self.session, order_by="sequence desc", **fields)
            assert [event.sequence for event in found] == expected[::-1]
        shown = list_events(self.client, self.session, show_superseded=True, page_size=4)
        assert [event.superseded_by for event in shown] == [
            self.model.superseded_by(number) for number in range(1, self.model.last + 1)
        ]
        self.look("new")
        self.look("all")
        texts = {number: self.model.entries[number - 1] for number in expected}
        assert [reader.shown for reader in self.readers] == [texts] * len(self.readers)


def follow(client: Client, session: str, reader: Reader) -> None:
    """Watch a session from where a reader is until all that is there has come."""
    with Watching.of(client, session, reader.position) as watch:
        watch.wait_for_start()
    for message in watch.messages:
        reader.take(message)


def test_all_readers_see_what_the_rule_says(client: Client, namespace: str) -> None:
    @bounded
    @given(scripts)
    def check(script: list[tuple[Any, ...]]) -> None:
        story = Story(client, namespace)
        story.run(script)
        story.check()

    check()
