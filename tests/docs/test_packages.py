"""What is released together has one version and one licence."""

import json
import re
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

import release_version

ROOT = Path(__file__).parents[2]
LICENSE = (ROOT / "LICENSE").read_text()
AUTHOR = "Activity Session contributors"


def project(path: str) -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((ROOT / path).read_text())["project"]
    return found


def npm(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "clients/typescript" / name).read_text())
    return found


@pytest.mark.parametrize("client", sorted(path.name for path in (ROOT / "clients").iterdir() if path.is_dir()))
def test_each_client_has_the_licence(client: str) -> None:
    assert (ROOT / "clients" / client / "LICENSE").read_text() == LICENSE


@pytest.mark.parametrize("path", ["pyproject.toml", "clients/python/pyproject.toml"])
def test_the_metadata_in_python_names_the_licence(path: str) -> None:
    metadata = project(path)
    assert (metadata["license"], metadata["license-files"]) == ("Apache-2.0", ["LICENSE"])
    assert metadata["authors"] == [{"name": AUTHOR}]
    assert not [one for one in metadata["classifiers"] if one.startswith("License ::")], "PEP 639 forbids both"


def test_the_metadata_of_npm_and_maven_name_the_licence() -> None:
    assert (npm("package.json")["license"], npm("package.json")["author"]) == ("Apache-2.0", AUTHOR)
    assert npm("package-lock.json")["packages"][""]["license"] == "Apache-2.0"
    pom = (ROOT / "clients/java/pom.xml").read_text()
    assert re.findall(r"<license>\s*<name>(.*)</name>", pom) == ["Apache-2.0"]
    assert re.findall(r"<developer>\s*<name>(.*)</name>", pom) == [AUTHOR]


@pytest.mark.parametrize("client", ["console", "typescript"])
def test_the_lock_of_npm_names_no_registry(client: str) -> None:
    lock = json.loads((ROOT / "clients" / client / "package-lock.json").read_text())
    # A package of a folder beside it says where that is.
    assert {one["resolved"] for one in lock["packages"].values() if "resolved" in one} <= {"../typescript"}


@pytest.mark.parametrize("path", release_version.PLACES)
def test_each_place_has_the_version(path: str) -> None:
    text = (ROOT / path).read_text()
    for place in release_version.PLACES[path]:
        assert set(release_version.stands(text, place)) == {release_version.version()}


def test_a_new_version_is_written_into_each_place_and_nowhere_else(tmp_path: Path) -> None:
    for path in release_version.PLACES:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    release_version.write("12.34.56", tmp_path)
    assert release_version.version(tmp_path) == "12.34.56"
    for path, places in release_version.PLACES.items():
        before, after = (ROOT / path).read_text(), (tmp_path / path).read_text()
        found = sum(len(release_version.stands(before, place)) for place in places)
        assert after.count("12.34.56") == found > 0, path
        assert after.replace("12.34.56", release_version.version()) == before


def test_the_version_is_in_the_changelog_and_its_protos_are_kept() -> None:
    version = project("pyproject.toml")["version"]
    newest = re.findall(r"^## (\d\S*) \(\d{4}-\d\d-\d\d\)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)[0]
    assert newest == version
    assert (ROOT / f"protos/released/{version}.binpb").exists()
