"""The built console, for tests that open it."""

import fcntl
import shutil
import subprocess
from pathlib import Path

from activity_session_server.http.pages.built import FOLDER
from activity_session_testing.drivers import ROOT

_LOCK = ROOT / ".build/console.lock"


def lacking() -> str:
    """What this machine lacks to build it, with how to get it; empty if nothing."""
    if shutil.which("npm"):
        return ""
    return "npm is not installed; to run the tests of the console: Node.js 20.19 or newer"


def built_console() -> Path:
    """The folder of the console in the checkout's package, built if its sources are newer, by one process at a time."""
    _LOCK.parent.mkdir(exist_ok=True)
    with _LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # As from a shell, also where the tests are themselves run by make.
        command = ("env", "--unset=MAKEFLAGS", "--unset=MAKELEVEL", "make", "--silent", "console")
        subprocess.run(command, cwd=ROOT, check=True)
    return FOLDER
