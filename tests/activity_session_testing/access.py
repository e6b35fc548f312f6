"""Servers that tell their callers apart, by files of tokens and grants that a test can change while they run."""

import contextlib
import json
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from activity_session_server.app import App
from activity_session_server.rpc import files
from activity_session_server.rpc.authentication import token_file, tokens
from activity_session_server.rpc.authentication.grants import ALL_NAMESPACES
from activity_session_server.rules.access.callers import Grant
from activity_session_testing import planted
from activity_session_testing.servers import Client, connected, serving

# In place of a subject: somebody whose token no server knows.
STRANGER = "(stranger)"


class Access:
    """A server, and who may do what there."""

    def __init__(self, folder: Path, grants: Iterable[Grant]) -> None:
        self.server: App
        self._tokens_file, self._grants_file = folder / "tokens.json", folder / "grants.toml"
        self._tokens: dict[str, tuple[str, str]] = {}
        self._grants: tuple[Grant, ...] = ()
        self._write(grants)

    @property
    def settings(self) -> dict[str, str]:
        """What a server needs to know of it."""
        return {"tokens_file": str(self._tokens_file), "grants_file": str(self._grants_file)}

    def grant(self, grant: Grant) -> None:
        """Add a grant, and wait until the server goes by it."""
        self.set_grants([*self._grants, grant])

    def set_grants(self, grants: Iterable[Grant]) -> None:
        """Replace all grants, and wait until the server goes by them."""
        self._write(grants)
        time.sleep(files.INTERVAL)

    def revoke(self, subject: str) -> None:
        """Take the token of a subject back, and wait until the server goes by that."""
        token_file.remove(str(self._tokens_file), self._tokens.pop(subject)[1])
        time.sleep(files.INTERVAL)

    def token(self, subject: str) -> str:
        """Return the token of a subject; that of the stranger is not known to any server."""
        return f"{tokens.PREFIX}unknown" if subject == STRANGER else self._tokens[subject][0]

    @contextlib.contextmanager
    def client(self, subject: str = "") -> Iterator[Client]:
        """A client of a subject, or one without credentials."""
        with connected(self.server.address, token=self.token(subject) if subject else "") as client:
            yield client

    def _write(self, grants: Iterable[Grant]) -> None:
        self._grants = tuple(grants)
        for subject in {grant.subject for grant in self._grants} - self._tokens.keys():
            token, made = tokens.new_token(subject)
            planted.plant(token)
            token_file.add(str(self._tokens_file), made)
            self._tokens[subject] = token, made.id
        new = self._grants_file.with_suffix(".new")
        new.write_text("\n".join(map(_entry, self._grants)))
        new.replace(self._grants_file)


@contextlib.contextmanager
def serving_callers(database_url: str, grants: Iterable[Grant], **settings: Any) -> Iterator[Access]:
    """Run a server whose callers have those grants."""
    with tempfile.TemporaryDirectory() as folder:
        access = Access(Path(folder), grants)
        with serving(database_url, **access.settings, **settings) as server:
            access.server = server
            yield access


def _entry(grant: Grant) -> str:
    values = {"subject": grant.subject, "namespace": grant.namespace or ALL_NAMESPACES}
    values |= {"participant": grant.participant} if grant.participant else {"role": str(grant.role)}
    # A text of JSON is one of TOML too.
    return "[[grant]]\n" + "".join(
        f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in values.items()
    )
