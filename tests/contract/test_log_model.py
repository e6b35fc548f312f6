"""Random appends, supersessions, pops, redactions, forks and the end of sessions, against plain lists.

Watches begin, break and resume at any time.
"""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import GetEventRequest, RedactEventsRequest
from activity_session.v1.session_pb2 import SESSION_VIEW_PREVIEW
from activity_session.v1.session_service_pb2 import ForkSessionRequest, GetSessionRequest
from activity_session_testing.log_models import LogModel, Reader, Said
from activity_session_testing.servers import Client
from activity_session_testing.steps import (
    append,
    delete_session,
    expunge_session,
    list_events,
    new_session,
    pop,
    supersede,
)
from activity_session_testing.watches import Watching

pytestmark = pytest.mark.one_node

EXAMPLES = 20
bounded = settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
# In which session what is done: how many events are appended; which share of the log is superseded, with how many
# events in its place, and which of its numbers are exceptions; how many events are popped; which one is redacted; after
# which one a fork begins; whether the readers look then, or break; whether the session is expunged.
fraction = st.floats(0, 1)
appends = st.tuples(fraction, st.just("append"), st.integers(1, 4))
ranges = (fraction, fraction, st.integers(0, 2), st.lists(fraction, max_size=3))
supersessions = st.tuples(fraction, st.just("supersede"), *ranges)
pops = st.tuples(fraction, st.just("pop"), st.integers(1, 3))
redactions = st.tuples(fraction, st.just("redact"), fraction)
forks = st.tuples(fraction, st.just("fork"), fraction)
looks = st.tuples(fraction, st.just("look"), st.sampled_from(["new", "all", "one"]))
ends = st.tuples(fraction, st.just("end"))
steps = st.one_of(appends, supersessions, supersessions, pops, redactions, forks, looks, ends)
scripts = st.lists(steps, min_size=3, max_size=14)
MOST_FORKS = 3


class Branch:
    """A session and its model, to which the same is done, and readers that look at the session now and then."""

    def __init__(self, client: Client, session: str, model: LogModel, texts: Iterator[str]) -> None:
        self.client = client
        self.session = session
        self.model = model
        self.readers: list[Reader] = []
        self._texts = texts

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

    def redact(self, part: float) -> Said | frozenset[int] | None:
        """Redact an event, unless it is already; returns it."""
        shown = list_events(self.client, self.session, show_superseded=True)
        if not shown or (event := shown[int(part * (len(shown) - 1))]).HasField("redaction"):
            return None
        self.client.events.RedactEvents(RedactEventsRequest(parent=self.session, names=[event.name]))
        return self.model.entries[event.sequence - 1]

    def fork(self, part: float) -> "Branch":
        last = round(part * self.model.last)
        request = ForkSessionRequest(name=self.session, up_to_sequence=last, omit_state=True)
        fork = self.client.sessions.ForkSession(request)
        assert (fork.last_sequence, fork.forked_from.sequence) == (last, last)
        return Branch(self.client, fork.name, self.model.fork(last), self._texts)

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
            assert [event.text for event in found] == [self.model.text(number) for number in expected]
            found = list_events(self.client, self.session, order_by="sequence desc", **fields)
            assert [event.sequence for event in found] == expected[::-1]
        shown = list_events(self.client, self.session, show_superseded=True, page_size=4)
        assert [event.superseded_by for event in shown] == [
            self.model.superseded_by(number) for number in range(1, self.model.last + 1)
        ]
        newest = newest_event(self.client, self.session)
        assert (newest.sequence if newest else 0) == max(expected, default=0)
        for event in shown:
            assert self.client.events.GetEvent(GetEventRequest(name=event.name)) == event
        self.look("new")
        self.look("all")
        texts = {number: self.model.text(number) for number in expected}
        assert [reader.shown for reader in self.readers] == [texts] * len(self.readers)


class Story:
    """Sessions of which each but the first one is a fork of another one."""

    def __init__(self, client: Client, namespace: str) -> None:
        self._client = client
        texts = map(str, itertools.count())
        self.branches = [Branch(client, new_session(client, namespace).name, LogModel(), texts)]

    def run(self, script: list[tuple[Any, ...]]) -> None:
        for which, what, *values in script:
            branch = self.branches[round(which * (len(self.branches) - 1))]
            if what in ("fork", "redact", "end"):
                getattr(self, what)(branch, *values)
            else:
                getattr(branch, what)(*values)

    def fork(self, branch: Branch, part: float) -> None:
        if len(self.branches) <= MOST_FORKS:
            self.branches.append(branch.fork(part))

    def redact(self, branch: Branch, part: float) -> None:
        redacted = branch.redact(part)
        for other in self.branches:
            if redacted is not None and any(entry is redacted for entry in other.model.entries):
                other.model.redact(redacted)

    def end(self, branch: Branch) -> None:
        if len(self.branches) > 1:
            delete_session(self._client, branch.session)
            expunge_session(self._client, branch.session)
            self.branches.remove(branch)

    def check(self) -> None:
        for branch in self.branches:
            branch.check()


def newest_event(client: Client, session: str) -> Event | None:
    request = GetSessionRequest(name=session, view=SESSION_VIEW_PREVIEW)
    found = client.sessions.GetSession(request)
    return found.newest_event if found.HasField("newest_event") else None


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
