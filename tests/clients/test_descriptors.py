"""The descriptor set is all that a tool needs to use the API."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from activity_session_testing.drivers import ROOT
from activity_session_testing.rpcs import RPCS, SERVICES
from activity_session_testing.servers import serving

Grpcurl = Callable[..., str]


@pytest.fixture(scope="module")
def grpcurl() -> Grpcurl:
    """Runs grpcurl with the descriptor set."""
    if shutil.which("grpcurl") is None:
        pytest.skip(
            "grpcurl is not installed; to run its tests: go install github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.4"
        )
    # The environment exists, or this test would not run: make must not set it up again.
    subprocess.run(["make", "--silent", "--old-file=.build/ready", "descriptors"], cwd=ROOT, check=True)

    def run(*arguments: str) -> str:
        command = ["grpcurl", "-plaintext", "-protoset", str(ROOT / "dist/activity_session.binpb"), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture
def address() -> Iterator[str]:
    """A server without reflection."""
    with serving("sqlite:///:memory:", reflection="off") as server:
        yield server.address


def test_it_lists_every_service(grpcurl: Grpcurl) -> None:
    assert set(grpcurl("list").split()) == set(SERVICES)


def test_it_describes_every_rpc_with_its_comment(grpcurl: Grpcurl) -> None:
    for service in SERVICES:
        described = grpcurl("describe", service)
        rpcs = {rpc.name for rpc in RPCS.values() if rpc.descriptor.containing_service.full_name == service}
        assert set(re.findall(r"^  // .*\n  rpc (\w+)", described, re.MULTILINE)) == rpcs


def test_it_describes_fields_with_their_comments(grpcurl: Grpcurl) -> None:
    described = grpcurl("describe", "activity_session.v1.Event")
    assert re.search(r"^  // .*\n(?:  //.*\n)*  int64 sequence = ", described, re.MULTILINE), described


def test_it_is_enough_to_call_a_server_without_reflection(grpcurl: Grpcurl, address: str) -> None:
    def call(method: str, request: dict[str, Any]) -> Any:
        return json.loads(grpcurl("-d", json.dumps(request), address, f"activity_session.v1.{method}"))

    session = call("SessionService/CreateSession", {"parent": "namespaces/default", "session": {"data": "京都"}})
    assert call("SessionService/GetSession", {"name": session["name"]}) == session


def test_the_server_has_no_reflection(grpcurl: Grpcurl, address: str) -> None:
    del grpcurl
    done = subprocess.run(["grpcurl", "-plaintext", address, "list"], capture_output=True, text=True, check=False)
    assert "does not support the reflection API" in done.stderr
