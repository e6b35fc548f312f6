"""The one place where things are built and joined. The commands call it, and so do the tests."""

import contextlib
import logging
import os
import re
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import grpc
from google.protobuf import json_format
from google.protobuf.message import Message

from activity_session.v1.event_service_pb2 import ListEventsRequest, ListEventsResponse
from activity_session_server.addresses import Address, AddressInUseError, refuse_if_used
from activity_session_server.audit_file import AuditFile
from activity_session_server.live import feeds, stored_bytes, upkeep
from activity_session_server.live.feeds import Feeds
from activity_session_server.live.pools import Pool, Pools, SharedPool
from activity_session_server.live.quotas import Quotas
from activity_session_server.live.slots import Slots
from activity_session_server.live.stored_bytes import StoredBytes
from activity_session_server.live.turn_queues import TurnQueues
from activity_session_server.live.upkeep import Upkeep
from activity_session_server.live.watches import Watches
from activity_session_server.metrics import expiry
from activity_session_server.metrics.boards import Board
from activity_session_server.metrics.gauges import Gauges, Parts
from activity_session_server.metrics.recorder import Recorder
from activity_session_server.rpc import reflection
from activity_session_server.rpc.audit_log import AuditLog
from activity_session_server.rpc.authentication import Authentication, Ways
from activity_session_server.rpc.authentication.grants import read_grants
from activity_session_server.rpc.authentication.tokens import read_tokens
from activity_session_server.rpc.certificates import Certificates
from activity_session_server.rpc.edge import Edge
from activity_session_server.rpc.handlers import Handlers
from activity_session_server.rpc.health import Health
from activity_session_server.rpc.owners import Owners
from activity_session_server.rpc.routes import ROUTES, Live
from activity_session_server.rpc.validation import Validator
from activity_session_server.rules.access.callers import ITSELF, nobody
from activity_session_server.rules.calls import Call
from activity_session_server.rules.names import uuid7_hex
from activity_session_server.settings import Console, Settings, SettingsError
from activity_session_server.store import Reader, Store, readiness, schema
from activity_session_server.store.backends import EngineOptions, backend_of
from activity_session_server.store.observer import Observer
from activity_session_server.store.queries import namespaces
from activity_session_server.store.writer_queues import Aside
from activity_session_server.telemetry.wanted import wanted
from activity_session_server.usecases import events
from activity_session_server.usecases.retention import Note

if TYPE_CHECKING:
    from activity_session_server.http.listener import Listener as HttpListener
    from activity_session_server.http.pages.site import Site
    from activity_session_server.metrics.listener import Listener, Told
    from activity_session_server.rpc.authentication.jwts import Jwts
    from activity_session_server.telemetry.exports import MetricExports
    from activity_session_server.telemetry.tracing import Tracing

# Beyond one for each thread that serves calls.
_SPARE_CONNECTIONS = upkeep.CONNECTIONS + feeds.CONNECTIONS + stored_bytes.CONNECTIONS
# Writers that may wait for others of their session, beside those that have a thread to work with.
MOST_ASIDE = 64
# Streams of reflection that may be open at once; further ones wait.
_REFLECTION_STREAMS = 32
# A request over the limit gets our own error; gRPC refuses only one of more than twice the limit.
_RECEIVE_FACTOR = 2
# What JSON need not escape, and terminals obey or take for the end of a line.
_CONTROL = re.compile("[\x7f-\x9f\u2028\u2029]")
_log = logging.getLogger("activity_session.server")


