"""What monitors a server is made of metrics that it tells: the page, the dashboard and the alerts."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from activity_session_server.metrics.definitions import CODES, METRICS, PREFIX, REASONS, Kind

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy/prometheus/rules.yml"
DASHBOARD = ROOT / "deploy/grafana/activity-session.json"
NAME = re.compile(rf"\b{PREFIX}\w+")
# What the rules record is told by nobody else.
RECORDED = re.compile(r"activity_session:\w+:\w+")
HOW_TO_GET = "apt-get install prometheus"


def samples() -> set[str]:
    """The names that samples have: those of a histogram have a suffix."""
    suffixes = {Kind.HISTOGRAM: ("_bucket", "_count", "_sum")}
    return {metric.name + suffix for metric in METRICS for suffix in suffixes.get(metric.kind, ("",))}


def dashboard() -> Any:
    return json.loads(DASHBOARD.read_text())


def expressions() -> Iterator[str]:
    for panel in dashboard()["panels"]:
        yield from (target["expr"] for target in panel.get("targets", ()))


def promtool(*arguments: str | Path) -> str:
    if shutil.which("promtool") is None:
        pytest.skip(f"promtool is not installed; to check rules and dashboard: {HOW_TO_GET}")
    done = subprocess.run(("promtool", *arguments), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_page_is_what_the_definitions_say() -> None:
    command = (sys.executable, ROOT / "tools/metrics_page.py")
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert (ROOT / "docs/metrics.md").read_text() == done.stdout, "run `make metrics`"


@pytest.mark.parametrize("path", [RULES, DASHBOARD])
def test_every_name_code_and_reason_that_is_asked_for_is_told(path: Path) -> None:
    text = path.read_text()
    assert set(NAME.findall(text)) <= samples()
    assert set(RECORDED.findall(text)) <= set(re.findall(r"record: (\S+)", RULES.read_text()))
    for label, known in (("grpc_code", CODES), ("reason", REASONS)):
        # In JSON the quotes are escaped.
        asked = re.findall(rf'\b{label}[=!]=?~?\\?"([A-Z_|]+)', text.replace("!=", "="))
        assert {value for values in asked for value in values.split("|")} <= set(known)


def test_every_metric_is_on_the_dashboard() -> None:
    shown = " ".join(expressions())
    assert {metric.name for metric in METRICS if metric.name not in shown} == set()


def test_the_panels_of_the_dashboard_have_places_of_their_own() -> None:
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(set(taken)) == len(taken)


def test_every_alert_is_in_the_operations_page() -> None:
    told = set(re.findall(r"`(ActivitySession\w+)`", (ROOT / "docs/operations.md").read_text()))
    assert told == set(re.findall(r"alert: (\w+)", RULES.read_text()))


def test_promtool_finds_no_fault_in_the_rules() -> None:
    assert "SUCCESS" in promtool("check", "rules", RULES)


def test_the_alerts_fire_when_they_should_and_only_then() -> None:
    promtool("test", "rules", Path(__file__).with_name("rules_test.yml"))


def test_promtool_finds_no_fault_in_the_expressions_of_the_dashboard(tmp_path: Path) -> None:
    rules = [
        {"record": f"panel:{number}", "expr": expression.replace("$__rate_interval", "5m")}
        for number, expression in enumerate(expressions())
    ]
    # JSON is YAML too.
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    assert f"{len(rules)} rules found" in promtool("check", "rules", tmp_path / "rules.yml")
