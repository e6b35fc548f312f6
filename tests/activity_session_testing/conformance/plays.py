"""Plays: each script by each client on each backend; several at once, since many of them wait for something."""

import contextlib
import traceback
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from activity_session_testing.backends import DatabaseServer, find_mariadb
from activity_session_testing.conformance.callers import OVER_HTTP, calling, lacking
from activity_session_testing.conformance.matching import Mismatch
from activity_session_testing.conformance.player import Player
from activity_session_testing.conformance.scripts import Script
from activity_session_testing.conformance.stages import Operator, staged

# The subject of plays by somebody who may do anything.
SYSTEM = "system"
_AT_ONCE = 8


@dataclass(frozen=True, eq=False)
class Play:
    """A script as one client plays it on one backend."""

    script: Script
    client: str
    backend: str
    # The subject whose token the client has, who may do anything; without one, it has no credentials.
    system: str = ""

    @property
    def stage(self) -> tuple[str, ...]:
        """The key of its stage: plays by the same client that need the same settings share a server."""
        alone = self.script.name if self.script.holds_commits or self.script.subjects else ""
        return self.client, self.backend, self.system, self.script.settings, alone

    @property
    def lacks(self) -> str | None:
        """Return one line on what this machine lacks for it, or None."""
        if self.backend == "mariadb" and find_mariadb() is None:
            return "mariadbd or mariadb-install-db is missing; to test on MariaDB: apt-get install mariadb-server"
        return lacking(self.client)


# What was different, or None.
Outcomes = dict[Play, str | None]


@contextlib.contextmanager
def playing(
    plays: Iterable[Play], folder: Path, databases: Mapping[str, DatabaseServer]
) -> Iterator[dict[Play, Future[Outcomes]]]:
    """Start the plays inside the block; the future of each has the outcomes of all plays on its stage."""
    stages: defaultdict[tuple[str, ...], list[Play]] = defaultdict(list)
    # If a play fails midway, what its operator has done stays: so plays without an operator come first.
    for play in sorted(plays, key=lambda play: play.script.needs_operator):
        stages[play.stage].append(play)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        try:
            yield {
                play: future
                # The last ones wait longest, so they are started first.
                for number, together in enumerate(reversed(stages.values()))
                for future in [pool.submit(_play, together, folder / str(number), databases)]
                for play in together
            }
        finally:
            pool.shutdown(cancel_futures=True)


def _play(together: list[Play], folder: Path, databases: Mapping[str, DatabaseServer]) -> Outcomes:
    """Run plays on one stage, one after another."""
    first = together[0]
    is_http = first.client in OVER_HTTP
    try:
        folder.mkdir()
        with (
            staged(first.script, first.backend, folder, databases, system=first.system, is_http=is_http) as operator,
            contextlib.ExitStack() as stack,
        ):
            caller, *others = (
                stack.enter_context(calling(first.client, operator.address, folder, _token(operator, subject)))
                for subject in (first.system, *sorted(first.script.subjects))
            )
            subjects = dict(zip(sorted(first.script.subjects), others, strict=True))
            return {play: _outcome(Player(caller, operator, subjects), play.script) for play in together}
    except Exception:  # without a stage, none of them can be played
        return dict.fromkeys(together, traceback.format_exc())


def _token(operator: Operator, subject: str) -> str:
    return operator.access.token(subject) if operator.access and subject else ""


def _outcome(player: Player, script: Script) -> str | None:
    try:
        player.play(script)
    except Mismatch as mismatch:
        return str(mismatch)
    except Exception:  # the next one may be playable
        return traceback.format_exc()
    return None
