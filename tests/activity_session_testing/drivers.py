"""The drivers: a program per client that reads commands from standard input and writes results to standard output.

`python -m activity_session_testing.drivers` builds those whose toolchain this machine has. What they understand is in
tests/clients/drivers/README.md.
"""

import contextlib
import itertools
import json
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import pytest

ROOT = Path(__file__).parents[2]
_FOLDER = ROOT / "tests/clients/drivers"
_BUILT = ROOT / ".build/drivers"
_SECONDS = 30.0


class Server(Protocol):
    """A server that is reached over gRPC and over HTTP."""

    @property
    def address(self) -> str:
        """Where it is reached over gRPC."""

    @property
    def http_address(self) -> str:
        """Where it is reached over HTTP."""


@dataclass(frozen=True)
class Client:
    """A client under test: what it needs, how its driver is built and started."""

    name: str
    program: str
    how_to_get: str
    build: tuple[tuple[Path, tuple[str, ...]], ...]
    command: tuple[str, ...]
    is_http: bool = False

    def target(self, server: "Server") -> str:
        """Return where it reaches a server, which has both addresses."""
        return server.http_address if self.is_http else server.address

    @property
    def lacks(self) -> str | None:
        """Return one line on what this machine lacks for it, or None."""
        if shutil.which(self.program):
            return None
        return f"{self.program} is not installed; to run the tests of the client {self.name}: {self.how_to_get}"

    @property
    def is_built(self) -> bool:
        """Return whether its driver has been built."""
        return Path(self.command[-1]).exists()


_GO, _TYPESCRIPT, _JAVA = _FOLDER / "go", _FOLDER / "typescript", _FOLDER / "java"
_MAVEN = ("mvn", "--quiet", "--batch-mode", "--no-transfer-progress")

CLIENTS = (
    Client("python", sys.executable, "Python", (), (sys.executable, str(_FOLDER / "python/driver.py"))),
    Client("python-aio", sys.executable, "Python", (), (sys.executable, str(_FOLDER / "python/aio_driver.py"))),
    Client(
        "go",
        "go",
        "Go 1.23 or newer",
        (
            (ROOT / "clients/go", ("go", "vet", "./...")),
            (ROOT / "clients/go", ("go", "test", "./...")),
            # Not from the cache of results: the table that it reads is outside of the module.
            (ROOT / "clients/go", ("go", "test", "-count=1", "./names")),
            (_GO, ("go", "build", "-o", str(_BUILT / "go"), ".")),
        ),
        (str(_BUILT / "go"),),
    ),
    Client(
        "typescript",
        "npm",
        "Node.js 20 or newer",
        (
            (ROOT / "clients/typescript", ("npm", "ci", "--silent")),
            (ROOT / "clients/typescript", ("npm", "run", "--silent", "build")),
            (_TYPESCRIPT, ("npm", "ci", "--silent")),
            (_TYPESCRIPT, ("npm", "run", "--silent", "build")),
        ),
        ("node", str(_TYPESCRIPT / "dist/driver.js")),
    ),
    Client(
        "java",
        "mvn",
        "a JDK 11 or newer and Maven",
        ((ROOT / "clients/java", (*_MAVEN, "install")), (_JAVA, (*_MAVEN, "package"))),
        ("java", "-jar", str(_JAVA / "target/driver.jar")),
    ),
)

# That of TypeScript for browsers, which calls over Connect.
CONNECT_WEB = Client(
    "connect-web",
    "npm",
    "Node.js 20 or newer",
    # Built with that of TypeScript.
    (),
    ("node", str(_TYPESCRIPT / "dist/connect_driver.js")),
    is_http=True,
)

# AG-UI's own client, of which the driver is one of its own.
AG_UI = replace(CONNECT_WEB, name="ag-ui", command=("node", str(_TYPESCRIPT / "dist/ag_ui.js")))

