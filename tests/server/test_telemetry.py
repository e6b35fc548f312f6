"""Traces and metrics by OTLP: what a collector is sent, by a server in this process and by workers."""

import asyncio
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

import activity_session
from activity_session import aio, v1
from activity_session_server.app import App
from activity_session_server.metrics import definitions
from activity_session_server.metrics.definitions import Kind
from activity_session_server.settings import SettingsError
from activity_session_server.telemetry.ending import LONGEST_FLUSH
from activity_session_server.telemetry.sql import described
from activity_session_server.telemetry.wanted import wanted
from activity_session_testing import planted
from activity_session_testing.backends import BACKENDS
from activity_session_testing.collectors import Collector, attributes, collecting
from activity_session_testing.moments import WAIT_SECONDS, before, eventually
from activity_session_testing.processes import run, serving_process
from activity_session_testing.servers import connected, failure, serving
from activity_session_testing.steps import append, get_session, new_session
from activity_session_testing.watches import Watching

NAMESPACE = "namespaces/default"
SECRET = "planted in a content"
SERVER, CLIENT = 2, 3
OK, ERROR = 0, 2
GET, APPEND = "activity_session.v1.SessionService/GetSession", "activity_session.v1.EventService/AppendEvents"
TRACE_ID, SPAN_ID = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SAMPLED, NOT_SAMPLED = (f"00-{TRACE_ID}-{SPAN_ID}-{flags}" for flags in ("01", "00"))
ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4317"}


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with collecting() as collector:
        for name, value in collector.environment.items():
            monkeypatch.setenv(name, value)
        yield collector


def get(client: Any, session: str, traceparent: str) -> None:
    client.sessions.GetSession(v1.GetSessionRequest(name=session), metadata=(("traceparent", traceparent),))


