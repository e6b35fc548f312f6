"""Bodies of JSON that would become far more than they are: they are refused before they do."""

from pathlib import Path

import pytest

from activity_session_testing.http_calls import HttpClient
from activity_session_testing.processes import serving_process

MOST_RESIDENT = 150 * 1024 * 1024
FLAGS = ("--database-url", "sqlite:///:memory:", "--http-address", "127.0.0.1:0")
WORST = {
    "many objects": b"{}," * 1_300_000,
    "objects in objects": b'{"a":' * 800_000,
    "lists in lists": b"[" * 4_000_000,
    "a text without an end": b'"' + b'\\"' * 2_000_000,
    "texts without anything between": b'""' * 2_000_000,
}


@pytest.mark.parametrize("sent", WORST.values(), ids=WORST)
def test_the_worst_bodies_take_little_memory(tmp_path: Path, sent: bytes) -> None:
    with serving_process(tmp_path / "log", *FLAGS) as process:
        assert process.process.stdout is not None
        http = HttpClient(process.process.stdout.readline().removeprefix("JSON over HTTP on ").strip())
        before = process.most_resident_bytes()
        for body in sent, b'{"events":[' + sent:
            answer = http.call("POST", "/v1/namespaces/default/sessions/x/events:append", body)
            assert (answer.code, answer.error["status"]) == (400, "INVALID_ARGUMENT")
        assert process.most_resident_bytes() - before < MOST_RESIDENT
