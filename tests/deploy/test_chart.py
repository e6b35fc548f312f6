"""The chart: what it makes fits the oldest and the newest Kubernetes, is hardened, and is what the server knows."""

import argparse
import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from activity_session_server.environment import unknown_variables
from activity_session_server.settings import FIELDS, Settings
from activity_session_server.sources import load
from activity_session_server.telemetry.wanted import wanted
from activity_session_testing.deploying import charts
from activity_session_testing.deploying.checks import checkov, package
from activity_session_testing.drivers import ROOT
from activity_session_testing.examples import run
from activity_session_testing.rpcs import SERVICES

# Which advice of checkov is not taken, and why.
NOT_TAKEN = {
    "CKV_K8S_11": "a limit of CPU makes calls late that another core could serve",
    "CKV_K8S_15": "the tag is a version, of which there is one image",
    "CKV_K8S_43": "nobody publishes the image whose digest could stand there; image.tag takes TAG@sha256:...",
}


@pytest.fixture(scope="module", autouse=True)
def programs() -> None:
    if missing := charts.lacking("helm", "kubeconform"):
        pytest.skip(missing)


@pytest.fixture(scope="module", params=charts.VALUES)
def text(request: pytest.FixtureRequest) -> str:
    """What the chart makes with each file of values."""
    return charts.rendered(request.param)


def server(text: str) -> dict[str, Any]:
    """The specification of the server's pods."""
    found: dict[str, Any] = charts.objects(text)["Deployment"]["spec"]["template"]["spec"]
    return found


def variables(container: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["value"] for one in container["env"]}


def settings_of(container: dict[str, Any], folder: Path) -> Settings:
    """The settings of a container, with a database URL in place of its Secret."""
    (folder / "url").write_text("postgresql://serves:x@database/sessions\n")
    own = {"ACTIVITY_SESSION_DATABASE_URL_FILE": str(folder / "url")}
    return load(argparse.Namespace(), variables(container) | own)


@pytest.mark.parametrize("values", charts.VALUES)
def test_helm_has_nothing_to_say(values: str) -> None:
    flags = ["--strict", "--kube-version", charts.VERSIONS[0], "--values", str(charts.VALUES[values])]
    said = run(["helm", "lint", *flags, str(charts.CHART)], ROOT)
    assert "1 chart(s) linted, 0 chart(s) failed" in said


@pytest.mark.parametrize("version", charts.VERSIONS)
def test_it_fits_the_schemas_of_kubernetes(text: str, version: str, tmp_path: Path) -> None:
    schemas = charts.unpack_schemas(package("kubernetes_validate"), version, tmp_path)
    command = ["kubeconform", "-strict", "-summary", "-kubernetes-version", version, "-schema-location", schemas]

    def judge(given: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, input=given, capture_output=True, text=True, timeout=60, check=False)

    assert f"Valid: {len(charts.objects(text))}, Invalid: 0, Errors: 0, Skipped: 0" in judge(text).stdout
    assert "additional properties 'replica' not allowed" in judge(text.replace("replicas:", "replica:")).stdout


def test_checkov_finds_nothing_but_what_is_not_taken(text: str, tmp_path: Path) -> None:
    (tmp_path / "chart.yaml").write_text(text)
    assert checkov("kubernetes", tmp_path / "chart.yaml") <= NOT_TAKEN.keys()


