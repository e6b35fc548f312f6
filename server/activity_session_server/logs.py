"""Log lines on stderr: JSON for machines, short text for people at a terminal."""

import logging
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson

from activity_session_server.settings import LogFormat

# What every record has; the rest was given with the line.
_STANDARD = set(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


class Line(NamedTuple):
    """What one line tells. `time` is in seconds since the epoch."""

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
        fields = {key: value for key, value in record.__dict__.items() if key not in _STANDARD}
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
    """Time, level, message, and the fields behind them; an exception below."""
    exception = line.fields.get("exception")
    fields = " ".join(f"{key}={value}" for key, value in line.fields.items() if key != "exception")
    time = datetime.fromtimestamp(line.time).astimezone().strftime("%H:%M:%S")
    text = f"{time} {line.level:7} {line.message} {fields}".rstrip()
    return text if exception is None else f"{text}\n{exception}"


def configure(log_format: LogFormat) -> None:
    """Send all log lines to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Formatter(_to_text(log_format)))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    # It tells its set-up at this level too; `store.schema` tells what was done.
    logging.getLogger("alembic").setLevel(logging.WARNING)


def call_writer(log_format: LogFormat) -> Callable[[Iterable[tuple[float, dict[str, Any]]]], None]:
    """What writes the lines of calls to stderr, all at once."""
    to_text = _to_text(log_format)

    def write(calls: Iterable[tuple[float, dict[str, Any]]]) -> None:
        lines = [to_text(Line(time, "info", "activity_session.call", "call", fields)) for time, fields in calls]
        sys.stderr.write("".join(f"{line}\n" for line in lines))
        sys.stderr.flush()

    return write


def _to_text(log_format: LogFormat) -> Callable[[Line], str]:
    is_text = log_format is LogFormat.TEXT or (log_format is LogFormat.AUTO and sys.stderr.isatty())
    return text_line if is_text else json_line
