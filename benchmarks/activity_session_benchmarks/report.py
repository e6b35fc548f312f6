"""Writes the page of the benchmarks and its plots from the results of the other programs in this folder."""

import argparse
import itertools
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from activity_session_benchmarks import tables
from activity_session_benchmarks.places import ROOT, Place, place
from activity_session_benchmarks.tables import by_database, table
from activity_session_benchmarks.targets import TARGETS, Rows, Verdict

PYTHON_WITH_PLOTS, NOTES = ROOT / ".build/peers/bin/python", ROOT / "benchmarks/notes.md"
INTRODUCTION = """\
# Benchmarks

What a call costs the server, compared with the least that it can cost and with what people use today. `make bench`
measures all of it on one machine in one run, and writes this page; `make bench QUICK=1` measures calls, growth and
watches in less than two minutes, and writes a page of its own, `.build/bench/quick/benchmarks.md`. On another machine
the microseconds differ; the ratios are what matters. It needs ghz
(`go install github.com/bojand/ghz/cmd/ghz@v0.120.0`) and, for the workers, h2load (`apt-get install nghttp2-client`).

## Method

- The cost of a call is the CPU time (user and system, all threads) that the server's process spends on many calls,
  divided by their number; µs are millionths of a second. Warming up does not count, nor does what the database server
  or the client spends, on any side.
- Servers, and peers that work in the caller's process, have one core. Clients, the load generator
  [ghz](https://ghz.sh) and the database server have another. A response that is not OK ends the run.
- The floor of a call is a bare grpcio server with the same options that sends the statements of that call with the
  plain driver (sqlite3, PyMySQL, psycopg), in the same transaction, on the same database, and returns nothing. They are
  recorded on our server: the floor sends what a call sends, with parameters of its own only where two calls differ.
  The empty floor sends no statement. Ours and its floors are loaded in turn, so that whatever else the machine does
  affects all of them equally; figures are medians of the rounds.
- SQLite has its write-ahead log with `synchronous=FULL`, which waits for the disk at each commit. MariaDB does so only
  once a second (`innodb_flush_log_at_trx_commit=2`), PostgreSQL never (`fsync=off`): their waits for the disk are not
  in the figures.
- Peers work as people run them: in the process that calls them, one call after the other, with the asyncio drivers
  aiosqlite and asyncmy, each in a database of its own. Ours is called through a socket, as is google-adk's REST
  server, and theirs is the time of the server. Ours has several callers at once, as servers have, and that is what the
  targets compare. The tables also have the cost with a single caller, for which the server wakes each time, and that
  cost including the time of the Python client that reads the response."""


class Part(NamedTuple):
    """A section: its text, and the table of a database's rows."""

    text: str
    table: Callable[[Rows], str]


