"""A machine that lacks a part of a database skips its tests, with one line that says what to install."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEST = "tests/demo/test_demo.py::test_it_can_be_repeated_on_one_mariadb"


def test_without_the_program_that_makes_its_data_mariadb_is_skipped(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "REQUIRE_ALL"} | {"PATH": str(tmp_path)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", TEST]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert "mariadb-install-db is missing; to test on MariaDB: apt-get install mariadb-server (1 tests)" in done.stdout
    assert "1 skipped" in done.stdout
    assert done.returncode == 0
