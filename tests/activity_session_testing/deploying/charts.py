"""The chart as a cluster would get it, and the schemas of Kubernetes that come with a package."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from activity_session_testing.drivers import ROOT
from activity_session_testing.examples import run

CHART = ROOT / "deploy/helm/activity-session"
# The oldest that the chart is for, and the newest that the package knows.
VERSIONS = ("1.27.0", "1.37.0")
# Files of values by their names.
VALUES = {path.stem: path for path in sorted((CHART / "ci").glob("*.yaml"))}
_TOOLS = {
    "helm": "go install helm.sh/helm/v3/cmd/helm@v3.22.0",
    "kubeconform": "go install github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0",
}


def lacking(*programs: str) -> str:
    """What this machine lacks to look at the chart, with how to get it; empty if nothing."""
    missing = [name for name in programs if shutil.which(name) is None]
    return f"{missing[0]} is not installed; to look at the chart: {_TOOLS[missing[0]]}" if missing else ""


def rendered(values: str, *flags: str) -> str:
    """The objects of a release named `sessions`, as text, made with a file of values."""
    command = ["helm", "template", "sessions", str(CHART), "--namespace", "agents", "--kube-version", VERSIONS[0]]
    return run([*command, "--values", str(VALUES[values]), *flags], ROOT)


def objects(text: str) -> dict[str, dict[str, Any]]:
    """The objects of a text by their kinds, of which there is one each."""
    found = [one for one in yaml.safe_load_all(text) if one]
    by_kind = {one["kind"]: one for one in found}
    assert len(by_kind) == len(found)
    return by_kind


def pods(text: str) -> Iterator[dict[str, Any]]:
    """The specifications of the pods in a text."""
    for one in objects(text).values():
        if "template" in one.get("spec", {}):
            yield one["spec"]["template"]["spec"]


def unpack_schemas(package: Path, version: str, folder: Path) -> str:
    """Put the schemas of a version where kubeconform can read them; returns where they are, as it wants it.

    Those of the package refer to each other by the address that they once had.
    """
    for path in (package / f"kubernetes-json-schema/v{version}-local-strict").glob("*.json"):
        schema = json.loads(path.read_text().replace('"/api/_definitions.json', '"_definitions.json'))
        schema.pop("$id", None)
        (folder / path.name).write_text(json.dumps(schema))
    return f"{folder}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"