def test_each_pod_is_hardened(text: str) -> None:
    pods = list(charts.pods(text))
    assert len(pods) == 2, "server and migration"
    for pod in pods:
        assert pod["enableServiceLinks"] is pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        (container,) = pod["containers"]
        own = container["securityContext"]
        assert (own["readOnlyRootFilesystem"], own["allowPrivilegeEscalation"]) == (True, False)
        assert own["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["limits"]["memory"]
        assert container["resources"]["requests"]["cpu"]


def test_no_secret_is_a_variable_and_each_file_is_in_a_mounted_folder(text: str) -> None:
    for pod in charts.pods(text):
        (container,) = pod["containers"]
        mounts = {mount["mountPath"] for mount in container["volumeMounts"]}
        assert not any("subPath" in mount for mount in container["volumeMounts"]), "its file would never change"
        assert {mount["name"] for mount in container["volumeMounts"]} == {one["name"] for one in pod["volumes"]}
        assert "ACTIVITY_SESSION_DATABASE_URL" not in variables(container)
        files = [value for name, value in variables(container).items() if name.endswith("_FILE")]
        assert files
        assert {str(Path(file).parent) for file in files} == mounts


def test_the_server_understands_its_settings(text: str, tmp_path: Path) -> None:
    (container,) = server(text)["containers"]
    assert not list(unknown_variables(variables(container)))
    settings = settings_of(container, tmp_path)
    settings.check_access()
    assert settings.address.endswith(":50051")
    assert container["ports"][0]["containerPort"] == 50051
    assert container["args"] == ["serve"]


def test_metrics_have_a_port_that_the_server_listens_on_if_they_are_wanted(tmp_path: Path) -> None:
    made = charts.objects(charts.rendered("all"))
    (container,) = made["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert settings_of(container, tmp_path).admin_address == "0.0.0.0:9464"
    assert container["ports"][1] == {"name": "metrics", "containerPort": 9464}
    assert [port["targetPort"] for port in made["Service"]["spec"]["ports"]] == ["grpc", "metrics"]
    monitoring = made["NetworkPolicy"]["spec"]["ingress"][1]
    assert monitoring["ports"] == [{"port": "metrics"}]
    assert monitoring["from"][0]["namespaceSelector"]["matchLabels"] == {"team": "monitoring"}
    least = charts.rendered("least")
    assert "metrics" not in least
    assert "ADMIN_ADDRESS" not in least


def test_telemetry_is_what_opentelemetry_is_told() -> None:
    (all_,), (least,) = (server(charts.rendered(values))["containers"] for values in ("all", "least"))
    assert wanted(variables(all_)) == (True, True)
    assert variables(all_)["OTEL_TRACES_SAMPLER_ARG"] == "0.01"
    assert wanted(variables(least)) == (False, False)


def test_the_grace_period_is_longer_than_the_end_of_a_server_can_take(text: str) -> None:
    pod = server(text)
    (container,) = pod["containers"]
    given = variables(container)
    (_, pause) = container["lifecycle"]["preStop"]["exec"]["command"]
    drain = float(given["ACTIVITY_SESSION_DRAIN_DELAY"]) + float(given["ACTIVITY_SESSION_DRAIN_TIMEOUT"])
    assert pod["terminationGracePeriodSeconds"] > float(pause) + drain + 5


def test_liveness_asks_for_the_process_and_readiness_for_a_service(text: str) -> None:
    (container,) = server(text)["containers"]

    def asked(probe: dict[str, Any]) -> str:
        return str(probe["grpc"]["service"] if "grpc" in probe else probe["exec"]["command"][-1])

    assert asked(container["startupProbe"]) == asked(container["livenessProbe"]) == ""
    assert asked(container["readinessProbe"]) in SERVICES


def test_what_selects_pods_selects_those_of_the_server_alone(text: str) -> None:
    made = charts.objects(text)
    labels = made["Deployment"]["spec"]["template"]["metadata"]["labels"].items()
    others = made["Job"]["spec"]["template"]["metadata"]["labels"].items()
    for selector in (
        made["Service"]["spec"]["selector"],
        made["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
        made["Deployment"]["spec"]["selector"]["matchLabels"],
    ):
        assert selector.items() <= labels
        assert not selector.items() <= others, "calls would go to a migration"
    policy = made["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"].items()
    assert policy <= labels
    assert policy <= others


def test_the_migration_comes_first_and_with_the_other_user_if_there_is_one() -> None:
    job = charts.objects(charts.rendered("all"))["Job"]
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert container["args"] == ["migrate"]
    assert variables(container) == {"ACTIVITY_SESSION_DATABASE_URL_FILE": "/run/secrets/database/migrates"}


def test_the_installation_of_the_docs_makes_a_server_that_serves(tmp_path: Path) -> None:
    page = (ROOT / "docs/deployment.md").read_text().replace("\\\n", "")
    (command,) = re.findall("^helm install sessions deploy/helm/activity-session (.*)$", page, re.MULTILINE)
    (tmp_path / "grants.toml").write_text('[[grant]]\nsubject = "ada"\nnamespace = "default"\nrole = "writer"\n')
    flags = [*shlex.split(command), "--kube-version", charts.VERSIONS[0]]
    (container,) = server(run(["helm", "template", "sessions", str(charts.CHART), *flags], tmp_path))["containers"]
    settings = settings_of(container, tmp_path)
    settings.check_access()
    assert settings.has_grants
    assert settings.tells_callers_apart


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--set", "database.existingSecret="], "database.existingSecret: the Secret with the URL of the database"),
        (["--set", "settings.THREADS=8"], "settings"),
        (["--set-string", "settings.DATABASE_URL=sqlite:///x"], "DATABASE_URL"),
        (["--set", "tls.existingSecret=certificate,tls.serverName="], "serverName"),
        (["--set", "replica=3"], "replica"),
    ],
    ids=lambda value: value[1] if isinstance(value, list) else "",
)
def test_wrong_values_are_refused(flags: list[str], said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        charts.rendered("least", *flags)


def test_the_settings_that_the_chart_makes_itself_cannot_be_given_twice() -> None:
    schema = json.loads((charts.CHART / "values.schema.json").read_text())
    reserved = set(schema["properties"]["settings"]["propertyNames"]["not"]["enum"])
    (container,) = server(charts.rendered("all"))["containers"]
    prefix = "ACTIVITY_SESSION_"
    own = {name.removeprefix(prefix) for name in variables(container) if name.startswith(prefix)}
    own -= {"THREADS", "MAX_WAITING_CALLS"}
    assert own <= reserved
    assert {name.lower() for name in reserved} <= {*FIELDS, "database_url_file"}
    assert Settings.model_validate({"database_url": "sqlite:///:memory:"}).drain_delay == 0