class App:
    """A server with all that belongs to it."""

    def __init__(self, settings: Settings, board: Board | None = None) -> None:
        """Build a server. With a `board` it records there what another process tells; else it tells that itself.

        Raises:
            SchemaError: when the database's schema is not the one this version needs.
            AddressInUseError: when the address, or the admin address, cannot be listened on.
            SettingsError: when anybody could use it, or nobody; when telemetry is asked for that cannot be had.
            FileError: when nothing can be made of a file for TLS, tokens, grants or keys.
            AuditFileError: when the file of the audit log cannot be opened.
        """
        settings.check_access()
        asked = wanted(os.environ)
        self.settings = settings
        self._authentication = _authentication(settings)
        self._owners = Owners()
        self._pools = _make_pools(settings, self._owners)
        # Each handler names its pool; gRPC itself runs nothing by the one that it is given.
        self._server = grpc.server(self._pools.refusal, options=_options(settings))
        # The first step that can fail: a second server must not migrate the database of the first.
        self.address = _listen(self._server, Address.parse(settings.address), _certificates(settings))
        self._http = _http(settings) if settings.http_address else None
        self.is_draining = False
        # Nothing is recorded where nobody is told of it.
        self._board = board or (Board() if settings.admin_address or asked.metrics else None)
        self._told = (
            _told(settings, self._board, self) if settings.admin_address and self._board and not board else None
        )
        self.admin = _admin(settings, self._told) if self._told and not settings.shares_admin_address else None
        self._recorder = Recorder(self._board) if self._board else None
        self._audit_log = audit_log_of(settings)
        self.store = self._open_store()
        self.quotas = self._make_quotas()
        self.feeds = Feeds(self.store, self._own_call, settings.poll_interval)
        self.live = Live(self._make_turn_queues(), self._make_watches())
        self.health = Health(ROUTES, self._pools.health)
        self.upkeep = self._make_upkeep()
        self._gauges = self._make_gauges(self._board) if self._board else None
        self._tracing = _tracing(settings, self.store) if asked.traces else None
        self._exports = _exports(settings, self._board, self) if asked.metrics and self._board else None
        self._add_services()

    def start(self) -> None:
        """Begin to serve calls."""
        self._authentication.start()
        self.upkeep.start()
        self.quotas.stored.start()
        self.feeds.start()
        self._server.start()
        if self._http:
            self._start_http(self._http)
        if self.admin:
            self.admin.start()
        if self._exports:
            self._exports.start()

    def stop(self) -> None:
        """Drain: report NOT_SERVING, refuse new calls, let running ones end, close the database."""
        _log.info("draining")
        self.is_draining = True
        self.health.drain()
        time.sleep(self.settings.drain_delay)
        self.upkeep.stop()
        self.quotas.stored.stop()
        ended = self._server.stop(self.settings.drain_timeout)
        if self._http:
            self._http.drain(self.settings.drain_timeout)
        self.health.end_watches()
        self.feeds.drain(self.settings.drain_timeout)
        ended.wait()
        if self._http:
            self._http.stop()
        for pool in self._pools:
            pool.shutdown()
        self.feeds.stop()
        self._authentication.stop()
        self.upkeep.join()
        self.store.close()
        if self.admin:
            self.admin.stop()
        self._stop_telling()
        _log.info("stopped")

    @property
    def http_address(self) -> str:
        """Where it serves JSON over HTTP, with the port that was picked for 0; empty for nowhere."""
        return self._http.address if self._http else ""

    @property
    def problem(self) -> str:
        """Why it is not ready, for people; empty where it is."""
        return "the server is draining" if self.is_draining else self.upkeep.problem

    def refresh_board(self) -> None:
        """Have its board tell what is true now."""
        if self._recorder and self._gauges:
            self._recorder.add_notes()
            self._gauges.refresh()

    def _stop_telling(self) -> None:
        for one in (self._tracing, self._exports):
            if one:
                one.stop()

    def _add_services(self) -> None:
        settings = self.settings
        if self._recorder:
            self.feeds.on_delivery = self._recorder.delivered
            self.upkeep.on_sweep = self._record_sweep
        edge = Edge(
            settings.limits,
            self._authentication,
            self._owners,
            self._audit_log,
            observer=self._recorder,
            tracer=self._tracing,
        )
        self._handlers = Handlers(self.store, self.live, edge, self.quotas, self._pools)
        self._handlers.add_to(self._server)
        self.health.add_to(self._server)
        if settings.serves_reflection:
            reflection.add_to(self._server, (*ROUTES, "grpc.health.v1.Health"), self._pools.reflection)

    def _start_http(self, listener: "HttpListener") -> None:
        # Needs packages that only these servers have.
        from activity_session_server.http.application import Guard, application

        settings = self.settings
        is_loopback = Address.parse(settings.http_address).is_loopback
        guard = Guard.NONE if not settings.takes_anonymous else Guard.LOOPBACK if is_loopback else Guard.ORIGINS
        made = application(
            self._handlers.rpcs,
            self._pages(),
            settings.limits.request_bytes,
            settings.cors_origins,
            guard,
            count_refused=self._recorder.refused if self._recorder else lambda _: None,
        )
        listener.start(made)

    def _pages(self) -> "Site":
        # As above.
        from activity_session_server.http.pages.probes import probes
        from activity_session_server.http.pages.site import site

        settings = self.settings
        told = probes(*self._told) if self._told and settings.shares_admin_address else {}
        return told | site(
            has_console=settings.serves_console,
            writes=settings.console is Console.READ_WRITE,
            shows_schema=settings.serves_reflection,
        )

    def _make_watches(self) -> Watches:
        settings = self.settings
        return Watches(
            self.store,
            self.feeds,
            Slots("watches", settings.limits.watches, settings.limits.watches_per_connection, self.quotas),
            bookmark_interval=settings.bookmark_interval,
            timeout=settings.watch_timeout,
        )

    def _make_turn_queues(self) -> TurnQueues:
        limits = self.settings.limits
        most, most_per_connection = limits.waiting_turns, limits.waiting_turns_per_connection
        slots = Slots("calls that wait for a turn", most, most_per_connection, self.quotas)
        return TurnQueues(self.store, self.feeds, slots, self._own_call)

    def _make_upkeep(self) -> Upkeep:
        settings = self.settings
        return Upkeep(
            self.store,
            self._own_call,
            lambda is_ready: self.health.set_ready(is_ready=is_ready),
            self._look_for_quotas,
            swept_note(settings, self._audit_log),
            check_interval=settings.health_interval,
            sweep_interval=settings.sweep_interval,
        )

    def _open_store(self) -> Store:
        store = open_store(self.settings, self._pools.write.aside, self._recorder)
        if warning := backend_of(store.engine).warning():
            _log.warning(warning)
        store.look_for_older_claims(self._own_call("start"))
        return store

    def _make_quotas(self) -> Quotas:
        settings = self.settings
        stored = StoredBytes(settings.limits.namespace_bytes, self._count_stored, settings.health_interval)
        return Quotas(settings.subject_quota, settings.namespace_quota, stored)

    def _count_stored(self, namespace: str) -> int:
        return self.store.read(self._own_call("count"), lambda reader: namespaces.stored_bytes(reader, namespace))

    def _make_gauges(self, board: Board) -> Gauges:
        watches, turn_queues = self.live.watches, self.live.turn_queues
        certificate_expiry = expiry.reader_of(self.settings.tls_certificate_file)
        parts = Parts(
            self._pools,
            self.store,
            self.feeds,
            watches.slots,
            turn_queues.slots,
            self.upkeep,
            certificate_expiry,
            self._own_call,
        )
        return Gauges(board, parts)

    def _record_sweep(self, done: Mapping[str, int]) -> None:
        if self._recorder and self._gauges:
            self._recorder.swept(done)
            self._gauges.look_for_due()

    def _look_for_quotas(self, reader: Reader) -> None:
        self.quotas.set_own(namespaces.own_quotas(reader))

    def _own_call(self, method: str) -> Call:
        return own_call(self.settings, method)


