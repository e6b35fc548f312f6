"""The command line as a process."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from activity_session_testing import planted

COMMAND = (sys.executable, "-m", "activity_session_server")
_SECONDS = 60
_HOLD_WRITE_LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


def run(*arguments: str, prefix: Sequence[str] = (), **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; `prefix` is a command that runs the command which comes after it."""
    ended = subprocess.run(
        [*prefix, *COMMAND, *arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    planted.look(ended.stderr)
    # Some commands show contents there, to whoever may read the database.
    planted.look(ended.stdout, for_contents=False)
    return ended


class ServerProcess:
    """`activity-session serve`; it listens once the constructor returns."""

    def __init__(self, log: Path, *flags: str, prefix: Sequence[str] = (), **environment: str) -> None:
        """Start it; `prefix` is a command that runs the command which comes after it."""
        self._log = log
        with log.open("w") as stderr:
            self.process = subprocess.Popen(
                [*prefix, *COMMAND, "serve", *flags],
                env=os.environ | {"PYTHONFAULTHANDLER": "1"} | environment,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        assert self.process.stdout is not None
        self.first_line = self.process.stdout.readline()
        assert self.first_line.startswith("listening on "), log.read_text()
        self.address = self.first_line.removeprefix("listening on ").strip()

    @cached_property
    def http_address(self) -> str:
        """Where it serves HTTP; only of one that was told to."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert " on " in line, line
        return line.rpartition(" ")[2].strip()

    def wait(self) -> int:
        """Wait for the exit code; a server that does not end logs what its threads do."""
        try:
            self.process.communicate(timeout=_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)
            self.process.communicate()
            raise AssertionError(self._log.read_text()) from None
        planted.look(self._log.read_text())
        return self.process.returncode

    def kill(self) -> None:
        """Kill it with SIGKILL, as in a crash."""
        self.process.kill()
        self.wait()

    def most_resident_bytes(self) -> int:
        """Return the most that it has held since it was started, or since this was called before."""
        most = self._status("VmHWM") * 1024
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")
        return most

    def python_threads(self) -> int:
        """Return how many threads of Python it has, which the system names after the process.

        gRPC has threads of its own beside them, more of them on a busy machine.
        """
        process = Path(f"/proc/{self.process.pid}")
        name, names = (process / "comm").read_text(), []
        for found in process.glob("task/*/comm"):
            # It can have ended since.
            with contextlib.suppress(OSError):
                names.append(found.read_text())
        return names.count(name)

    def _status(self, name: str) -> int:
        found = re.search(rf"^{name}:\s+(\d+)", Path(f"/proc/{self.process.pid}/status").read_text(), re.MULTILINE)
        assert found is not None
        return int(found[1])

    def log_lines(self) -> list[dict[str, Any]]:
        """Return the log so far, of a server that writes JSON."""
        return [json.loads(line) for line in self._log.read_text().splitlines()]


@contextlib.contextmanager
def serving_process(log: Path, *flags: str, prefix: Sequence[str] = (), **environment: str) -> Iterator[ServerProcess]:
    """Run a server process on a free port, unless the flags say otherwise; it is killed after the block."""
    server = ServerProcess(log, "--address", "127.0.0.1:0", *flags, prefix=prefix, **environment)
    try:
        yield server
    finally:
        server.kill()


@contextlib.contextmanager
def write_lock(path: Path) -> Iterator[None]:
    """Hold the write lock of an SQLite file inside the block, in another process."""
    command = [sys.executable, "-c", _HOLD_WRITE_LOCK, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        # The end of the block closes its standard input, which ends it.
        yield
