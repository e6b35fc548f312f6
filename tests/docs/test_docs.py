"""The docs are true: their commands run as written, and their tables are complete."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session.v1.info_service_pb2 import ServerLimits
from activity_session_server import filters
from activity_session_server.limits import Limits
from activity_session_server.settings import Settings
from servers import serving

ROOT = Path(__file__).parents[2]
ADDRESS = "127.0.0.1:50051"
README = (ROOT / "README.md").read_text()


@pytest.fixture
def address() -> Iterator[str]:
    with serving("sqlite:///:memory:") as server:
        yield server.address


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def needed(program: str, how: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed; to try the README's session: {how}")


def test_the_grpcurl_session_of_the_readme_runs_as_written(address: str, tmp_path: Path) -> None:
    needed("grpcurl", "go install github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.4")
    needed("jq", "apt-get install jq")
    script = "\n".join(blocks("sh")).replace(ADDRESS, address)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert '"created": true' in done.stdout
    assert done.stdout.count("day 1: 🏯") == 3, "updated, deleted, undeleted; BASIC lists leave data out"
    assert "ETAG_MISMATCH" in done.stderr
    assert "refused: Aborted" in done.stdout
    assert '"purge_time"' in done.stdout


def test_the_python_example_of_the_readme_runs_as_written(address: str) -> None:
    (example,) = blocks("python")
    done = subprocess.run(
        [sys.executable, "-c", example.replace(ADDRESS, address)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == "weather\n", done.stderr


def test_every_path_and_target_that_the_readme_names_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"make ([a-z]+)", README):
        assert f"\n{target}:" in makefile
    for path in re.findall(r"\]\((?!http)([^)]+)\)", README) + re.findall(r"`(tests/[^`]+)`", README):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("name", sorted(set(Settings.model_fields) - set(Limits.model_fields)))
def test_every_setting_is_in_the_operations_page_with_its_default(name: str) -> None:
    default = Settings.model_fields[name].get_default()
    row = table_row("operations.md", f"`--{name.replace('_', '-')}`")
    assert row[1] == str(default if not isinstance(default, float) else f"{default:g}")


@pytest.mark.parametrize("name", sorted(Limits.model_fields))
def test_every_limit_that_can_be_set_is_in_the_limits_page(name: str) -> None:
    assert f"`--{name.replace('_', '-')}`" in page("limits.md")


@pytest.mark.parametrize("name", sorted(ServerLimits.DESCRIPTOR.fields_by_name))
def test_every_limit_of_get_server_info_is_in_the_limits_page(name: str) -> None:
    assert name in page("limits.md")


@pytest.mark.parametrize("name", sorted(set(ErrorReason.keys()) - {"ERROR_REASON_UNSPECIFIED"}))
def test_every_error_reason_is_in_the_errors_page(name: str) -> None:
    assert re.search(rf"^\|[^|]*\b{name.removeprefix('ERROR_REASON_')}\b", page("errors.md"), re.MULTILINE)


@pytest.mark.parametrize("fields", [filters.NAMESPACE_FIELDS, filters.PARTICIPANT_FIELDS, filters.SESSION_FIELDS])
def test_every_filter_field_is_in_the_filters_page(fields: filters.Fields) -> None:
    for field in fields:
        assert f"`{field}" in page("filters.md")


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text()


def table_row(name: str, first: str) -> list[str]:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in page(name).splitlines()]
    (found,) = [row for row in rows if row[0] == first]
    return found