def own_call(settings: Settings, method: str) -> Call:
    """A call that a server makes by itself."""
    now = time.monotonic()
    return Call(uuid7_hex(), method, "", ITSELF, now, now + 2 * settings.database_timeout, settings.limits)


def swept_note(settings: Settings, audit_log: AuditLog | None) -> Note:
    """What writes a line of the audit log, if there is one, for each session that is swept."""

    def note(done: str, session: str) -> None:
        if audit_log is not None:
            audit_log.write(own_call(settings, f"sweep/{done}").about(session, writes=True), grpc.StatusCode.OK)

    return note


def try_out(settings: Settings) -> None:
    """Read from the database and write to it, as a server does, and leave nothing behind.

    Raises:
        SchemaError: when its schema is not the one this version needs.
        ServiceError: when reads or writes do not work.
    """
    store = open_store(settings)
    try:
        readiness.check(store, own_call(settings, "check"))
    finally:
        store.close()


def open_store(settings: Settings, aside: Aside = contextlib.nullcontext, observer: Observer | None = None) -> Store:
    """The store of a database whose schema is the one this version needs; SQLite is brought there first."""
    engine = schema.open_checked(settings.database_url, _engine_options(settings))
    if backend_of(engine).is_remote:
        schema.check(engine, settings.limits.request_bytes)
    else:
        schema.migrate(engine)
    connections = 1 if settings.is_in_memory else 2 * settings.threads + _SPARE_CONNECTIONS
    return Store(engine, connections, settings.database_timeout, aside, observer)


