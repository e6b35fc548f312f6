"""The names of the Python client: all exist and have types, and none is loaded before it is used."""

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import activity_session
from activity_session import v1
from activity_session_testing.drivers import ROOT
from activity_session_testing.examples import run
from activity_session_testing.rpcs import modules

PUBLIC = {
    *("Error", "Follow", "SharedState", "Turn", "Watch", "aio", "append_json", "append_text", "connect"),
    *("content", "names"),
    *("ensure_participant", "ensure_session", "errors", "follow", "turn", "v1", "watch"),
}
# Lines that end with a number sign are mistakes.
TYPED = """\
import activity_session
from activity_session import Error, aio, v1
from activity_session.v1 import Event

channel = activity_session.connect("target")
events = v1.EventServiceStub(channel)
answer: v1.AppendEventsResponse = events.AppendEvents(v1.AppendEventsRequest(events=[Event()]))
view: v1.SessionView.ValueType = v1.SESSION_VIEW_FULL
with activity_session.watch(channel, "name") as watch:
    message: v1.WatchSessionResponse = next(watch)
uids: list[str] = [watch.uid, aio.watch(aio.connect("target"), "name", 7, uid=watch.uid).uid]
reason: v1.ErrorReason.ValueType = Error(1, "message").reason  #
view = v1.ERROR_REASON_TURN_LOST  #
events.AppendEvents(v1.GetEventRequest())  #
Event(sequence="one")  #
activity_session.connect(1)  #
activity_session.conect("target")  #
aio.connect(1)  #
v1.Evnt()  #
"""


def names() -> Iterator[tuple[str, object]]:
    """Return all names that the protos declare, with the objects of the generated modules."""
    for module in modules():
        file = module.DESCRIPTOR
        yield from ((name, getattr(module, name)) for name in [*file.message_types_by_name, *file.enum_types_by_name])
        for enum in file.enum_types_by_name.values():
            yield from ((value.name, value.number) for value in enum.values)
        for service in file.services_by_name:
            yield f"{service}Stub", getattr(import_module(f"{module.__name__}_grpc"), f"{service}Stub")


def loads_grpc(code: str) -> bool:
    """Return whether a fresh process has loaded gRPC after running some code."""
    return run([sys.executable, "-c", f"import sys\n{code}\nprint('grpc' in sys.modules)"], ROOT) == "True\n"


@pytest.mark.parametrize(
    "code",
    [
        "import activity_session",
        "import activity_session; dir(activity_session)",
        "from activity_session import names; names.escape('a/b')",
        "from activity_session import content, v1; content.write(v1.Event(), [content.Text('a')])",
        "from activity_session.v1.event_pb2 import Event",
        "from activity_session import v1; dir(v1); v1.Event(); v1.SESSION_VIEW_FULL",
        "import activity_session_server.rules.errors",
    ],
)
def test_what_needs_no_grpc_does_not_load_it(code: str) -> None:
    assert not loads_grpc(code)


@pytest.mark.parametrize(
    "code", ["from activity_session import connect", "from activity_session.v1 import EventServiceStub"]
)
def test_what_needs_grpc_loads_it(code: str) -> None:
    assert loads_grpc(code)


def test_the_package_lists_its_names() -> None:
    assert set(dir(activity_session)) == set(vars(activity_session)["__all__"]) == PUBLIC


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_each_name_of_the_package_is_there_in_a_fresh_process(name: str) -> None:
    assert run([sys.executable, "-c", f"import activity_session\nprint(activity_session.{name})"], ROOT)


def test_v1_has_all_that_the_protos_declare_and_no_more() -> None:
    declared = dict(names())
    assert set(dir(v1)) == set(vars(v1)["__all__"]) == set(declared)
    assert {name: getattr(v1, name) for name in declared} == declared


@pytest.mark.parametrize("package", [activity_session, v1])
def test_an_unknown_name_is_an_attribute_error(package: ModuleType) -> None:
    with pytest.raises(AttributeError, match=f"module '{package.__name__}' has no attribute 'Evnt'"):
        package.Evnt  # noqa: B018


def test_mypy_knows_each_name_and_refuses_mistakes(tmp_path: Path) -> None:
    lines = TYPED.splitlines() + [f"v1.{name}" for name, _ in names()]
    (tmp_path / "names.py").write_text("\n".join(lines))
    command = [sys.executable, "-m", "mypy", "--strict", str(tmp_path / "names.py")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    refused = {int(number) for number in re.findall(r"names\.py:(\d+): error", done.stdout)}
    assert refused == {number for number, line in enumerate(lines, 1) if line.endswith("#")}, done.stdout + done.stderr
