"""A test fails when a server lets out a secret, whatever else the test looks at."""

import re
import subprocess
import sys
from pathlib import Path

from activity_session_testing import planted

FOLDER = Path(planted.__file__).parents[1]
TESTS = """
import logging
from activity_session_testing import planted
from activity_session_testing.processes import run
from activity_session_testing.servers import connected, serving
from activity_session_testing.steps import append, new_session

log = logging.getLogger("activity_session.some")

def test_leaks_a_credential_in_a_field():
    planted.plant("planted-token")
    log.info("called", extra={"subject": "planted-token"})

def test_leaks_a_credential_in_a_message():
    log.info("called with %s", "planted-token")

def test_leaks_a_content():
    planted.plant_content("what ada has said")
    log.warning("refused: what ada has said to bob")

def test_leaks_in_another_process():
    run("serve", "--address", planted.plant("planted-address"))

def test_leaks_what_a_client_has_written():
    with serving("sqlite:///:memory:") as server, connected(server.address) as client:
        append(client, new_session(client, "namespaces/default").name, "what bob has said")
    log.info("what bob has said")

def test_is_fine():
    planted.plant_content("too short")
    log.info("too short", extra={"subject": "ada"})

def test_is_fine_with_what_was_a_content_of_another_test():
    log.info("what ada has said")
"""


def test_a_secret_that_is_let_out_fails_the_test(tmp_path: Path) -> None:
    (tmp_path / "test_leaks.py").write_text(TESTS)
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-v", "-p", planted.__name__, "-p", "no:cacheprovider", tmp_path],
        env={"PYTHONPATH": str(FOLDER), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    outcomes = dict(re.findall(r"::(\w+) (PASSED|FAILED)", ended.stdout))
    assert len(outcomes) == TESTS.count("def test_")
    for name, outcome in outcomes.items():
        assert outcome == ("FAILED" if name.startswith("test_leaks") else "PASSED"), ended.stdout
    assert ended.stdout.count("a server has let out secrets") == 5
