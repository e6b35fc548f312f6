"""The floor of a call: a bare gRPC server that runs the call's statements by the plain driver and answers nothing.

`python benchmarks/floor.py DATABASE_URL CALL` works on the database that calls.py has filled through our own server.
"""

import argparse
import itertools
import re
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta
from string import Template
from typing import Any

import grpc
import pymysql
from sqlalchemy import URL, make_url

from activity_session_server.app import _options
from activity_session_server.rules.ids import new_id
from activity_session_server.settings import Settings

# The statements of our server: `:name` is a value of `make_values`, `$name` what differs between the databases.
RESOURCE = "description, enabled, managed, deleted, revision, create_ts, update_ts, delete_ts"
SESSION = f"""pkid, name, namespace_pkid, auto_created, settings, labels, last_sequence, turn_holder, turn_token,
    turn_expire_ts, expire_ts, purge_ts, {RESOURCE}"""
MEMBERS = """(SELECT json_array($collect(participant.name), $collect(participant.participant_type),
        $collect(member.role), $collect(member.create_ts), $collect(member.last_read_sequence))
    FROM activity_session_participant AS member JOIN participant ON participant.pkid = member.participant_pkid
    WHERE member.activity_session_pkid = activity_session.pkid)"""
OWNER = "namespace_pkid = (SELECT pkid FROM namespace WHERE name = :namespace)"
OF_NAMED_SESSION = """activity_session.namespace_pkid = namespace.pkid AND activity_session.name = :name
    AND namespace.name = :namespace"""

CLAIM = "INSERT INTO request (scope, request_id, fingerprint, create_ts, expire_ts) VALUES ('', :id, '', :now, :later)"
HOLD_NAMESPACE = (
    "SELECT pkid, name, enabled, managed, delete_ts, settings FROM namespace WHERE name = :namespace $shared"
)
GET_PARTICIPANTS = f"""SELECT pkid, name, participant_type, enabled, managed, delete_ts
    FROM participant WHERE {OWNER} AND name IN"""
HOLD_MEMBERS = f"{GET_PARTICIPANTS} ('ada', 'planner') $shared"
HOLD_AUTHOR = f"{GET_PARTICIPANTS} ('ada') $shared"
GET_SESSION = f"SELECT {SESSION}, data, {MEMBERS}, $clock FROM activity_session WHERE {OWNER} AND name = :name"
LOCK_SESSION = f"""SELECT {SESSION}, data, {MEMBERS}, $clock
    FROM activity_session WHERE namespace_pkid = :owner AND name = :name $exclusive"""
LOCK_HEAD = """SELECT pkid, name, enabled, managed, delete_ts, settings, last_sequence, turn_holder, turn_token,
    turn_expire_ts, $clock FROM activity_session WHERE namespace_pkid = :owner AND name = :name $exclusive"""
LIST_SESSIONS = f"""SELECT {SESSION}, NULL, {MEMBERS}, $clock FROM activity_session
    WHERE {OWNER} AND deleted $is_false ORDER BY name, pkid LIMIT 51"""
INSERT_SESSION = """INSERT INTO activity_session (pkid, name, namespace_pkid, auto_created, data, settings, labels,
        last_sequence, turn_token, expire_ts, description, enabled, managed, deleted, revision, create_ts, update_ts)
    VALUES (:new_session, :uuid, :owner, 0, :data, :empty, :empty, 0, 0, NULL, NULL, 1, 0, 0, 1, :now, :now)"""
INSERT_MEMBERS = """INSERT INTO activity_session_participant
        (activity_session_pkid, participant_pkid, role, create_ts, last_read_sequence)
    VALUES (:new_session, :ada, '', :now, 0), (:new_session, :planner, '', :now, 0)"""
UPDATE_SESSION = """UPDATE activity_session SET data = :data, labels = :empty, expire_ts = NULL, description = NULL,
    enabled = 1, managed = 0, revision = revision + 1, update_ts = :now WHERE pkid = :session"""
COUNT = "UPDATE activity_session SET last_sequence = last_sequence + 1 WHERE pkid = :session"
INSERT_EVENTS = """INSERT INTO event (activity_session_pkid, sequence, event_id, author, event_type, content_text,
    content_blob, media_type, labels, event_ts, create_ts) VALUES """
EVENT = "(:session, :sequence, :uuid, :author, 'message', :text, NULL, '', :empty, NULL, :now)"
LIST_EVENTS = f"""SELECT activity_session_pkid, sequence, event_id, author, event_type, content_text, content_blob,
        media_type, event.labels, event_ts, event.create_ts
    FROM event, activity_session, namespace WHERE event.activity_session_pkid = activity_session.pkid
    AND {OF_NAMED_SESSION} AND event.sequence > 0 AND event.sequence < 9223372036854775807
    ORDER BY event.sequence LIMIT 51"""
GET_STATE = f"""SELECT owner_pkid, state.key, value_json, state.revision, state.update_ts, state.delete_ts
    FROM state, activity_session, namespace WHERE state.owner_pkid = activity_session.pkid
    AND {OF_NAMED_SESSION} AND state.delete_ts IS NULL ORDER BY state.key LIMIT 51"""
GIVE_TURN = """UPDATE activity_session SET turn_holder = :author, turn_token = turn_token + 1, turn_expire_ts = :later
    WHERE pkid = :session"""
END_TURN = "UPDATE activity_session SET turn_expire_ts = NULL WHERE pkid = :session"


def write(*statements: str) -> tuple[str, ...]:
    return ("$begin", "$claim", HOLD_NAMESPACE, *statements, "COMMIT")


