"""Grants as they stand in a file, and in a claim of a JWT: who has which role where, or is which participant."""

import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from activity_session_server.rpc.authentication.subjects import subject_problem
from activity_session_server.rpc.files import FileError, FilesReadAgain, read_bytes
from activity_session_server.rules import names
from activity_session_server.rules.access.callers import Grant
from activity_session_server.rules.access.roles import Role
from activity_session_server.rules.names import Kind
from activity_session_server.rules.problems import Problem

ALL_NAMESPACES = "*"
_NAMESPACES = "namespaces/"
_KEYS = ("namespace", "role", "participant")
GrantsBySubject = Mapping[str, Sequence[Grant]]


class GrantError(Exception):
    """An entry that is no grant: what is wrong with which of its keys. The text `logged` has nothing of the entry."""

    def __init__(self, key: str, problem: Problem) -> None:
        place = f"{key}: " if key else ""
        super().__init__(place + problem.message)
        self.logged = place + problem.text


def read_grants(path: str) -> Callable[[], GrantsBySubject]:
    """What gives the grants of a file, which is read again when it has changed.

    Raises:
        FileError: it cannot be read, or an entry is no grant.
    """
    file = Path(path)
    return FilesReadAgain([file], lambda: _grants_in(file), "the file of grants").current


def grant_of(subject: str, entry: Mapping[str, Any]) -> Grant:
    """The grant that an entry makes for a subject.

    Raises:
        GrantError: it is none.
    """
    for key, value in entry.items():
        if key not in _KEYS:
            raise GrantError("", Problem(f"is no key of a grant, which has {', '.join(_KEYS)}", key))
        if not isinstance(value, str):
            raise GrantError(key, Problem("is not a text", str(value)))
    if "role" in entry and "participant" in entry:
        raise GrantError("participant", Problem("a grant has a role or a participant, not both", entry["participant"]))
    if "participant" in entry:
        return _participant_grant(subject, entry)
    if "role" in entry:
        return _role_grant(subject, entry)
    raise GrantError("role", Problem("it is missing, and so is participant: a grant has one of them"))


def check_beside(others: Iterable[Grant], grant: Grant) -> None:
    """Refuse a grant beside others of its subject, which is one participant of a namespace at most.

    Raises:
        GrantError: it would be a second one.
    """
    namespaces = {other.namespace for other in others if other.participant}
    if grant.participant and grant.namespace in namespaces:
        raise GrantError("participant", Problem("the subject is one of that namespace already"))


def _grants_in(path: Path) -> GrantsBySubject:
    try:
        document = tomllib.loads(read_bytes(path).decode())
    except ValueError as error:
        raise FileError(f"{path}: it is no TOML: {error}") from error
    if unknown := sorted(set(document) - {"grant"}):
        raise FileError(f"{path}: {unknown[0]}: there is no such key: the file has entries that begin with [[grant]]")
    entries = document.get("grant", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise FileError(f"{path}: grant: it must be entries that begin with [[grant]]")
    found: defaultdict[str, list[Grant]] = defaultdict(list)
    for number, entry in enumerate(entries, 1):
        try:
            grant = _entry_of_file(entry)
            check_beside(found[grant.subject], grant)
        except GrantError as error:
            raise FileError(f"{path}: grant {number}: {error}") from None
        found[grant.subject].append(grant)
    return dict(found)


def _entry_of_file(entry: Mapping[str, Any]) -> Grant:
    if "subject" not in entry:
        raise GrantError("subject", Problem("it is missing"))
    subject = entry["subject"]
    if not isinstance(subject, str):
        raise GrantError("subject", Problem("is not a text", str(subject)))
    if problem := subject_problem(subject):
        raise GrantError("subject", problem)
    return grant_of(subject, {key: value for key, value in entry.items() if key != "subject"})


def _role_grant(subject: str, entry: Mapping[str, str]) -> Grant:
    try:
        role = Role(entry["role"])
    except ValueError:
        raise GrantError("role", Problem(f"is none of {', '.join(Role)}", entry["role"])) from None
    namespace = entry.get("namespace", ALL_NAMESPACES if role is Role.SYSTEM else "")
    return Grant(subject, "" if namespace == ALL_NAMESPACES else _namespace_id(namespace), role)


def _participant_grant(subject: str, entry: Mapping[str, str]) -> Grant:
    participant, namespace = entry["participant"], entry.get("namespace", "")
    if namespace == ALL_NAMESPACES:
        raise GrantError("namespace", Problem("is all of them; a participant is of one", namespace))
    if "/" in participant:
        if problem := names.problem(Kind.PARTICIPANT, participant):
            raise GrantError("participant", problem)
        own, participant = names.ids_of(participant)
        if namespace and _namespace_id(namespace) != own:
            raise GrantError("namespace", Problem("is not that of the participant", namespace))
        return Grant(subject, own, participant=participant)
    if problem := names.id_problem(participant):
        raise GrantError("participant", problem)
    return Grant(subject, _namespace_id(namespace), participant=participant)


def _namespace_id(namespace: str) -> str:
    if not namespace:
        raise GrantError("namespace", Problem(f"it is missing; {ALL_NAMESPACES} gives a role in all namespaces"))
    id_ = namespace.removeprefix(_NAMESPACES)
    if problem := names.id_problem(id_):
        raise GrantError("namespace", problem)
    return id_
