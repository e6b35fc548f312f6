"""The settings as people write and look them up."""

import argparse
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest

from activity_session_server import __version__, settings, sources
from activity_session_server.rules.durations import in_seconds
from activity_session_server.settings import FIELDS
from activity_session_testing.processes import run, serving_process


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("90.5", 90.5),
        ("90s", 90),
        ("250ms", 0.25),
        ("5m", 300),
        ("1h", 3600),
        ("1h30m", 5400),
        ("1.5h", 5400),
        ("30d", 2_592_000),
        ("2w", 1_209_600),
        ("PT1H", 3600),
        ("P30D", 2_592_000),
    ],
)
def test_a_duration_is_written_as_people_write_it(text: str, seconds: float) -> None:
    assert in_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "1 h", "1y", "h", "1h30", "Pnone", "1e3", "inf", "nan"])
def test_what_is_no_duration_is_refused_with_one_that_is(text: str) -> None:
    with pytest.raises(ValueError, match="such as 90s, 1h30m or 30d"):
        in_seconds(text)


def loaded(**values: str) -> Any:
    return sources.load(argparse.Namespace(**values), {})


def test_every_setting_that_is_a_time_takes_a_duration() -> None:
    kinds = {float, timedelta}
    names = {name for name, field in FIELDS.items() if field.annotation in kinds} | {"database_timeout"}
    assert {"sweep_interval", "purge_age", "drain_timeout"} < names
    for name in names:
        found = loaded(**{name: "30000ms"})
        value = getattr(found.limits if name in type(found.limits).model_fields else found, name)
        assert value in {30, timedelta(seconds=30)}
        with pytest.raises(settings.SettingsError, match=f"^{name}: it must be a duration, .* not 'soon'$"):
            loaded(**{name: "soon"})


def test_the_version_is_a_flag() -> None:
    assert run("--version").stdout == f"activity-session {__version__}\n"


def test_the_help_has_every_setting_once_in_groups_the_address_first() -> None:
    parser = argparse.ArgumentParser()
    settings.add_flags(parser)
    text = parser.format_help()
    flags = [line.split()[0] for line in text.splitlines() if line.startswith("  --")]
    assert sorted(flags) == sorted("--" + name.replace("_", "-") for name in FIELDS)
    assert flags[:2] == ["--address", "--tls-certificate-file"]
    assert text.index("address and TLS:") < text.index("limits:")


def test_the_help_of_health_has_what_health_needs() -> None:
    text = run("health", "--help").stdout
    assert "--address" in text
    assert "--service" in text
    assert "--database-url" not in text


@pytest.mark.parametrize("url", ["sqlite:///", "sqlite://", "sqlite:///:memory:", "sqlite:///%3Amemory%3A"])
def test_a_database_in_memory_says_so(tmp_path: Any, url: str) -> None:
    with serving_process(tmp_path / "log", "--database-url", url) as server:
        server.process.terminate()
        assert server.wait() == 0
        messages = [line["message"] for line in server.log_lines()]
    assert "the database is in memory: all of it is lost when this server ends" in messages


def test_are_read_without_what_a_probe_does_not_need() -> None:
    """`health` runs every few seconds beside a server: SQLAlchemy alone would take most of its time."""
    load = "import sys, activity_session_server.sources; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", load], check=True, capture_output=True, text=True)
    assert {"sqlalchemy", "google.protobuf", "grpc"}.isdisjoint(done.stdout.split())