class TestATrace:
    @pytest.mark.parametrize("backend", BACKENDS)
    def test_has_the_span_of_the_caller_the_call_its_statements_and_its_commit(
        self, collector: Collector, backend: str, new_database: Callable[[str], str]
    ) -> None:
        planted.plant_content(SECRET)
        url = new_database(backend)
        with serving(url) as server, activity_session.connect(server.address) as channel:
            session = v1.SessionServiceStub(channel).EnsureSession(
                v1.EnsureSessionRequest(parent=NAMESPACE, session_id="traced")
            )
            request = v1.AppendEventsRequest(
                parent=session.session.name, events=[v1.Event(type="message", text=SECRET)]
            )
            with TracerProvider(shutdown_on_exit=False).get_tracer("test").start_as_current_span("caller") as caller:
                v1.EventServiceStub(channel).AppendEvents(request)
        (call,) = collector.spans(APPEND)
        context = caller.get_span_context()
        assert (int.from_bytes(call.trace_id), int.from_bytes(call.parent_span_id)) == context[:2]
        assert (call.kind, call.status.code) == (SERVER, OK)
        told = attributes(call)
        assert told.pop("activity_session.call_id")
        assert told == {
            "rpc.system.name": "grpc",
            "rpc.method": APPEND,
            "rpc.response.status_code": "OK",
            "activity_session.resource": session.session.name,
        }
        below = [span for span in collector.spans() if span.parent_span_id == call.span_id]
        assert {span.trace_id for span in below} == {call.trace_id}
        assert {span.kind for span in below} == {CLIENT}
        assert {"BEGIN", "INSERT event", "COMMIT"} <= {span.name.replace("BEGIN IMMEDIATE", "BEGIN") for span in below}
        for span in below:
            assert call.start_time_unix_nano <= span.start_time_unix_nano <= span.end_time_unix_nano
            assert span.end_time_unix_nano <= call.end_time_unix_nano
        (insert,) = (attributes(span) for span in below if span.name == "INSERT event")
        assert insert["db.system.name"] == url.partition(":")[0].partition("+")[0]
        assert (insert["db.operation.name"], insert["db.collection.name"]) == ("INSERT", "event")
        assert SECRET not in insert["db.query.text"]
        assert not any(SECRET in str(request) for request in collector.requests)

    def test_goes_with_calls_of_asyncio_too(self, collector: Collector) -> None:
        planted.plant_content(SECRET)

        async def call(address: str) -> None:
            async with aio.connect(address) as channel:
                stub: Any = v1.SessionServiceStub(channel)
                await stub.ListSessions(v1.ListSessionsRequest(parent=NAMESPACE, filter=f'labels.a = "{SECRET}"'))
                watch = aio.watch(channel, f"{NAMESPACE}/sessions/absent")
                with pytest.raises(activity_session.Error):
                    await anext(watch)

        tracer = TracerProvider(shutdown_on_exit=False).get_tracer("test")
        with serving("sqlite:///:memory:") as server, tracer.start_as_current_span("caller") as caller:
            asyncio.run(call(server.address))
        listed, watched = (span for span in collector.spans() if span.kind == SERVER)
        for span in (listed, watched):
            assert int.from_bytes(span.trace_id) == caller.get_span_context().trace_id
        # What the caller did wrong is no error of the server's.
        assert attributes(watched)["activity_session.reason"] == "SESSION_NOT_FOUND"
        assert watched.status.code == OK
        # The statement of a filter is built for its call, and its values are not in it.
        filtered = [
            span for span in collector.spans("SELECT activity_session") if span.parent_span_id == listed.span_id
        ]
        assert filtered
        assert not any(SECRET in str(request) for request in collector.requests)

    def test_has_a_span_for_as_long_as_a_watch_is_open(self, collector: Collector) -> None:
        with serving("sqlite:///:memory:") as server, connected(server.address) as client:
            session = new_session(client, NAMESPACE).name
            with Watching.of(client, session) as watch:
                watch.wait_for_start()
                get_session(client, session)
            # Else it may be ended by the end of the server, before that knows that its client has gone.
            eventually(lambda: not server.live.watches.slots.taken)
        (watched,) = collector.spans("activity_session.v1.SessionService/WatchSession")
        (got,) = collector.spans(GET)
        assert watched.start_time_unix_nano < got.start_time_unix_nano
        assert watched.end_time_unix_nano > got.end_time_unix_nano
        assert attributes(watched)["rpc.response.status_code"] == "CANCELLED"

    def test_of_a_failure_of_the_server_is_an_error(
        self, collector: Collector, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with serving("sqlite:///:memory:") as server, connected(server.address) as client:
            session = new_session(client, NAMESPACE).name
            monkeypatch.setattr(server.store, "read", lambda *_: 1 / 0)
            failure(client.sessions.GetSession, v1.GetSessionRequest(name=session))
            monkeypatch.undo()
        (call,) = collector.spans(GET)
        assert call.status.code == ERROR
        assert attributes(call)["error.type"] == attributes(call)["rpc.response.status_code"] == "INTERNAL"

    def test_is_left_alone_unless_the_caller_records_it(
        self, collector: Collector, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO, "activity_session.call")
        with serving("sqlite:///:memory:") as server, connected(server.address) as client:
            session = new_session(client, NAMESPACE).name
            get(client, session, NOT_SAMPLED)
            get(client, session, SAMPLED)
        (call,) = collector.spans(GET)
        assert (call.trace_id.hex(), call.parent_span_id.hex()) == (TRACE_ID, SPAN_ID)
        unsampled, sampled = (line for line in call_lines(caplog) if line["method"] == f"/{GET}")
        assert unsampled["trace_id"] == sampled["trace_id"] == TRACE_ID
        assert "span_id" not in unsampled
        assert sampled["span_id"] == call.span_id.hex()
        assert attributes(call)["activity_session.call_id"] == sampled["call_id"]

    def test_comes_from_no_call_that_is_not_sampled(
        self, collector: Collector, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
        monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0")
        with serving("sqlite:///:memory:") as server, connected(server.address) as client:
            new_session(client, NAMESPACE)
        assert collector.spans() == []

    def test_of_calls_that_share_a_commit_are_linked(self, collector: Collector, tmp_path: Path) -> None:
        with serving(f"sqlite:///{tmp_path / 'test.db'}") as server, connected(server.address) as client:
            sessions = [new_session(client, NAMESPACE).name for _ in range(4)]
            is_held_up = threading.Event()

            def hold_up() -> None:
                is_held_up.set()
                eventually(lambda: waiting(server) == len(sessions))

            with ThreadPoolExecutor(len(sessions) + 1) as pool, before(server, "COMMIT", hold_up):
                pool.submit(new_session, client, NAMESPACE)
                assert is_held_up.wait(WAIT_SECONDS)
                list(pool.map(lambda name: append(client, name, "x"), sessions))
        commits = [span for span in collector.spans("COMMIT") if writes_of(span) == len(sessions)]
        first, *others = sorted(commits, key=lambda span: len(span.links))
        assert len(others) == len(sessions) - 1
        assert {(link.trace_id, link.span_id) for span in others for link in span.links} == {
            (first.trace_id, first.span_id)
        }
        # Whichever thread has carried them out, each trace has what was done for its own call.
        calls = {span.trace_id: span.span_id for span in collector.spans(APPEND)}
        inserts = {span.trace_id: span.parent_span_id for span in collector.spans("INSERT event")}
        assert calls == inserts == {span.trace_id: span.parent_span_id for span in commits}


def waiting(server: App) -> int:
    return len(server.store._commits._waiting)  # noqa: SLF001 - nothing else tells it


def writes_of(commit: Any) -> int:
    return int(attributes(commit)["activity_session.commit.writes"])


def call_lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [record.__dict__["fields"] for record in caplog.records if record.name == "activity_session.call"]


def test_a_line_has_the_trace_of_its_caller_without_opentelemetry(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "activity_session.call")
    given = [SAMPLED, "none", f"ff{SAMPLED[2:]}", SAMPLED.replace(TRACE_ID, "0" * 32), f"01{SAMPLED[2:]}-more"]
    with serving("sqlite:///:memory:") as server, connected(server.address) as client:
        session = new_session(client, NAMESPACE).name
        for traceparent in given:
            get(client, session, traceparent)
        eventually(lambda: len(call_lines(caplog)) > len(given))
    assert [line.get("trace_id") for line in call_lines(caplog)[1:]] == [TRACE_ID, None, None, None, TRACE_ID]


class TestMetrics:
    def test_are_those_of_prometheus(self, collector: Collector) -> None:
        with serving("sqlite:///:memory:") as server, connected(server.address) as client:
            session = new_session(client, NAMESPACE).name
            for _ in range(3):
                append(client, session, "x")
            eventually(lambda: calls_of(collector, "AppendEvents") == 3)
        found = collector.metrics()
        assert set(found) == {metric.name for metric in definitions.METRICS}
        for metric in definitions.METRICS:
            kind = {Kind.COUNTER: "sum", Kind.GAUGE: "gauge", Kind.HISTOGRAM: "histogram"}[metric.kind]
            assert found[metric.name].WhichOneof("data") == kind
            assert found[metric.name].description == metric.help
        commits = found[definitions.COMMIT_WRITES.name].histogram.data_points[0]
        assert commits.count == sum(commits.bucket_counts) == commits.bucket_counts[0]
        assert list(commits.explicit_bounds) == list(definitions.COMMIT_WRITES.bounds)
        assert not commits.HasField("max")
        assert server.admin is None


def calls_of(collector: Collector, method: str) -> float:
    found = collector.metrics().get(definitions.CALLS.name)
    points = found.sum.data_points if found else ()
    wanted = {"grpc_method": method, "grpc_code": "OK"}.items()
    return sum(point.as_double for point in points if wanted <= attributes(point).items())


def test_workers_send_each_for_itself(tmp_path: Path) -> None:
    flags = ["--workers", "2", "--database-url", f"sqlite:///{tmp_path / 'test.db'}"]
    with collecting() as collector, serving_process(tmp_path / "log", *flags, **collector.environment) as server:
        alone = ("grpc.use_local_subchannel_pool", 1)

        def both() -> bool:
            with connected(server.address, alone) as client:
                client.info.GetServerInfo(v1.GetServerInfoRequest())
            return len({found["service.instance.id"] for found in collector.resources()}) == 2

        eventually(both)
    assert {found["service.name"] for found in collector.resources()} == {"activity-session"}


def test_a_collector_that_does_not_respond_holds_up_neither_calls_nor_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # It takes connections, and says nothing.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "10")
        with serving("sqlite:///:memory:") as server, connected(server.address) as client:
            session = new_session(client, NAMESPACE).name
            for _ in range(20):
                get_session(client, session)
            begun = time.monotonic()
        assert time.monotonic() - begun < 2 * LONGEST_FLUSH + 2


class TestTheVariables:
    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ({}, (False, False)),
            (ENDPOINT, (True, True)),
            (ENDPOINT | {"OTEL_SDK_DISABLED": "TRUE"}, (False, False)),
            (ENDPOINT | {"OTEL_METRICS_EXPORTER": "none"}, (True, False)),
            ({"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://127.0.0.1:4317"}, (False, True)),
            ({"OTEL_TRACES_EXPORTER": "otlp"}, (True, False)),
            (ENDPOINT | {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, (True, True)),
        ],
    )
    def test_say_what_is_sent(self, given: dict[str, str], expected: tuple[bool, bool]) -> None:
        assert wanted(given) == expected

    @pytest.mark.parametrize(
        "given",
        [
            {"OTEL_TRACES_EXPORTER": "console"},
            ENDPOINT | {"OTEL_METRICS_EXPORTER": "prometheus"},
            ENDPOINT | {"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"},
        ],
    )
    def test_that_ask_for_something_else_are_refused(self, given: dict[str, str]) -> None:
        with pytest.raises(SettingsError, match=next(reversed(given))):
            wanted(given)

    @pytest.mark.parametrize("given", [{"OTEL_PROPAGATORS": "pigeon"}, {"OTEL_METRIC_EXPORT_INTERVAL": "pigeon"}])
    def test_that_nothing_can_be_made_of_are_refused(self, given: dict[str, str]) -> None:
        ended = run("serve", "--address", "127.0.0.1:0", "--database-url", "sqlite://", **ENDPOINT, **given)
        assert ended.returncode == 2
        # Lines of the log may come before it, or after.
        assert [line for line in ended.stderr.splitlines() if "OTEL_" in line and "pigeon" in line], ended.stderr

    def test_need_the_extra(self, tmp_path: Path) -> None:
        (tmp_path / "sitecustomize.py").write_text(
            "import importlib.metadata as all\n"
            "def version(name, known=all.version):\n"
            "    if name.startswith('opentelemetry'): raise all.PackageNotFoundError(name)\n"
            "    return known(name)\n"
            "all.version = version\n"
        )
        ended = run("serve", "--address", "127.0.0.1:0", PYTHONPATH=str(tmp_path), **ENDPOINT)
        assert ended.returncode == 2
        assert "pip install 'activity-session-server[otel]'" in ended.stderr


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ("SELECT a FROM activity_session WHERE b = ?", "SELECT activity_session"),
        ("INSERT INTO `event` (a) VALUES (%s)", "INSERT event"),
        ('UPDATE "state" SET a = 1', "UPDATE state"),
        ("delete from state_owner", "DELETE state_owner"),
        ("BEGIN IMMEDIATE", "BEGIN"),
    ],
)
def test_a_statement_is_named_by_what_it_does_and_to_what(sql: str, name: str) -> None:
    assert described(sql).name == name


def test_a_client_without_a_current_span_adds_nothing(collector: Collector) -> None:
    assert not trace.get_current_span().get_span_context().is_valid
    with serving("sqlite:///:memory:") as server, activity_session.connect(server.address) as channel:
        v1.SessionServiceStub(channel).ListSessions(v1.ListSessionsRequest(parent=NAMESPACE))
    (call,) = (span for span in collector.spans() if span.kind == SERVER)
    assert not call.parent_span_id
