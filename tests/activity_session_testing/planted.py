"""The secrets that tests give to servers, and a look for them in all that servers write: a plugin of pytest.

Whatever a test does, it fails when a server under test has let out a token, the password of the database, or a content.
"""

import logging
from collections.abc import Generator

import pytest

from activity_session_server.logs import Formatter, json_line

# A shorter text can stand in a line by chance.
SHORTEST = 12
# Contents of a test; further ones are not looked for, since a test can write very many.
_MOST_CONTENTS = 100
_credentials: set[str] = set()
_contents: set[str] = set()
_found: list[str] = []


def plant(credential: str) -> str:
    """Have a credential looked for until the end; returns it."""
    _credentials.add(credential)
    return credential


def plant_content(content: str) -> None:
    """Have a content looked for until the end of the test, if it is long enough to know it again, and no name."""
    if len(content) >= SHORTEST and len(_contents) < _MOST_CONTENTS and not content.startswith("namespaces/"):
        _contents.add(content)


def look(text: str, *, for_contents: bool = True) -> None:
    """Note which secrets stand in a text that a server has written."""
    secrets = (*_credentials, *_contents) if for_contents else _credentials
    _found.extend(f"{secret[:40]!r} in {text[:2000]!r}" for secret in secrets if secret in text)


class _Looking(logging.Handler):
    """Looks into the lines of servers that run in this process, as they would be written."""

    def emit(self, record: logging.LogRecord) -> None:
        look(self.format(record))


def _is_asked_for(record: logging.LogRecord) -> bool:
    """Whether a test would see a line if nobody looked for secrets in it."""
    level = logging.getLogger(record.name).level or logging.getLogger().level
    return record.levelno >= level


def pytest_sessionstart(session: pytest.Session) -> None:
    """Look into all lines, and show tests those that they ask for."""
    capture = session.config.pluginmanager.getplugin("logging-plugin")
    for shown in (capture.caplog_handler, capture.report_handler):
        shown.addFilter(_is_asked_for)
    handler = _Looking()
    handler.setFormatter(Formatter(json_line))
    logger = logging.getLogger("activity_session")
    logger.addHandler(handler)
    # As a server that is a process of its own.
    logger.setLevel(logging.INFO)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "teardown":
        _contents.clear()
    if report.outcome == "passed" and _found:
        report.outcome = "failed"
        report.longrepr = "\n".join(["a server has let out secrets:", *_found[:10]])
    _found.clear()
    return report