PARTS = {
    "calls": Part(
        """\
## Calls and their floor

CPU time per call at the concurrency of the load, and the calls per second that one core has served at that
concurrency.""",
        tables.calls,
    ),
    "growth": Part(
        """\
## Growth

µs of CPU time of one caller's calls with more and more stored, and in brackets the multiple of the cost with 100.

![Cost of a call by the amount stored, on SQLite](benchmarks/growth-sqlite.svg)

![Cost of a call by the amount stored, on MariaDB](benchmarks/growth-mariadb.svg)

![Cost of a call by the amount stored, on PostgreSQL](benchmarks/growth-postgresql.svg)""",
        tables.growth,
    ),
    "access": Part(
        """\
## Access

What it costs more to tell callers apart, and to judge what they may do: µs of CPU time of a single caller's calls, each
on a server of its own. A JWT, and a token, is known from the calls before. The lists are of a participant with a few
sessions, among few sessions of others and among many; their ratio is that to the first.""",
        tables.access,
    ),
    "monitoring": Part(
        """\
## Metrics and traces

What it costs that calls are counted, with `--admin-address`, and that one in a hundred is traced, or each, with a
collector: µs of CPU time of the server for a single caller's calls, without and with it, in turn. What a
scrape costs is beside them: Prometheus asks every 15 or 30 seconds.""",
        tables.monitoring,
    ),
    "http": Part(
        """\
## HTTP

What a call costs the server as JSON, and over Connect, against the same over gRPC: CPU time of a single caller's calls
to one server, over each in turn; and the memory of watches as server-sent events.""",
        tables.http,
    ),
    "history": Part(
        """\
## History

What the history of a log costs: a page of a list where many ranges of the log are out of view, and of a fork of forks,
against the same of a plain log; and a fork against an empty session. µs of CPU time of server and database together,
each in turn.""",
        tables.history,
    ),
    "watch": Part(
        """\
## Watches

One session with some number of watchers: the time from append to delivery while events come slowly, and the deliveries
per second when events come as fast as watchers get them.""",
        tables.watch,
    ),
    "capacity": Part(
        """\
## Capacity

Writers of one SQLite file, whose commits are shared; how soon a watch has what was written through another server;
workers on several cores, which the load generator and MariaDB need too; what is served in time of twice the calls that
a server can serve, each with a deadline of a second; and how fast a server starts, and how much memory it takes.""",
        tables.capacity,
    ),
    "adapters": Part(
        """\
## Adapters

Each adapter of the Python client beside the framework's own SQL store: µs of CPU time of the same call of the
framework, made in turns in one process. Ours is the sum of the process that calls, our server, and the database's;
theirs of the process that calls, with the store in it, and the database's. Claude Agent SDK and Pydantic AI have no SQL
store of their own. `make bench PARTS=adapters` measures only this.""",
        tables.adapters,
    ),
    "peers": Part(
        """\
## Peers

µs of CPU time for the same work, and in brackets the multiple of ours; empty where a peer does not do it.
openai-agents' SQLiteSession is plain sqlite3 in the caller's process: what no service at all costs.

![Cost of reading a session on SQLite](benchmarks/read-sqlite.svg)

![Cost of reading a session on MariaDB](benchmarks/read-mariadb.svg)

![Cost of listing sessions](benchmarks/list.svg)""",
        tables.peers,
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="of a quick run, on a page of its own")
    options = parser.parse_args()
    here = place(is_quick=options.quick)
    write(here)
    if PYTHON_WITH_PLOTS.exists():
        flags = ["--quick"] if options.quick else []
        subprocess.run([PYTHON_WITH_PLOTS, "-m", "activity_session_benchmarks.plots", *flags], check=True)
    else:
        print("left out, since peers has not made the venv that draws them: plots", file=sys.stderr)


def write(here: Place) -> None:
    """Write the page from all figures of its place."""
    results = dict(read(here))
    notes = [NOTES.read_text().strip()] if NOTES.exists() else []
    parts = [f"{PARTS[name].text}\n\n{by_database(rows, PARTS[name].table)}" for name, rows in results.items()]
    here.page.parent.mkdir(parents=True, exist_ok=True)
    here.page.write_text("\n\n".join([INTRODUCTION, versions(here), targets(results), *notes, *parts]) + "\n")
    print(f"written: {here.page}")


def read(here: Place) -> Iterator[tuple[str, Rows]]:
    """Yield what has been measured, by the name of the program."""
    for name in PARTS:
        path = here.file_of(name)
        if path.exists():
            result = json.loads(path.read_text())
            yield name, result["rows"] if name == "peers" else result
        else:
            print(f"left out, since it has not been measured: {name}", file=sys.stderr)


def versions(here: Place) -> str:
    machine = {
        "machine": f"{processor()}, {os.cpu_count()} cores",
        # The part after the number is the name of a distribution or of a host.
        "kernel": f"{platform.system()} {platform.release().partition('-')[0]}",
        "ghz": ghz_version(),
    }
    peers = here.file_of("peers")
    packages = json.loads(peers.read_text())["versions"] if peers.exists() else {}
    text = "## Versions\n\nWith `(peers)`: in the environment of the peers, in which the plots are drawn too."
    return f"{text}\n\n" + table(("", "version"), (machine | packages).items())


def processor() -> str:
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return model[1] if model else platform.machine()


def ghz_version() -> str:
    """Return the version in its build information; a ghz that `go install` has made calls itself `dev`."""
    program = shutil.which("ghz")
    build = re.search(rb"mod\tgithub\.com/bojand/ghz\tv(\S+)", Path(program).read_bytes()) if program else None
    return build[1].decode() if build else "unknown"


def targets(results: dict[str, Rows]) -> str:
    judged = (target.verdicts(results.get(target.part, [])) for target in TARGETS)
    return "## Targets\n\n" + table(Verdict._fields, itertools.chain.from_iterable(judged))


if __name__ == "__main__":
    main()