# Runs a test with that of browsers too; all others run with those that call over gRPC.
WITH_ANY_CLIENT = pytest.mark.parametrize(
    "client", [*CLIENTS, CONNECT_WEB], ids=lambda client: client.name, indirect=True, scope="module"
)


def build() -> None:
    """Build all drivers that this machine can build; print one line for each of the others."""
    _BUILT.mkdir(parents=True, exist_ok=True)
    for client in CLIENTS:
        if client.lacks:
            print(client.lacks)
            continue
        for folder, command in client.build:
            subprocess.run(command, cwd=folder, check=True)


class Driver:
    """A running driver."""

    def __init__(self, client: Client, target: str, *flags: str, log: Path | None = None) -> None:
        with log.open("a") if log else contextlib.nullcontext() as stderr:
            self._process = subprocess.Popen(
                [*client.command, target, *flags],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._answers: dict[int, queue.Queue[dict[str, Any]]] = {}
        assert self._process.stdout is not None
        assert json.loads(self._process.stdout.readline()) == {"ready": True}
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()

    def begin(self, command: dict[str, Any]) -> "Answers":
        """Send a command, and return its output, which may still be to come."""
        number = next(self._ids)
        self._answers[number] = queue.Queue()
        self._write(command | {"id": number})
        return Answers(self, number, self._answers[number])

    def call(self, method: str, request: dict[str, Any], **options: Any) -> dict[str, Any]:
        """Make a unary call, and return the last line, with the message in it if the call succeeded."""
        answers = self.begin({"method": method, "request": request, **options})
        messages = []
        while "status" not in (line := answers.next()):
            messages.append(line["message"])
        return line | ({"message": messages[0]} if messages else {})

    def cancel(self, number: int) -> None:
        self._write({"cancel": number})

    def close(self) -> None:
        """End it as its protocol says, and kill it if it does not end."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            assert self._process.wait(timeout=_SECONDS) == 0
        finally:
            self._process.kill()
            self._process.wait()
            self._reader.join()
            self._process.stdout.close()

    def _write(self, command: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        with self._lock:
            self._process.stdin.write(json.dumps(command) + "\n")
            self._process.stdin.flush()

    def _read(self, lines: Any) -> None:
        for line in lines:
            answer = json.loads(line)
            self._answers[answer["id"]].put(answer)


class Answers:
    """What a driver writes for one command."""

    def __init__(self, driver: Driver, number: int, lines: "queue.Queue[dict[str, Any]]") -> None:
        self._driver, self._number, self._lines = driver, number, lines

    def next(self, timeout: float = _SECONDS) -> dict[str, Any]:
        """Return the next line; raise queue.Empty if none comes in time."""
        return self._lines.get(timeout=timeout)

    def messages(self, timeout: float = _SECONDS) -> Iterator[dict[str, Any]]:
        """Return the messages up to the status."""
        while "message" in (line := self.next(timeout)):
            yield line["message"]

    def events(self) -> Iterator[dict[str, Any]]:
        """Return the events among the messages of a watch."""
        return (message["event"] for message in self.messages() if "event" in message)

    def end(self) -> dict[str, Any]:
        """Return the status, and skip the messages before it."""
        while "status" not in (line := self.next()):
            pass
        return line

    def cancel(self) -> None:
        self._driver.cancel(self._number)


def called(driver: Driver, helper: str, **options: Any) -> dict[str, Any]:
    """Call a helper of the everyday loop, and return its result, or the error."""
    answers = driver.begin({"loop": helper, **options})
    line = answers.next()
    assert "status" in line or answers.next()["status"] == "OK"
    return line


@contextlib.contextmanager
def driving(client: Client, target: str, *flags: str, log: Path | None = None) -> Iterator[Driver]:
    """Run a driver inside the block; its standard error goes to the log, if there is one."""
    driver = Driver(client, target, *flags, log=log)
    try:
        yield driver
    finally:
        driver.close()


if __name__ == "__main__":
    build()
