"""Runs a command, and says what went wrong."""

import argparse
import io
import logging
import os
import sys

from activity_session.cli._escaping import say


class FailedError(Exception):
    """Raised where it did not work, and no call says why."""


def run(name: str, flags: argparse.Namespace) -> int:
    """Run the command of that name; returns the exit code."""
    try:
        code = _run(name, flags)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever reads has what they wanted. What is left would fail again at the exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def _run(name: str, flags: argparse.Namespace) -> int:
    # It loads gRPC, which takes longest.
    from activity_session.cli import _calling, _commands
    from activity_session.errors import Error

    _write_what_is_possible()
    try:
        with _calling.connected(flags) as channel:
            _commands.COMMANDS[name](channel, flags)
    except Error as error:
        return _fail(1, _calling.told(error, flags.target))
    except FailedError as error:
        return _fail(1, str(error))
    except BrokenPipeError:
        raise
    except OSError as error:
        return _fail(1, f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except ValueError as error:  # a name that is none, or a text that cannot be sent
        return _fail(2, str(error))
    return 0


def _write_what_is_possible() -> None:
    """Escape what the terminal's encoding does not have, and have the client's warnings be lines like all others."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    logging.getLogger("activity_session").addHandler(_Lines())


class _Lines(logging.Handler):
    """Says what a watch logs about disconnects."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line."""
        say(record.getMessage())


def _fail(code: int, message: str) -> int:
    say(message)
    return code