def store_as_it_is(settings: Settings) -> Store:
    """The store of a database that is not to be changed by that, for one thread.

    Raises:
        SchemaError: when there is no database, or its schema is not the one this version needs.
    """
    engine = schema.open_checked(settings.database_url, _engine_options(settings))
    schema.check(engine, settings.limits.request_bytes)
    return Store(engine, 1, settings.database_timeout)


def log_lines(settings: Settings, session: str) -> Iterator[str]:
    """The events of a session as ProtoJSON, one a line, in their order; the database is left as it is.

    Raises:
        SchemaError: when there is no database, or its schema is not the one this version needs.
        ServiceError: INVALID_FIELD, NAMESPACE_NOT_FOUND, SESSION_NOT_FOUND, DATABASE_UNAVAILABLE.
    """
    store = store_as_it_is(settings)
    request = ListEventsRequest(parent=session, page_size=settings.limits.page_size)
    Validator(settings.limits).check(request)
    try:
        while True:
            raw = events.list_events(store, own_call(settings, "events"), request).raw
            page = ListEventsResponse.FromString(raw)
            yield from map(_json_line, page.events)
            request.page_token = page.next_page_token
            if not request.page_token:
                return
    finally:
        store.close()


def _json_line(message: Message) -> str:
    text = json_format.MessageToJson(message, indent=None, ensure_ascii=False)
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


@contextlib.contextmanager
def running(settings: Settings, board: Board | None = None) -> Iterator[App]:
    """A server that serves calls inside the block; `board` as in `App`."""
    app = App(settings, board)
    app.start()
    try:
        yield app
    finally:
        app.stop()


def _engine_options(settings: Settings) -> EngineOptions:
    return EngineOptions(
        timeout=settings.database_timeout,
        synchronous=settings.sqlite_synchronous,
        max_clock_offset=settings.max_clock_offset,
    )


def _make_pools(settings: Settings, owners: Owners) -> Pools:
    refusal = Pool(1, "refusal")
    most_waiting = settings.max_waiting_calls
    # With one writer at a time, all wait for the same.
    most_aside = 0 if settings.is_sqlite else MOST_ASIDE
    return Pools(
        read=SharedPool(settings.threads, "read", owners.of, refusal, most_waiting=most_waiting),
        write=SharedPool(
            settings.threads, "write", owners.of, refusal, most_waiting=most_waiting, most_aside=most_aside
        ),
        refusal=refusal,
        health=Pool(1, "health"),
        # An open stream of reflection keeps its thread.
        reflection=Pool(_REFLECTION_STREAMS, "reflection"),
    )


def _options(settings: Settings) -> list[tuple[str, int]]:
    limits = settings.limits
    return [
        # Workers share the port. Without workers a second server must not: it would get half of the calls unnoticed.
        ("grpc.so_reuseport", int(settings.workers > 1)),
        ("grpc.max_receive_message_length", _RECEIVE_FACTOR * limits.request_bytes),
        # Bounds what one connection can ask for at once; open watches must leave room for other calls.
        ("grpc.max_concurrent_streams", 1000 + limits.watches_per_connection + limits.waiting_turns_per_connection),
        # Clients may ping every 10 s, also without a call; by default a second ping within 5 min ends the connection.
        ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
        ("grpc.keepalive_permit_without_calls", 1),
    ]


