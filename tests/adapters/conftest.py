"""What the tests of all adapters share: a server on each database, and programs beside it."""

import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from activity_session_testing.backends import FIXTURES, SQLITE_FILE
from activity_session_testing.servers import Client, connected, serving

Processes = Callable[..., list[str]]
_SECONDS = 60
# Before any channel is there: gRPC may not be forked.
_FORKING = """
import asyncio, contextlib, io, multiprocessing, os, sys

count, address = int(sys.argv[1]), sys.argv[2]
together = multiprocessing.Barrier(count).wait
for number in range(count):
    if not os.fork():
        with contextlib.redirect_stdout(io.StringIO()) as said:
            asyncio.run(main(number, address, together))
        os.write(1, said.getvalue().encode())  # in one piece
        os._exit(0)
sys.exit(any(os.wait()[1] for _ in range(count)))
"""


@pytest.fixture(scope="module", params=[SQLITE_FILE, *FIXTURES])
def address(request: pytest.FixtureRequest, new_shared_database: Callable[[str], tuple[str, str]]) -> Iterator[str]:
    """Where a server listens, on each database."""
    url, _ = new_shared_database(request.param)
    with serving(url) as server:
        yield server.address


@pytest.fixture(scope="module")
def stubs(address: str) -> Iterator[Client]:
    """The stubs of that server, without any adapter."""
    with connected(address) as stubs:
        yield stubs


@pytest.fixture
def processes(address: str) -> Processes:
    """Runs a program in several processes at once, and returns the lines that they have printed, each at most 4 KiB.

    The program imports what it needs, once for all of them, and has a coroutine `main(number, address, together)`: the
    number of the process, the address of the server, and a function that returns when each has called it.
    """

    def run(program: str, count: int = 2) -> list[str]:
        whole = f"{textwrap.dedent(program)}\n{_FORKING}"
        command = [sys.executable, "-c", whole, str(count), address]
        folder = Path(__file__).parents[1]  # from where it can import what the tests do
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    return run
