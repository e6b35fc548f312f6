"""The image, made once for all tests of a process."""

import subprocess
from pathlib import Path

import pytest

from activity_session_testing.deploying import roots
from activity_session_testing.deploying.images import Image
from activity_session_testing.drivers import ROOT
from activity_session_testing.examples import run


def copy_context(folder: Path) -> None:
    """Copy what is committed, or is about to be."""
    listed = run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], ROOT)
    names = [name for name in listed.split("\0") if name and (ROOT / name).exists()]
    folder.mkdir()
    subprocess.run(["cp", "--parents", "--target-directory", str(folder), *names], cwd=ROOT, check=True)


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """The image that the Dockerfile makes."""
    if missing := roots.lacking():
        pytest.skip(missing)
    folder = tmp_path_factory.mktemp("image")
    copy_context(folder / "context")
    (folder / "stages").mkdir()
    return Image(ROOT / "Dockerfile", folder / "context", folder / "stages")