CALLS = {
    "empty": (),
    "GetSession": (GET_SESSION,),
    "CreateSession": write(INSERT_SESSION, HOLD_MEMBERS, INSERT_MEMBERS),
    "EnsureSession": (GET_SESSION,),
    "UpdateSession": write(LOCK_SESSION, UPDATE_SESSION),
    "AppendEvents of 1": write(LOCK_HEAD, HOLD_AUTHOR, COUNT, INSERT_EVENTS + EVENT),
    "AppendEvents of 10": write(LOCK_HEAD, HOLD_AUTHOR, COUNT, INSERT_EVENTS + ", ".join([EVENT] * 10)),
    "ListEvents": (LIST_EVENTS,),
    "ListSessions": (LIST_SESSIONS,),
    "GetState": (GET_STATE,),
    "AcquireTurn": write(LOCK_HEAD, HOLD_AUTHOR, GIVE_TURN),
    "ReleaseTurn": write(LOCK_HEAD, END_TURN),
}
SQLITE = {
    "begin": "BEGIN IMMEDIATE",
    "claim": "",
    "shared": "",
    "exclusive": "",
    "clock": "strftime('%Y-%m-%d %H:%M:%f000', 'now')",
    "collect": "json_group_array",
    "is_false": "IS 0",
}
MARIADB = {
    "begin": "BEGIN",
    "claim": CLAIM,
    "shared": "LOCK IN SHARE MODE",
    "exclusive": "FOR UPDATE",
    "clock": "SYSDATE(6)",
    "collect": "json_arrayagg",
    "is_false": "IS false",
}
# A value, made for the number of a call.
Value = Callable[[int], object]


class Floor(grpc.GenericRpcHandler):
    """Answers any method with an empty message, after the statements have run."""

    def __init__(self, url: URL, call: str) -> None:
        is_sqlite = url.get_backend_name() == "sqlite"
        values = make_values(connect(url))
        self._statements = [
            (re.sub(r":\w+", "?" if is_sqlite else "%s", sql), [values[name] for name in re.findall(r":(\w+)", sql)])
            for sql in (Template(text).substitute(SQLITE if is_sqlite else MARIADB) for text in CALLS[call])
            if sql
        ]
        # SQLite lets one writer in at a time; the others would sleep for longer than they have to wait.
        takes_turns = is_sqlite and "COMMIT" in CALLS[call]
        self._turn: AbstractContextManager[Any] = threading.Lock() if takes_turns else nullcontext()
        self._numbers = itertools.count()
        self._cursor = Cursor(url)
        self._handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(self._answer)

    def service(self, _details: grpc.HandlerCallDetails) -> "grpc.RpcMethodHandler[bytes, bytes]":
        return self._handler

    def _answer(self, _request: bytes, _context: grpc.ServicerContext) -> bytes:
        number, cursor = next(self._numbers), self._cursor.of_thread
        with self._turn:
            for sql, values in self._statements:
                cursor.execute(sql, [value(number) for value in values])
                cursor.fetchall()
        return b""


class Cursor(threading.local):
    """A connection for each thread, and its cursor."""

    def __init__(self, url: URL) -> None:
        self.of_thread = connect(url).cursor()


def connect(url: URL) -> Any:
    """A connection with the settings of our server's."""
    if url.get_backend_name() == "sqlite":
        connection = sqlite3.connect(url.database or "", isolation_level=None)
        for setting in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {setting}")
        return connection
    return pymysql.connect(
        host=url.host,
        port=url.port,
        user=url.username,
        password=url.password,
        database=url.database,
        charset="utf8mb4",
        collation="utf8mb4_bin",
        autocommit=True,
        init_command="SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    )


def make_values(connection: Any) -> dict[str, Value]:
    """The values of the statements; new rows get keys that no earlier floor has used."""
    sessions = find(connection, "SELECT name, pkid FROM activity_session WHERE name LIKE 'session-%'")
    ((owner,),) = find(connection, "SELECT pkid FROM namespace WHERE name = 'default'")
    (ada,), (planner,) = find(connection, "SELECT pkid FROM participant ORDER BY name")
    connection.close()
    first = time.time_ns()
    sequences = itertools.count(first)
    return {
        "namespace": lambda _: "default",
        "owner": lambda _: owner,
        "name": lambda number: sessions[number % len(sessions)][0],
        "session": lambda number: sessions[number % len(sessions)][1],
        "ada": lambda _: ada,
        "planner": lambda _: planner,
        "author": lambda _: "namespaces/default/participants/ada",
        "id": lambda number: f"{first + number:032x}",
        "new_session": lambda number: f"activity_session-{first + number:032x}",
        "uuid": lambda _: new_id(),
        "sequence": lambda _: next(sequences),
        "data": lambda number: f"{number:2048}",
        "text": lambda _: "x" * 100,
        "empty": lambda _: "{}",
        "now": lambda _: str(utc_now()),
        "later": lambda _: str(utc_now() + timedelta(minutes=15)),
    }


def find(connection: Any, query: str) -> Any:
    cursor = connection.cursor()
    cursor.execute(query)
    return cursor.fetchall()


def utc_now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database_url", type=make_url)
    parser.add_argument("call", choices=CALLS)
    arguments = parser.parse_args()
    settings = Settings.model_validate({})
    server = grpc.server(
        ThreadPoolExecutor(settings.threads),
        handlers=[Floor(arguments.database_url, arguments.call)],
        options=_options(settings),
        maximum_concurrent_rpcs=settings.threads + settings.max_waiting_calls,
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(f"listening on 127.0.0.1:{port}", flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main()
