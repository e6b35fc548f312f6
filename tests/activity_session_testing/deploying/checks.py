"""The environment with what looks at the files of `deploy`, which `make deploy` makes."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from activity_session_testing.drivers import ROOT

_BIN = ROOT / os.environ.get("CHECKS", ".build/checks/bin")


def _needed() -> None:
    if not _BIN.exists():
        pytest.skip("checkov is not installed; to look at the files of deploy: make deploy")


def package(name: str) -> Path:
    """The folder of a package of that environment."""
    _needed()
    (found,) = _BIN.parent.glob(f"lib/python*/site-packages/{name}")
    return found


def checkov(framework: str, file: Path) -> set[str]:
    """The ids of the checks that a file fails."""
    _needed()
    # Without the flag it would ask its maker for more.
    flags = ["--skip-download", "--quiet", "--output", "json", "--framework", framework]
    done = subprocess.run(
        [_BIN / "checkov", *flags, "--file", file], capture_output=True, text=True, timeout=120, check=False
    )
    results = json.loads(done.stdout)
    assert results["summary"]["passed"] > 20 if "summary" in results else results["passed"] > 20, done.stdout
    assert done.returncode in (0, 1)
    return {one["check_id"] for one in results.get("results", {}).get("failed_checks", ())}