def _authentication(settings: Settings) -> Authentication:
    return Authentication(
        nobody(settings.anonymous_role) if settings.takes_anonymous else None,
        Ways(
            grants=read_grants(settings.grants_file) if settings.grants_file else None,
            tokens=read_tokens(settings.tokens_file) if settings.tokens_file else None,
            jwts=_jwts(settings) if settings.jwt_keys else None,
            certificates=bool(settings.tls_client_ca_file),
        ),
    )


def _jwts(settings: Settings) -> "Jwts":
    # Needs a package that only these servers have.
    from activity_session_server.rpc.authentication.jwts import Jwts
    from activity_session_server.rpc.authentication.key_sources import key_source

    keys = key_source(settings.jwt_keys)
    return Jwts(settings.jwt_issuer, settings.jwt_audience, keys, settings.jwt_grants_claim)


def _certificates(settings: Settings) -> Certificates | None:
    if not settings.tls_certificate_file:
        return None
    return Certificates(settings.tls_certificate_file, settings.tls_key_file, settings.tls_client_ca_file)


def _http(settings: Settings) -> "HttpListener":
    # As above.
    from activity_session_server.http import certificates
    from activity_session_server.http.listener import Listener

    files = (settings.tls_certificate_file, settings.tls_key_file, settings.tls_client_ca_file)
    tls = certificates.context_of(*files) if settings.tls_certificate_file else None
    return Listener(Address.parse(settings.http_address), tls, is_shared=settings.workers > 1)


def audit_log_of(settings: Settings) -> AuditLog | None:
    """The audit log, if there is to be one.

    Raises:
        AuditFileError: when its file cannot be opened.
    """
    return AuditLog(AuditFile(settings.audit_log_file).append) if settings.audit_log_file else None


def _told(settings: Settings, board: Board, app: App) -> "Told":
    # Loaded only where there is an admin address.
    from activity_session_server.metrics.exposition import Exposition
    from activity_session_server.metrics.listener import Told

    exposition = Exposition([board], settings.database_kind)

    def metrics(accept: str) -> tuple[bytes, str]:
        app.refresh_board()
        return exposition.text(accept)

    return Told(metrics, lambda: app.problem)


def _admin(settings: Settings, told: "Told") -> "Listener":
    # As above.
    from activity_session_server.metrics.listener import Listener

    return Listener(Address.parse(settings.admin_address), told)


def _tracing(settings: Settings, store: Store) -> "Tracing":
    # Needs packages that only these servers have.
    with _variables():
        from activity_session_server.telemetry.sql import attributes_of
        from activity_session_server.telemetry.tracing import Tracing

        return Tracing(attributes_of(settings.database_kind, store.engine.url))


def _exports(settings: Settings, board: Board, app: App) -> "MetricExports":
    # As above.
    with _variables():
        from activity_session_server.telemetry.exports import MetricExports

        return MetricExports(board, settings.database_kind, app.refresh_board)


@contextlib.contextmanager
def _variables() -> Iterator[None]:
    """What is wrong with OpenTelemetry's variables is found by what reads them."""
    try:
        yield
    except ValueError as error:
        raise SettingsError(f"the variables that begin with OTEL_: {error}") from None


def _listen(server: grpc.Server, address: Address, certificates: Certificates | None) -> str:
    """Listen on an address, with TLS where there are certificates; returns it with the port that was picked for 0."""
    refuse_if_used(address)
    try:
        if certificates is None:
            port = server.add_insecure_port(str(address))
        else:
            port = server.add_secure_port(str(address), certificates.credentials())
    except RuntimeError:
        raise AddressInUseError(str(address)) from None
    return str(address if address.path else address._replace(port=port))
