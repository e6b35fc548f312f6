"""What each folder may import: forbidden imports are added to a copy of the server, and each must be refused."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVER = "activity_session_server"
LAYERS = "Layers: each may import those below it"
MACHINE = "The machine of the store knows no query"
DRIVER = "The driver knows nothing else of the store"
BACKENDS = "Backends know nothing of each other"
CLIENT = "The client knows no server"
ADAPTERS = "The client knows no adapter, and adapters nothing of each other"
GRPC = "Only rpc and the hall know gRPC"
SQL = "Only store and orm know SQL"
PROMETHEUS = "Only metrics knows Prometheus"
OTEL = "Only telemetry knows OpenTelemetry"
SENDING = "What sends telemetry knows what is sent"
TELLING = "What tells the metrics knows no server"
LIGHT = "What tells the metrics of workers loads neither gRPC nor SQLAlchemy"
HTTP = "Only http knows Starlette and uvicorn"
THREADS = "Only live, the machine of the store and the hall start threads or hold locks"
HALL = (
    *("__main__", "workers", "app", "logs", "sources", "config_file", "environment", "settings", "addresses", "memory"),
)
# By folder: a module of it, and what it must not import, with the contract that says so.
FORBIDDEN = {
    f"{SERVER}.rpc": (
        "status",
        {
            "sqlalchemy": SQL,
            "threading": THREADS,
            "concurrent": THREADS,
            "prometheus_client": PROMETHEUS,
            "opentelemetry": OTEL,
            "starlette": HTTP,
            f"{SERVER}.app": LAYERS,
        },
    ),
    f"{SERVER}.http": (
        "listener",
        {"sqlalchemy": SQL, "prometheus_client": PROMETHEUS, "opentelemetry": OTEL, f"{SERVER}.settings": LAYERS},
    ),
    f"{SERVER}.live": (
        "watches",
        {"grpc": GRPC, "prometheus_client": PROMETHEUS, "sqlalchemy": SQL, f"{SERVER}.rpc.status": LAYERS},
    ),
    f"{SERVER}.usecases": (
        "events",
        {"grpc": GRPC, "sqlalchemy": SQL, "threading": THREADS, f"{SERVER}.live.slots": LAYERS},
    ),
    f"{SERVER}.store.driver": ("outage", {"grpc": GRPC, f"{SERVER}.store.codec": MACHINE}),
    f"{SERVER}.store.backends": ("files", {"grpc": GRPC, f"{SERVER}.store.driver.outage": MACHINE}),
    f"{SERVER}.store": (
        "codec",
        {
            "grpc": GRPC,
            "prometheus_client": PROMETHEUS,
            "opentelemetry": OTEL,
            f"{SERVER}.metrics.boards": LAYERS,
            f"{SERVER}.usecases.access": LAYERS,
        },
    ),
    f"{SERVER}.store.queries": ("heads", {"grpc": GRPC, "threading": THREADS, f"{SERVER}.usecases.access": LAYERS}),
    f"{SERVER}.orm": ("types", {"grpc": GRPC, "threading": THREADS, f"{SERVER}.store.readers": LAYERS}),
    f"{SERVER}.rules": (
        "filters",
        {"grpc": GRPC, "sqlalchemy": SQL, "threading": THREADS, "asyncio": THREADS, f"{SERVER}.orm.base": LAYERS},
    ),
    f"{SERVER}.telemetry": (
        "spans",
        {"sqlalchemy": SQL, "prometheus_client": PROMETHEUS, f"{SERVER}.app": LAYERS},
    ),
    "activity_session": ("errors", {SERVER: CLIENT}),
}
PLANTS = [
    (folder, module, imported, contract)
    for folder, (module, contracts) in FORBIDDEN.items()
    for imported, contract in contracts.items()
]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The server, the client, and the contracts, in a folder where they can be changed."""
    for package in (ROOT / "server" / SERVER, ROOT / "clients/python/activity_session"):
        shutil.copytree(package, tmp_path / package.name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def plant(copy: Path, module: str, imported: str) -> None:
    with copy.joinpath(*module.split(".")).with_suffix(".py").open("a", encoding="utf-8") as file:
        file.write(f"\nimport {imported}\n")


def broken_contracts(copy: Path) -> dict[str, str]:
    """Return what `lint-imports` says about each broken contract, by the contract's name."""
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"],
        cwd=copy,
        env={**os.environ, "COLUMNS": "500"},
        capture_output=True,
        text=True,
        check=False,
    )
    _, _, broken = done.stdout.partition("Broken contracts\n----------------\n")
    assert done.returncode == bool(broken), done.stdout + done.stderr
    _, *sections = re.split(r"^(.+)\n-+\n", broken, flags=re.MULTILINE)
    return dict(zip(sections[::2], sections[1::2], strict=True))


