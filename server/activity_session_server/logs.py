"""Log lines on stderr: JSON for machines, short text for people at a terminal."""

import contextlib
import logging
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple, TextIO

import orjson

from activity_session_server.settings import LogFormat, LogLevel

# Seconds between two looks for lines.
INTERVAL = 0.1
# Records that are kept while the log cannot be written; more are dropped, and a line says how many.
MOST_RECORDS = 100_000
_INFO = {"levelno": logging.INFO, "levelname": "INFO"}
# From the fewest lines to the most.
_LEVELS = (LogLevel.ERROR, LogLevel.WARNING, LogLevel.INFO, LogLevel.DEBUG)
# All lines of the server's own; the name of each module's logger begins so.
_own = logging.getLogger("activity_session")
# The attributes that every record has; the others were given with the line.
_STANDARD = set(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


class Line(NamedTuple):
    """What one line says. `time` is in seconds since the epoch."""

    time: float
    level: str
    logger: str
    message: str
    fields: dict[str, Any]


class Formatter(logging.Formatter):
    """Makes lines of records, in one of the formats."""

    def __init__(self, to_text: Callable[[Line], str]) -> None:
        super().__init__()
        self._to_text = to_text

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        given: dict[str, Any] | None = record.__dict__.get("fields")
        fields = given or {key: value for key, value in record.__dict__.items() if key not in _STANDARD}
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return self._to_text(Line(record.created, record.levelname.lower(), record.name, record.getMessage(), fields))


def json_line(line: Line) -> str:
    """One JSON object."""
    values = {
        "time": datetime.fromtimestamp(line.time, UTC),
        "level": line.level,
        "logger": line.logger,
        "message": line.message,
        **line.fields,
    }
    return orjson.dumps(values, default=str).decode()


def text_line(line: Line) -> str:
    """Time, level, message, then the fields; an exception on the lines below."""
    exception = line.fields.get("exception")
    fields = " ".join(f"{key}={value}" for key, value in line.fields.items() if key != "exception")
    time = datetime.fromtimestamp(line.time).astimezone().strftime("%H:%M:%S")
    text = f"{time} {line.level:7} {line.message} {fields}".rstrip()
    return text if exception is None else f"{text}\n{exception}"


class GatheringHandler(logging.Handler):
    """Writes lines in batches, by a thread of its own, so that no call waits for the log.

    Writing the line of a call where the call ends would cost a fifth of a read. A line is written within `INTERVAL`
    seconds, a warning or an error at once; a process that is killed loses the lines of its last moment.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream
        # Any thread appends and one takes away: each single step is atomic.
        self._records: deque[logging.LogRecord] = deque()
        # The first is written under the handler's own lock, the second under `_writing`: nothing needs both locks.
        self._dropped = self._told = 0
        self._has_records, self._is_urgent = threading.Event(), threading.Event()
        # Guards the stream; held from taking records until they are written, which keeps the lines in order.
        self._writing = threading.Lock()
        self._thread: threading.Thread | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record; `logging` calls this under the handler's own lock."""
        if len(self._records) >= MOST_RECORDS:
            self._dropped += 1
            return
        self._records.append(record)
        if record.levelno >= logging.WARNING:
            self._is_urgent.set()
        if not self._has_records.is_set():
            self._has_records.set()
        if self._thread is None:
            # Only now: a thread that was started before signals are blocked could receive them.
            self._thread = threading.Thread(target=self._keep_writing, name="logs", daemon=True)
            self._thread.start()

    def flush(self) -> None:
        """Write all records that are kept; `logging` calls this at the end of the process."""
        with self._writing:
            self._stream.write("".join(f"{line}\n" for line in self._lines()))
            self._stream.flush()

    def _keep_writing(self) -> None:
        while True:
            self._has_records.wait()
            self._is_urgent.wait(INTERVAL)
            # Before the records are taken: one that comes later sets them again.
            self._has_records.clear()
            self._is_urgent.clear()
            # What cannot be written is lost: there is nowhere else to say so.
            with contextlib.suppress(OSError, ValueError):
                self.flush()

    def _lines(self) -> Iterator[str]:
        for _ in range(len(self._records)):
            yield self.format(self._records.popleft())
        dropped = self._dropped - self._told
        self._told += dropped
        if dropped:
            fields = {
                "name": "activity_session.logs",
                "levelname": "WARNING",
                "msg": "lines dropped",
                "dropped": dropped,
            }
            yield self.format(logging.makeLogRecord(fields))


def configure(log_format: LogFormat, level: LogLevel = LogLevel.INFO) -> None:
    """Send all log lines of a level, and of those above it, to stderr."""
    handler = GatheringHandler(sys.stderr)
    handler.setFormatter(Formatter(_to_text(log_format)))
    root = logging.getLogger()
    root.handlers = [handler]
    _set_level(level)
    # Alembic logs its set-up at INFO too; `store.migrating` logs what was done.
    logging.getLogger("alembic").setLevel(logging.WARNING)


def change_level(*, more: bool) -> LogLevel:
    """Write more lines from now on, or fewer, by one level, and say so in the log; returns the level."""
    now = next(index for index, level in enumerate(_LEVELS) if _own.level == _number(level))
    level = _LEVELS[min(now + 1, len(_LEVELS) - 1) if more else max(now - 1, 0)]
    _set_level(level)
    # Whatever the level is: who has changed it looks for this line.
    _own.handle(logging.makeLogRecord({"name": "activity_session.logs", "msg": f"the log level is {level}"} | _INFO))
    return level


def _set_level(level: LogLevel) -> None:
    _own.setLevel(_number(level))
    # What libraries have to say at the level debug can hold statements with their values.
    logging.getLogger().setLevel(max(_number(level), logging.INFO))


def _number(level: LogLevel) -> int:
    return logging.getLevelNamesMapping()[level.upper()]


def flush() -> None:
    """Write all lines that were logged."""
    for handler in logging.getLogger().handlers:
        handler.flush()


def _to_text(log_format: LogFormat) -> Callable[[Line], str]:
    is_text = log_format is LogFormat.TEXT or (log_format is LogFormat.AUTO and sys.stderr.isatty())
    return text_line if is_text else json_line
