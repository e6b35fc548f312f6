"""What is released together has one version and one licence."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

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


def test_the_lock_of_npm_names_no_registry() -> None:
    assert "resolved" not in (ROOT / "clients/typescript/package-lock.json").read_text()


def test_all_packages_have_the_same_version() -> None:
    version = project("pyproject.toml")["version"]
    assert f"activity-session=={version}" in project("pyproject.toml")["dependencies"]
    assert project("clients/python/pyproject.toml")["version"] == version
    lock = npm("package-lock.json")
    assert [npm("package.json")["version"], lock["version"], lock["packages"][""]["version"]] == [version] * 3
    for path in ("clients/java/pom.xml", "clients/java/README.md", "tests/clients/drivers/java/pom.xml"):
        text = (ROOT / path).read_text()
        found = re.findall(r"<groupId>activity-session</groupId>\s*<artifactId>.*\s*<version>(.*)</version>", text)
        assert set(found) == {version}, path


def test_the_version_is_in_the_changelog_and_its_protos_are_kept() -> None:
    version = project("pyproject.toml")["version"]
    newest = re.findall(r"^## (\d\S*) \(\d{4}-\d\d-\d\d\)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)[0]
    assert newest == version
    assert (ROOT / f"protos/released/{version}.binpb").exists()
