"""The HTTP annotations survive a gateway: grpc-gateway, as its plugins generate it from the protos."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from grpc import StatusCode

from activity_session_testing.drivers import ROOT
from activity_session_testing.mirrors import Mirror
from activity_session_testing.rpcs import RPCS
from activity_session_testing.servers import serving

SOURCES = ROOT / "tests/clients/gateway"
BUF = Path(sys.executable).parent / "buf"


def way(binding: Any) -> tuple[str, str]:
    """Return the verb and the path of an HTTP annotation."""
    verb = binding.WhichOneof("pattern")
    return verb, getattr(binding, verb)


ROUTES = [(rpc, binding) for rpc in RPCS.values() for binding in rpc.bindings]
WORDS = sorted({word for _, binding in ROUTES for word in re.findall(r"[:/](\w+)$", way(binding)[1])})
# The ids are awkward in a URL, or look like a part of one.
IDS = ["x", "x:getState", "a:b:watch", "京都 🏯", "100%", "%3A", "a+b&c=d", "a?b#c", "a;b,c", '"\\', "...", "@", "*"]


class Gateway:
    """A gateway to a server, and one connection to it."""

    def __init__(self, program: Path, target: str, *flags: str) -> None:
        self._process = subprocess.Popen(
            [program, target, *flags], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout
        self._connection = HTTPConnection(self._process.stdout.readline().strip(), timeout=20)

    def call(self, verb: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Return the status and what came with it, as JSON."""
        self._connection.request(verb.upper(), path, None if body is None else json.dumps(body))
        response = self._connection.getresponse()
        return response.status, json.loads(response.read() or "null")

    def close(self) -> None:
        self._connection.close()
        self._process.communicate()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the gateway and its OpenAPI document were generated and built."""
    if shutil.which("go") is None:
        pytest.skip("go is not installed; to run the tests of the gateway: Go 1.25 or newer")
    folder = tmp_path_factory.mktemp("gateway") / "sources"
    shutil.copytree(SOURCES, folder)
    environment = os.environ | {"GOBIN": str(folder / "bin"), "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}

    def run(where: Path, *command: str | Path) -> None:
        subprocess.run(command, cwd=where, env=environment, check=True)

    run(folder, "go", "mod", "edit", "-replace", f"activity-session/clients/go={ROOT / 'clients/go'}")
    run(folder, "go", "install", "tool")
    run(ROOT, "make", "--silent", "--old-file=.build/ready", ".build/googleapis")
    run(ROOT, BUF, "generate", "--template", SOURCES / "buf.gen.yaml", "--output", folder)
    run(folder, "go", "build", "-o", "bin/gateway", ".")
    return folder


@pytest.fixture(scope="module", params=["", "reversed"], ids=["in order", "reversed"])
def to_mirror(built: Path, mirror: Mirror, request: pytest.FixtureRequest) -> Iterator[Gateway]:
    """A gateway to the mirror, whose services are registered in an order."""
    gateway = Gateway(built / "bin/gateway", mirror.address, *filter(None, [request.param]))
    yield gateway
    gateway.close()


@pytest.fixture(scope="module")
def to_server(built: Path) -> Iterator[Gateway]:
    with serving("sqlite:///:memory:") as server:
        gateway = Gateway(built / "bin/gateway", server.address)
        yield gateway
        gateway.close()


def variable(path: str) -> tuple[str, str]:
    """Return the field in a path and the form of its value; none where a path has no field."""
    found = re.search(r"{([a-z_.]+)=(.*)}", path)
    return (found[1], found[2]) if found else ("", "")


@pytest.mark.parametrize("id_", [*IDS, *WORDS, *(f"x:{word}" for word in WORDS)])
def test_every_route_reaches_its_rpc_with_any_id(to_mirror: Gateway, mirror: Mirror, id_: str) -> None:
    for rpc, binding in ROUTES:
        verb, path = way(binding)
        field, form = variable(path)
        url = path.replace(f"{{{field}={form}}}", form.replace("*", quote(id_, safe=":@+&=;,*")))
        mirror.play(StatusCode.OK)
        status, said = to_mirror.call(verb, url, {} if binding.body else None)
        assert status == 200, (verb, url, said)
        (attempt,) = mirror.attempts
        assert (attempt.method, value(attempt.request, field)) == (rpc.name, form.replace("*", id_)), url


def value(request: Any, field: str) -> str:
    for part in field.split(".") if field else ():
        request = getattr(request, part)
    return request if field else ""


def test_the_openapi_document_has_every_route(built: Path) -> None:
    paths = json.loads((built / "openapi.swagger.json").read_text())["paths"]
    ids = [operation["operationId"] for operations in paths.values() for operation in operations.values()]
    assert len(set(ids)) == len(ids) == len(ROUTES)
    assert {id_.partition("_")[2].rstrip("0123456789") for id_ in ids} == set(RPCS)


@pytest.mark.parametrize("id_", ["plain", "x:watch", "x:state", "100% 京都"])
def test_what_is_got_can_be_patched_as_it_is(to_server: Gateway, id_: str) -> None:
    """A gateway makes a mask of all fields in the body: what cannot be changed is as it was, and changes nothing."""
    namespace, participant = f"/v1/namespaces/{quote(id_)}", f"namespaces/{id_}/participants/{id_}"
    created = [
        (f"/v1/namespaces?namespaceId={quote(id_)}", {"description": "a", "labels": {"team": "b"}}),
        (f"{namespace}/participants?participantId={quote(id_)}", {"participantType": "PARTICIPANT_TYPE_AGENT"}),
        (
            f"{namespace}/sessions?sessionId={quote(id_)}",
            {"data": "京都", "participants": [{"participant": participant, "role": "guide"}]},
        ),
        (
            f"{namespace}/sessions/{quote(id_)}/memories?memoryId={quote(id_)}",
            {"agent": participant, "content": "c", "memoryType": "MEMORY_TYPE_OBSERVATION"},
        ),
    ]
    for path, body in created:
        status, resource = to_server.call("post", path, body)
        assert status == 200, resource
        url = f"/v1/{quote(resource['name'])}"
        status, got = to_server.call("get", url)
        assert status == 200, got
        status, patched = to_server.call("patch", url, got)
        assert status == 200, patched
        assert kept(patched) == kept(got) == kept(to_server.call("get", url)[1])


def kept(resource: dict[str, Any]) -> dict[str, Any]:
    """Return a resource without what each update changes, or each read."""
    changing = ("etag", "updateTime", "accessTime", "accessCount")
    return {field: value for field, value in resource.items() if field not in changing}
