"""The one version of all packages: pyproject.toml says it, and it stands in other places too.

`tools/release_version.py` prints it, `tools/release_version.py NEW` writes another one into each place.
"""

import re
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
_MAVEN = r"<groupId>activity-session</groupId>\s*<artifactId>[\w-]+</artifactId>\s*<version>()</version>"
_NPM = r'"name": "activity-session",\s*"version": "()"'
_IMAGE = r"image: activity-session:()$"
# Where it stands, as an expression in which () stands for it.
PLACES: Mapping[str, tuple[str, ...]] = {
    "pyproject.toml": (r'^version = "()"', r'"activity-session==()"'),
    "server/activity_session_server/http/openapi.json": (r'^ +"version": "()"',),
    "clients/python/pyproject.toml": (r'^version = "()"',),
    "clients/typescript/package.json": (_NPM,),
    "clients/typescript/package-lock.json": (_NPM,),
    "clients/java/pom.xml": (_MAVEN,),
    "clients/java/README.md": (_MAVEN,),
    "tests/clients/drivers/java/pom.xml": (_MAVEN,),
    "deploy/compose/mariadb.yaml": (_IMAGE,),
    "deploy/compose/postgresql.yaml": (_IMAGE,),
    "docs/deployment.md": (r"activity-session:()(?=\s)",),
    "deploy/helm/activity-session/Chart.yaml": (r"^version: ()$", r'^appVersion: "()"$'),
}


def version(root: Path = ROOT) -> str:
    """The version of a checkout."""
    found = tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"]
    return str(found)


def stands(text: str, place: str, any_version: str = r"\d[\w.+-]*") -> list[str]:
    """The versions that a text has in a place."""
    return re.findall(place.replace("()", f"({any_version})"), text, re.MULTILINE)


def write(new: str, root: Path = ROOT) -> None:
    """Write a version into each place of a checkout."""
    old = re.escape(version(root))
    for path, places in PLACES.items():
        text = (root / path).read_text()
        for place in places:
            before, after = place.split("()")
            text = re.sub(f"({before}){old}({after})", rf"\g<1>{new}\g<2>", text, flags=re.MULTILINE)
        (root / path).write_text(text)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        write(sys.argv[1])
    print(version())
