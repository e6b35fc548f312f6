"""The Python client installs and works with the oldest libraries that it allows, and with the newest."""

import shutil
import sys
import tomllib
from pathlib import Path

import pytest

from activity_session_testing.drivers import ROOT
from activity_session_testing.examples import check_example, examples, run

OLDEST = ["grpcio==1.67.1", "protobuf==5.27.2", "googleapis-common-protos==1.63.1"]
# Packages of adapters, each of which needs the framework of its extra.
EXTRAS = tomllib.loads((ROOT / "clients/python/pyproject.toml").read_text())["project"]["optional-dependencies"]
ADAPTERS = {f"activity_session.{extra.replace('-', '_')}" for extra in EXTRAS}
IMPORT_ALL = f"""
import importlib, pkgutil, activity_session
for module in pkgutil.walk_packages(activity_session.__path__, "activity_session."):
    if not module.name.startswith({tuple(sorted(ADAPTERS))}):
        importlib.import_module(module.name)
    print(module.name)
"""

NAME_THE_FIELD = """
from activity_session import v1
try:
    v1.CreateSessionRequest(session={"labels": {"title": "\\ud83d"}})
except UnicodeEncodeError as error:
    print(error.reason)
"""


@pytest.fixture(scope="module", params=[OLDEST, []], ids=["oldest", "newest"])
def python(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has the client from a copy of the checkout, and what it needs."""
    folder = tmp_path_factory.mktemp("python")
    run([sys.executable, "-m", "venv", folder / "venv"], folder)
    # pip builds in the folder that it installs from.
    shutil.copytree(ROOT / "clients/python", folder / "client")
    python = folder / "venv/bin/python"
    run([python, "-m", "pip", "install", "--quiet", folder / "client", *request.param], folder)
    installed = run([python, "-m", "pip", "freeze"], folder).splitlines()
    assert set(request.param) <= set(installed)
    return python


def test_every_module_can_be_imported_and_the_example_runs(python: Path, new_address: str, tmp_path: Path) -> None:
    imported = run([python, "-c", IMPORT_ALL], tmp_path).splitlines()
    assert {"activity_session.aio", "activity_session.v1.session_service_pb2_grpc", *ADAPTERS} <= set(imported)
    check_example([python, "-c", examples("python", "python", new_address)[0]], tmp_path)


def test_the_example_for_asyncio_runs(python: Path, new_address: str, tmp_path: Path) -> None:
    check_example([python, "-c", examples("python", "python", new_address)[1]], tmp_path)


def test_the_field_of_a_text_that_cannot_be_sent_is_named(python: Path, tmp_path: Path) -> None:
    said = run([python, "-c", NAME_THE_FIELD], tmp_path)
    assert said == "surrogates not allowed, in CreateSessionRequest.session.labels.title\n"
