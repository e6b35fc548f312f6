"""The real server as a process, which SIGKILL ends without warning."""

import subprocess
import sys
from pathlib import Path
from typing import Self

_SHOWN_CHARACTERS = 3000
# As many members as a session can have by default, and bytes that one more takes in a request with all at its limit.
_MEMBERS, _MEMBER_BYTES = 256, 2500
_REQUEST_BYTES = 4 * 1024 * 1024


class ServerError(Exception):
    """The server does not start; the text says why."""


class Server:
    """The real server; the end of a `with` block kills it."""

    def __init__(self, database_url: str, log: Path, *, members: int) -> None:
        """Plan a server whose sessions can have that many members: 4096 at most."""
        self._database_url, self._log = database_url, log
        self._limits = limits(members)
        self._process: subprocess.Popen[str] | None = None
        self._address = "127.0.0.1:0"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def migrate(self) -> None:
        """Bring the database to the current schema; on SQLite the server does so by itself."""
        if self._database_url.startswith("sqlite"):
            return
        done = subprocess.run(self._command("migrate"), capture_output=True, text=True, check=False)
        if done.returncode:
            raise ServerError(done.stderr.strip())

    def start(self) -> str:
        """Start the server on a free port, or again on the port that it had, and return its address."""
        command = self._command("serve", "--address", self._address, *self._limits)
        with self._log.open("a") as log:
            self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        assert self._process.stdout is not None
        first_line = self._process.stdout.readline()
        if not first_line.startswith("listening on "):
            raise ServerError(f"the server did not start: {self.end_of_log()}")
        self._address = first_line.removeprefix("listening on ").strip()
        return self._address

    def kill(self) -> None:
        """Kill the server with SIGKILL, so that it has no time to save anything."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def end_of_log(self) -> str:
        return self._log.read_text()[-_SHOWN_CHARACTERS:].strip()

    def _command(self, name: str, *flags: str) -> list[str]:
        command = [sys.executable, "-m", "activity_session_server", name]
        return [*command, "--database-url", self._database_url, *flags]


def limits(members: int) -> list[str]:
    """Return the flags for sessions that have more members than they can by default."""
    if members <= _MEMBERS:
        return []
    most_bytes = _REQUEST_BYTES + (members - _MEMBERS) * _MEMBER_BYTES
    return [f"--session-participants={members}", f"--request-bytes={most_bytes}", f"--response-bytes={most_bytes}"]
