"""Log lines are written in batches, in order, by a thread that no call waits for."""

import io
import json
import logging
import threading
from collections.abc import Iterator

import pytest

from activity_session_server import logs
from activity_session_testing.moments import eventually

LONG = 300.0


class StuckStream(io.StringIO):
    """A stream that accepts nothing until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.is_stuck, self.let_go = threading.Event(), threading.Event()

    def write(self, text: str) -> int:
        self.is_stuck.set()
        assert self.let_go.wait(LONG)
        return super().write(text)


def logger_to(stream: io.StringIO) -> logging.Logger:
    logger = logging.Logger("test")  # noqa: LOG001 - its own, apart from what others log
    handler = logs.GatheringHandler(stream)
    handler.setFormatter(logs.Formatter(logs.json_line))
    logger.addHandler(handler)
    return logger


def messages(stream: io.StringIO) -> list[str]:
    return [json.loads(line)["message"] for line in stream.getvalue().splitlines()]


@pytest.fixture
def stuck() -> Iterator[StuckStream]:
    stream = StuckStream()
    yield stream
    stream.let_go.set()


def test_lines_come_soon_and_in_order() -> None:
    stream = io.StringIO()
    logger = logger_to(stream)
    for number in range(100):
        logger.info("line %d", number)
    assert eventually(lambda: len(messages(stream)) == 100)
    assert messages(stream) == [f"line {number}" for number in range(100)]


def test_a_warning_comes_at_once_with_the_lines_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "INTERVAL", LONG)
    stream = io.StringIO()
    logger = logger_to(stream)
    logger.info("before")
    logger.warning("now")
    eventually(lambda: messages(stream) == ["before", "now"])


def test_what_is_left_is_written_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "INTERVAL", LONG)
    stream = io.StringIO()
    logger = logger_to(stream)
    logger.info("last words")
    assert messages(stream) == []
    # As `logging` does at the exit of a process.
    logging.shutdown([lambda: logger.handlers[0]])
    assert messages(stream) == ["last words"]


def test_nobody_waits_for_a_log_that_is_stuck_and_what_is_dropped_is_counted(
    monkeypatch: pytest.MonkeyPatch, stuck: StuckStream
) -> None:
    monkeypatch.setattr(logs, "MOST_RECORDS", 2)
    logger = logger_to(stuck)
    logger.error("first")
    assert stuck.is_stuck.wait(LONG)
    for number in range(5):
        logger.error("line %d", number)
    stuck.let_go.set()
    eventually(lambda: messages(stuck) == ["first", "line 0", "line 1", "lines dropped"])
    assert json.loads(stuck.getvalue().splitlines()[-1])["dropped"] == 3