def test_without_a_plant_no_contract_is_broken(copy: Path) -> None:
    assert broken_contracts(copy) == {}


@pytest.mark.parametrize(("folder", "module", "imported", "contract"), PLANTS)
def test_a_forbidden_import_is_refused_also_in_a_new_file(
    copy: Path, folder: str, module: str, imported: str, contract: str
) -> None:
    for name in (f"{folder}.{module}", f"{folder}.planted"):
        plant(copy, name, imported)
    refused = broken_contracts(copy)[contract]
    assert f"{folder}.{module} -> {imported} (" in refused
    assert f"{folder}.planted -> {imported} (" in refused


def test_sql_is_refused_to_the_hall(copy: Path) -> None:
    for module in HALL:
        plant(copy, f"{SERVER}.{module}", "sqlalchemy")
    refused = broken_contracts(copy)[SQL]
    assert all(f"{SERVER}.{module} -> sqlalchemy (" in refused for module in HALL)


def test_grpc_and_sqlalchemy_are_refused_to_what_tells_the_metrics_of_workers(copy: Path) -> None:
    for module, imported in (("exposition", "grpc"), ("listener", "sqlalchemy"), ("boards", f"{SERVER}.rpc.status")):
        plant(copy, f"{SERVER}.metrics.{module}", imported)
    refused = broken_contracts(copy)
    assert f"{SERVER}.metrics.exposition -> grpc (" in refused[LIGHT]
    assert f"{SERVER}.metrics.listener -> sqlalchemy (" in refused[LIGHT]
    assert f"{SERVER}.metrics.boards -> {SERVER}.rpc.status (" in refused[LIGHT]


def test_a_server_is_refused_to_what_tells_the_metrics(copy: Path) -> None:
    plant(copy, f"{SERVER}.metrics.listener", f"{SERVER}.metrics.gauges")
    assert f"{SERVER}.metrics.listener -> {SERVER}.metrics.gauges" in broken_contracts(copy)[TELLING]


def test_what_sends_is_refused_to_what_is_sent(copy: Path) -> None:
    plant(copy, f"{SERVER}.telemetry.spans", f"{SERVER}.telemetry.tracing")
    assert f"{SERVER}.telemetry.spans -> {SERVER}.telemetry.tracing" in broken_contracts(copy)[SENDING]


def test_a_query_is_refused_to_the_machine_of_the_store(copy: Path) -> None:
    plant(copy, f"{SERVER}.store.commits", f"{SERVER}.store.queries.heads")
    assert f"{SERVER}.store.commits -> {SERVER}.store.queries.heads" in broken_contracts(copy)[MACHINE]


def test_a_connection_is_refused_to_what_it_is_made_of(copy: Path) -> None:
    plant(copy, f"{SERVER}.store.driver.outage", f"{SERVER}.store.driver.connections")
    refused = broken_contracts(copy)[DRIVER]
    assert f"{SERVER}.store.driver.outage -> {SERVER}.store.driver.connections" in refused


def test_a_backend_is_refused_to_another(copy: Path) -> None:
    plant(copy, f"{SERVER}.store.backends.sqlite.sql", f"{SERVER}.store.backends.mysql.sql")
    refused = broken_contracts(copy)[BACKENDS]
    assert f"{SERVER}.store.backends.sqlite.sql -> {SERVER}.store.backends.mysql.sql" in refused


@pytest.mark.parametrize("module", ["names", "content", "_connection", "openai_agents._log"])
def test_an_adapter_is_refused_to_the_client_and_to_another(copy: Path, module: str) -> None:
    plant(copy, f"activity_session.{module}", "activity_session.adk._places")
    assert f"activity_session.{module} -> activity_session.adk._places (" in broken_contracts(copy)[ADAPTERS]


@pytest.mark.parametrize(
    ("folder", "contract"),
    [
        (SERVER, LAYERS),
        (f"{SERVER}.store", MACHINE),
        (f"{SERVER}.store.driver", DRIVER),
        (f"{SERVER}.store.backends", BACKENDS),
        (f"{SERVER}.metrics", TELLING),
    ],
)
def test_a_new_file_of_the_hall_or_the_machine_must_be_given_its_place(copy: Path, folder: str, contract: str) -> None:
    plant(copy, f"{folder}.planted", "os")
    refused = broken_contracts(copy)
    assert list(refused) == [contract]
    assert f"- {folder}.planted" in refused[contract]
