"""Servers whose callers have tokens and roles, and their clients."""

import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from activity_session_server.app import App
from activity_session_server.rules.roles import Role
from activity_session_testing.callers import new_token
from activity_session_testing.servers import Client, connected, serving

# Whose token nobody knows.
STRANGER = "stranger"


class Subjects:
    """A server, and the tokens of its callers."""

    def __init__(self, server: App, tokens: Mapping[str, str]) -> None:
        self.server = server
        self.tokens = tokens

    @contextlib.contextmanager
    def client(self, subject: str = "") -> Iterator[Client]:
        """A client of a subject, or one without credentials."""
        with connected(self.server.address, token=self.tokens[subject] if subject else "") as client:
            yield client


def access_settings(folder: Path, roles: Mapping[str, Role | None]) -> tuple[dict[str, str], dict[str, str]]:
    """Returns the settings of a server whose callers have those roles in all namespaces, or none, and their tokens."""
    tokens_file, grants_file = folder / "tokens", folder / "grants.toml"
    tokens = {subject: new_token(tokens_file, subject) for subject in roles}
    grants = [_grant(subject, role) for subject, role in roles.items() if role]
    grants_file.write_text("".join(grants), encoding="utf-8")
    return {"tokens_file": str(tokens_file), "grants_file": str(grants_file)}, tokens


def _grant(subject: str, role: Role) -> str:
    return f'[[grant]]\nsubject = {json.dumps(subject, ensure_ascii=False)}\nnamespace = "*"\nrole = "{role}"\n'


@contextlib.contextmanager
def serving_subjects(
    folder: Path, database_url: str, roles: Mapping[str, Role | None], **settings: Any
) -> Iterator[Subjects]:
    """Run a server on a free port, with the database migrated, for those subjects and callers without credentials."""
    access, tokens = access_settings(folder, roles)
    unknown = tokens[next(iter(tokens))][:-1] + "?"
    with serving(database_url, allow_anonymous=True, **access, **settings) as server:
        yield Subjects(server, {**tokens, STRANGER: unknown})
