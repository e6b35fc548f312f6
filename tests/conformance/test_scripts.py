"""The scripts are complete: all RPCs, reasons and operator steps occur. Errors in a malformed script say where."""

import json
import re
from typing import Any

import pytest

from activity_session_testing.conformance.scripts import (
    FOLDER,
    METHODS,
    OPERATOR_STEPS,
    REASONS,
    WATCH,
    ScriptError,
    load,
    load_all,
)
from activity_session_testing.conformance.stages import MariaDBOperator, PostgreSQLOperator, SQLiteOperator

SCRIPTS = load_all()
README = (FOLDER / "README.md").read_text()
GET = {"call": "SessionService/GetSession", "request": {"name": "${namespace}/sessions/a"}}
WATCHED: list[dict[str, Any]] = [{"watch": "w", "request": {"name": "${namespace}/sessions/a"}}, {"cancel": "w"}]


def used(kind: str) -> set[str]:
    return {step.subject for script in SCRIPTS for step in script.steps if step.kind == kind}


def test_every_rpc_occurs() -> None:
    assert used("call") | ({WATCH} if used("watch") else set()) == set(METHODS)


def test_every_reason_occurs() -> None:
    assert {getattr(step, "reason", "") for script in SCRIPTS for step in script.steps} - {""} == REASONS


def test_every_operator_step_occurs_and_is_explained_and_done() -> None:
    assert used("operator") == OPERATOR_STEPS
    assert set(re.findall(r"^\| `([a-z_]+)`", README, re.MULTILINE)) == OPERATOR_STEPS
    done = {name for operator in (SQLiteOperator, MariaDBOperator, PostgreSQLOperator) for name in dir(operator)}
    assert done >= OPERATOR_STEPS


def test_all_that_a_step_can_hold_is_explained() -> None:
    parts = [part for script in SCRIPTS for part in (script, *script.steps)]
    fields = {type(part).model_fields[name].alias or name for part in parts for name in part.model_fields_set}
    assert [name for name in sorted(fields) if f'"{name}"' not in README] == []


def changed(step: dict[str, Any], **fields: Any) -> list[dict[str, Any]]:
    """A script with one step, which has other fields."""
    return [{**step, **fields}]


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        ([{"request": {}}], "step 1: it is one of call, watch, "),
        ([GET, {**GET, **WATCHED[0]}], "step 2: it is one of call, watch, "),
        ([{"call": "SessionService/GetSession"}], "step 1: request: Field required"),
        (changed(GET, call="SessionService/GetSesion"), "step 1: call: 'SessionService/GetSesion' is none of"),
        (changed(GET, call=WATCH), f"step 1: call: '{WATCH}' is none of"),
        (changed(GET, statsu="OK"), "step 1: statsu: Extra inputs are not permitted"),
        (changed(GET, skip=["session"]), "step 1: skip: Extra inputs are not permitted"),
        (changed(GET, status="NOTFOUND"), "step 1: status: 'NOTFOUND' is none of"),
        (changed(GET, status="ABORTED", reason="ETAG"), "step 1: reason: 'ETAG' is none of"),
        (changed(GET, reason="ETAG_MISMATCH"), "step 1: reason: it cannot be expected with this status"),
        (changed(GET, status="ABORTED", response={}), "step 1: response: it cannot be expected with this status"),
        (changed(GET, timeout="1"), "step 1: timeout: Input should be a valid number"),
        (changed(GET, timeout=True), "step 1: timeout: Input should be a valid number"),
        (changed(GET, timeout=0), "step 1: timeout: Input should be greater than 0"),
        (changed(GET, request=[]), "step 1: request: Input should be a valid dictionary"),
        (changed(GET, status="ABORTED", fields=None), "step 1: fields: Input should be a valid list"),
        (changed(GET, status="ABORTED", fields=["a", 1]), "step 1: fields.1: Input should be a valid string"),
        (changed(GET, start=""), "step 1: start: String should have at least 1 character"),
        (changed(GET, request={"nam": "a"}), "step 1: request.nam: GetSessionRequest has no such field"),
        (changed(GET, response={"labels": {"a": "b"}, "turn": {"x": None}}), "step 1: response.turn.x: TurnLease has"),
        (changed(GET, request={"name": "${trip}"}), "step 1: request: ${trip} was not saved before"),
        (changed(GET, start="a"), "a: it is neither finished nor cancelled"),
        ([*changed(GET, start="a"), *changed(GET, start="a")], "step 2: a: it is under way"),
        (changed(GET, start="a", status="OK"), "step 1: start: what is expected belongs in the step with finish"),
        ([{"finish": "a"}], "step 1: finish: 'a' is not under way"),
        ([WATCHED[0], {"receive": "w", "messages": [{"evnt": {}}]}, WATCHED[1]], "step 2: messages.evnt: Watch"),
        ([WATCHED[0], {"receive": "w", "messages": [], "skip": ["x"]}, WATCHED[1]], "step 2: skip: 'x' is none of"),
        ([{"operator": "run"}], "step 1: operator: 'run' is none of"),
        ([{"operator": "lock_database", "server": {}}], "step 1: server: only a server that is started takes settings"),
    ],
)
def test_a_mistake_in_a_step_is_told(steps: list[dict[str, Any]], found: str) -> None:
    with pytest.raises(ScriptError, match=f"^{re.escape(f'some.json: {found}')}"):
        load("some.json", json.dumps({"title": "Some", "steps": steps}))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{", "Expecting property name"),
        ("[]", "Input should be a valid dictionary"),
        ('{"title": "Some"}', "steps: Field required"),
        ('{"title": 1, "steps": []}', "title: Input should be a valid string"),
        ('{"title": "Some", "steps": [], "backend": []}', "backend: Extra inputs are not permitted"),
        (
            '{"title": "Some", "steps": [], "backends": ["mysql"]}',
            "backends: 'mysql' is none of mariadb, postgresql, sqlite",
        ),
        ('{"title": "Some", "steps": [], "server": {"adress": ""}}', "server: 'adress' is none of address, "),
        ('{"title": "Some", "steps": [1]}', "step 1: it is one of call, watch, "),
        ('{"title": "Some", "title": "Other", "steps": []}', "a field is given twice among title, title, steps"),
    ],
)
def test_a_mistake_around_the_steps_is_told(text: str, found: str) -> None:
    with pytest.raises(ScriptError, match=f"^{re.escape(f'some.json: {found}')}"):
        load("some.json", text)


def test_all_mistakes_are_told_at_once() -> None:
    steps = [{**GET, "request": []}, GET, {**GET, "statsu": "OK"}]
    with pytest.raises(ScriptError) as raised:
        load("some.json", json.dumps({"steps": steps}))
    told = [line.rpartition(": ")[0] for line in str(raised.value).splitlines()]
    assert told == ["some.json: title", "some.json: step 1: request", "some.json: step 3: statsu"]
