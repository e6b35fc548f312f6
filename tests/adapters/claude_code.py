#!/usr/bin/env python3
"""In the place of Claude Code, for the tests: it speaks to the SDK as that does, and a script is its model.

It resumes from the transcript in its folder, which the SDK has written there, follows that as a chain, runs a tool, and
says how many messages it has heard and what the last of them was. It mirrors what it adds to the transcript.
"""

import datetime as dt
import json
import os
import re
import sys
import uuid
from pathlib import Path
from typing import Any

TYPES = ("user", "assistant")


def option(name: str) -> str | None:
    found = [argument.partition("=")[2] for argument in sys.argv if argument.startswith(f"--{name}=")]
    return found[0] if found else None


def write(**message: Any) -> None:
    print(json.dumps(message), flush=True)


def chain(entries: list[Any]) -> list[Any]:
    """What the newest message leads back to, the oldest first."""
    by_uuid = {entry["uuid"]: entry for entry in entries if entry.get("type") in TYPES}
    found: list[Any] = []
    at = list(by_uuid)[-1] if by_uuid else None
    while at is not None:
        found.insert(0, by_uuid[at])
        at = by_uuid[at].get("parentUuid")
    return found


def main() -> None:
    id_ = option("resume") or str(uuid.uuid4())
    project = re.sub("[^a-zA-Z0-9]", "-", os.path.realpath(Path.cwd()))
    path = Path(os.environ["CLAUDE_CONFIG_DIR"]) / "projects" / project / f"{id_}.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    heard = chain([json.loads(line) for line in lines])
    for line in sys.stdin:
        message = json.loads(line)
        if message["type"] == "control_request":
            response = {"subtype": "success", "request_id": message["request_id"], "response": {}}
            write(type="control_response", response=response)
        elif message["type"] == "user":
            turn(message["message"], heard, id_, path)
            return


def turn(prompt: Any, heard: list[Any], id_: str, path: Path) -> None:
    call = {"type": "tool_use", "id": f"t-{uuid.uuid4()}", "name": "Read", "input": {"file_path": "sky.txt"}}
    result = {"type": "tool_result", "tool_use_id": call["id"], "content": "grey"}
    before = json.dumps([entry["message"]["content"] for entry in heard])
    messages = [
        ("user", prompt["content"]),
        ("assistant", [call]),
        ("user", [result]),
        ("assistant", [{"type": "text", "text": f"Grey. I had heard {before}"}]),
    ]
    parent, entries = heard[-1]["uuid"] if heard else None, []
    for role, said in messages:
        entry = {"type": role, "uuid": str(uuid.uuid4()), "parentUuid": parent, "sessionId": id_, "isSidechain": False}
        entry |= {"timestamp": dt.datetime.now(dt.UTC).isoformat()}
        entries.append(entry | {"message": {"role": role, "content": said}})
        parent = entry["uuid"]
    write(type="transcript_mirror", filePath=str(path), entries=entries)
    end = {"duration_ms": 1, "duration_api_ms": 1, "is_error": False, "num_turns": 1, "session_id": id_}
    write(type="result", subtype="success", **end)
    sys.stdin.read()


if __name__ == "__main__":
    main()
