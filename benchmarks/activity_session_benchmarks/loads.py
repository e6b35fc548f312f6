"""Loads: a server on one core, the load generator ghz on the other, and the CPU time that the server spends."""

import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from google.protobuf import descriptor_pool
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

from activity_session_benchmarks.figures import CLIENT_CORE, SERVER_CORE, cpu_seconds
from activity_session_testing.rpcs import SERVICES

_HOW_TO_GET = "go install github.com/bojand/ghz/cmd/ghz@v0.120.0"
_ERROR_CHARACTERS = 500
# A disk that stalls for a while must not end the run.
_PATIENT = "60s"
_PACKAGE = "activity_session.v1"


class Server(NamedTuple):
    """A process that serves calls at an address."""

    pid: int
    address: str


class Load(NamedTuple):
    """What the server spent on a call, in microseconds of CPU time (user and system), and how many it served."""

    cpu_us: float
    calls_per_second: float


class Offered(NamedTuple):
    """How many calls came in so many seconds, how many were OK in time, and the CPU time that the server spent."""

    calls: int
    served: int
    seconds: float
    cpu_seconds: float

    @property
    def served_per_second(self) -> float:
        return self.served / self.seconds

    @property
    def served_per_cpu_second(self) -> float:
        return self.served / self.cpu_seconds

    @property
    def share_not_served(self) -> float:
        return 1 - self.served / self.calls


@contextmanager
def serving(*command: str) -> Iterator[Server]:
    """Run a server on its core inside the block; it prints where it listens, and is killed after the block."""
    with (
        tempfile.TemporaryFile("w+") as log,
        subprocess.Popen(
            ["taskset", "--cpu-list", str(SERVER_CORE), *command], stdout=subprocess.PIPE, stderr=log, text=True
        ) as process,
    ):
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line.startswith("listening on "):
                log.seek(0)
                raise RuntimeError(f"{' '.join(command)} does not listen: {log.read()}")
            yield Server(process.pid, line.removeprefix("listening on ").strip())
        finally:
            process.kill()


def load(
    server: Server, method: str, request: dict[str, Any], calls: int, *, concurrency: int, connections: int
) -> Load:
    """Call a method such as `SessionService/GetSession` that many times; each response must be OK.

    The request is in the JSON of protobuf; its texts may hold ghz's templates, such as {{.RequestNumber}}. The
    measurement includes opening the connections; the first load of a server warms it up.
    """
    before = cpu_seconds(server.pid)
    report = _ghz(
        *("--call", f"{_PACKAGE}.{method}", "--data", json.dumps(request), "--total", str(calls)),
        *("--concurrency", str(concurrency), "--connections", str(connections), server.address),
    )
    used = cpu_seconds(server.pid) - before
    if report["statusCodeDistribution"] != {"OK": calls}:
        errors = str(report["errorDistribution"])[:_ERROR_CHARACTERS]
        raise RuntimeError(f"{method}: {report['statusCodeDistribution']}: {errors}")
    return Load(used / calls * 1e6, report["rps"])


def offered(
    server: Server,
    method: str,
    request: dict[str, Any],
    seconds: int,
    *pace: str,
    connections: int,
    timeout: str = _PATIENT,
) -> Offered:
    """Call a method for some seconds, at a pace in ghz's flags; a response need not be OK."""
    before = cpu_seconds(server.pid)
    report = _ghz(
        *("--call", f"{_PACKAGE}.{method}", "--data", json.dumps(request), *pace),
        *("--duration", f"{seconds}s", "--duration-stop", "wait", "--connections", str(connections), server.address),
        timeout=timeout,
    )
    served = report["statusCodeDistribution"].get("OK", 0)
    return Offered(report["count"], served, seconds, cpu_seconds(server.pid) - before)


def require_ghz() -> None:
    """End the program if ghz is not installed: with exit code 0, or 1 if REQUIRE_ALL=1 forbids to skip anything."""
    if _find_ghz() is None:
        print(f"skipped, ghz is not installed; to measure: {_HOW_TO_GET}")
        sys.exit(os.environ.get("REQUIRE_ALL") == "1")


def _ghz(*arguments: str, timeout: str = _PATIENT) -> Any:
    command = ["taskset", "--cpu-list", str(CLIENT_CORE), _find_ghz() or "ghz", "--insecure", "--format", "json"]
    command += ["--timeout", timeout]
    with tempfile.NamedTemporaryFile() as protoset:
        protoset.write(_descriptors())
        protoset.flush()
        run = subprocess.run(
            [*command, "--protoset", protoset.name, *arguments], capture_output=True, text=True, check=False
        )
    if run.returncode:
        # It prints the error once for each call, with the request.
        raise RuntimeError(f"ghz: {run.stderr[-_ERROR_CHARACTERS:]}")
    return json.loads(run.stdout)


@functools.cache
def _find_ghz() -> str | None:
    folders = [os.environ.get("PATH", "")]
    if shutil.which("go"):
        gopath = subprocess.run(["go", "env", "GOPATH"], capture_output=True, text=True, check=True).stdout.strip()
        folders.append(str(Path(gopath, "bin")))
    return shutil.which("ghz", path=os.pathsep.join(folders))


@functools.cache
def _descriptors() -> bytes:
    """Return the schema in the form that ghz reads: each file after those that it imports."""
    described = map(descriptor_pool.Default().FindFileContainingSymbol, SERVICES)
    files = {file.name: file for service in described for file in _with_imports(service)}
    schema = FileDescriptorSet(file=[FileDescriptorProto.FromString(file.serialized_pb) for file in files.values()])
    return schema.SerializeToString()


def _with_imports(file: FileDescriptor) -> Iterator[FileDescriptor]:
    for imported in file.dependencies:
        yield from _with_imports(imported)
    yield file
