"""Every script, by every client on one database, and by the first client on each."""

from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import pytest

from activity_session_testing.conformance.callers import CLIENTS
from activity_session_testing.conformance.plays import SYSTEM, Outcomes, Play, playing
from activity_session_testing.conformance.scripts import load_all

PLAYS = [
    Play(script, client, backend)
    for script in load_all()
    for client in CLIENTS
    for backend in script.backends
    # On another one the server alone could differ, so one client is enough.
    if backend == script.backends[0] or client == "python"
]
# By a subject who may do anything, what is not about those who have no credentials, nor about a server in trouble: a
# channel that sends a token tries again.
PLAYS += [
    Play(script, "python", "sqlite", system=SYSTEM)
    for script in load_all()
    if "sqlite" in script.backends and not script.needs_operator and "anonymous_role" not in script.server
]


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[Play, Future[Outcomes]]]:
    """The outcomes of the selected plays that this machine can run."""
    items: list[Any] = request.session.items
    asked_for: list[Play] = [item.callspec.params["play"] for item in items if "outcomes" in item.fixturenames]
    plays = [play for play in asked_for if not play.lacks]
    databases = {name: request.getfixturevalue(name) for name in {play.backend for play in plays} - {"sqlite"}}
    with playing(plays, tmp_path_factory.mktemp("stages"), databases) as futures:
        yield futures


@pytest.mark.parametrize(
    "play", [pytest.param(play, id=f"{play.script.name}-{play.client}-{play.backend}{play.system}") for play in PLAYS]
)
def test_script(play: Play, outcomes: dict[Play, Future[Outcomes]]) -> None:
    if play.lacks:
        pytest.skip(play.lacks)
    otherwise = outcomes[play].result()[play]
    if otherwise:
        pytest.fail(otherwise, pytrace=False)
