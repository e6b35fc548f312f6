"""Plays: each script by each client on each backend; several at once, since many of them wait for something."""

import contextlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from backends import MariaDB, find_mariadb
from conformance.callers import calling, lacking
from conformance.matching import Mismatch
from conformance.player import Player
from conformance.scripts import Script
from conformance.stages import staged

_AT_ONCE = 8


@dataclass(frozen=True, eq=False)
class Play:
    """A script as one client plays it on one backend."""

    script: Script
    client: str
    backend: str

    @property
    def stage(self) -> tuple[str, ...]:
        """What it shares a server with: plays by the same client with the same settings, unless an operator acts."""
        settings = repr(sorted(self.script.server.items()))
        return self.client, self.backend, settings, self.script.name if self.script.needs_operator else ""

    @property
    def lacks(self) -> str | None:
        """One line on what this machine lacks for it, or None."""
        if self.backend == "mariadb" and find_mariadb() is None:
            return "MariaDB is not installed; to run its tests: apt-get install mariadb-server"
        return lacking(self.client)


Outcomes = dict[Play, Mismatch | None]


@contextlib.contextmanager
def playing(plays: Iterable[Play], folder: Path, mariadb: MariaDB | None) -> Iterator[dict[Play, Future[Outcomes]]]:
    """Plays begin, and may end, inside the block; each gets the outcomes of all plays on its stage."""
    stages: defaultdict[tuple[str, ...], list[Play]] = defaultdict(list)
    # Those that wait longest have an operator: they begin first.
    for play in sorted(plays, key=lambda play: not play.script.needs_operator):
        stages[play.stage].append(play)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        try:
            yield {
                play: future
                for number, together in enumerate(stages.values())
                for future in [pool.submit(_play, together, folder / str(number), mariadb)]
                for play in together
            }
        finally:
            pool.shutdown(cancel_futures=True)


def _play(together: list[Play], folder: Path, mariadb: MariaDB | None) -> Outcomes:
    """Play on one stage, one after another."""
    folder.mkdir()
    first = together[0]
    with (
        staged(first.script, first.backend, folder, mariadb) as operator,
        calling(first.client, operator.address, folder) as caller,
    ):
        return {play: _outcome(Player(caller, operator), play.script) for play in together}


def _outcome(player: Player, script: Script) -> Mismatch | None:
    try:
        player.play(script)
    except Mismatch as mismatch:
        return mismatch
    return None
