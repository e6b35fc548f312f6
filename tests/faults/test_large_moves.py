"""Exports and imports take as much memory for a large log as for a small one."""

import json
import os
import subprocess
from pathlib import Path

from activity_session_testing.processes import COMMAND

MIB = 1024 * 1024
TIME = "2026-01-01T00:00:00Z"
SESSION = "namespaces/n/sessions/s"
# Those of a resource, which all of them need.
COMMON = {"settings": {}, "enabled": True, "managed": False, "deleted": False, "revision": 1, "legal_hold": False}


def write_export(path: Path, events: int) -> None:
    """Write an export of one session whose events have a MiB each."""
    common = COMMON | {"create_time": TIME, "update_time": TIME}
    session = {"auto_created": False, "labels": {}, "last_sequence": events, "last_event_sequence": events}
    session |= {
        "first_sequence": 1,
        "history_revision": 0,
        "inherited_sequence": 0,
        "log_bytes": events * MIB,
        "turn_token": 0,
    }
    session |= {"last_event_time": TIME, "events_from_time": TIME}
    with path.open("w") as file:
        for word, line in (
            ("export", {"version": 1}),
            ("namespace", common | {"name": "namespaces/n", "uid": "namespace-1"}),
            ("session", common | session | {"name": SESSION, "uid": "session-1"}),
        ):
            print(json.dumps({word: line}), file=file)
        for number in range(1, events + 1):
            event = {"session": SESSION, "event_id": str(number), "sequence": number, "create_time": TIME}
            print(json.dumps({"event": event | {"text": "x" * MIB}}), file=file)
        print(json.dumps({"end": {"namespace": 1, "session": 1, "event": events}}), file=file)


def peak(*arguments: str) -> int:
    """Run a command, and return the most bytes of memory that it had."""
    process = subprocess.Popen([*COMMAND, *arguments, "--quiet"])
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_maxrss * 1024


def test_a_large_log_takes_no_more_memory_than_a_small_one(tmp_path: Path) -> None:
    peaks = []
    for events in (16, 256):
        path, again = tmp_path / f"{events}.jsonl", tmp_path / f"{events}-again.jsonl"
        url = f"sqlite:///{tmp_path / str(events)}.db"
        write_export(path, events)
        imported = peak("import", "--database-url", url, "--input", str(path))
        exported = peak("export", "--database-url", url, "--output", str(again))
        compared = peak("import", "--database-url", url, "--input", str(again))
        assert again.stat().st_size > events * MIB
        peaks.append((imported, exported, compared))
    small, large = peaks
    assert all(more - less < 32 * MIB for less, more in zip(small, large, strict=True)), peaks
