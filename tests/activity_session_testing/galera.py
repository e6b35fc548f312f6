"""A private Galera cluster on this machine: nodes of MariaDB, each of which has all data and takes writes."""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Self

from activity_session_testing.backends import MariaDB, find_mariadb
from activity_session_testing.ports import free_ports

NODES = 3
_PROVIDER = Path("/usr/lib/galera/libgalera_smm.so")
_SETTLE_SECONDS = 30


def missing_packages(*, clocks: bool = False) -> list[str]:
    """Return the packages of Debian that a cluster needs and this machine lacks; with `clocks`, where clocks differ."""
    found = {
        "mariadb-server": find_mariadb(),
        "galera-4": _PROVIDER.exists(),
        "rsync": shutil.which("rsync"),
        "faketime": not clocks or _faketime(),
    }
    return [package for package, is_there in found.items() if not is_there]


def _faketime() -> Path | None:
    """Return the library that shifts the clock of a process in which it is loaded."""
    return next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)


class Ports(NamedTuple):
    """Where a node listens: for clients, for the other nodes, and for the data that it lacks (changes, or all)."""

    clients: int
    group: int
    changes: int
    copy: int


class Node(MariaDB):
    """One server of a cluster. When it is started again, it gets what it lacks from the others before it serves.

    Its wall clock is `clock_offset` seconds ahead of this machine's, or behind it; waits are as long as ever.
    """

    def __init__(self, folder: Path, ports: Ports, cluster: str, clock_offset: float = 0) -> None:
        super().__init__(folder, ports.clients)
        self._ports, self._cluster, self._clock_offset = ports, cluster, clock_offset
        for made in (folder, folder / "data"):
            made.mkdir()
            if os.geteuid() == 0:
                shutil.chown(made, "mysql", "mysql")

    def bootstrap(self) -> None:
        """Start it with new data, as the first node of a cluster."""
        self._install()
        self.start("--wsrep-new-cluster")
        self._grant()

    def status(self) -> dict[str, str]:
        """Return the variables of its state: `wsrep_cluster_size`, `wsrep_local_state_comment`, and many more."""
        return {str(name): str(value) for name, value in self.execute("SHOW GLOBAL STATUS LIKE 'wsrep%'")}

    def _answers(self) -> bool:
        status = self.status()
        return (status["wsrep_ready"], status["wsrep_local_state_comment"]) == ("ON", "Synced")

    def _options(self) -> list[str]:
        group = f"127.0.0.1:{self._ports.group}"
        provider_options = [
            "base_host=127.0.0.1",
            f"base_port={self._ports.group}",
            f"gmcast.listen_addr=tcp://{group}",
            f"ist.recv_addr=127.0.0.1:{self._ports.changes}",
            "gcache.size=64M",
        ]
        return [
            *super()._options(),
            "--innodb-buffer-pool-size=128M",
            "--binlog-format=ROW",
            "--innodb-autoinc-lock-mode=2",
            "--wsrep-on=ON",
            f"--wsrep-provider={_PROVIDER}",
            f"--wsrep-provider-options={';'.join(provider_options)}",
            f"--wsrep-cluster-address={self._cluster}",
            f"--wsrep-node-name={self.folder.name}",
            f"--wsrep-node-address={group}",
            "--wsrep-sst-method=rsync",
            f"--wsrep-sst-receive-address=127.0.0.1:{self._ports.copy}",
            "--wsrep-slave-threads=2",
        ]

    def _environment(self) -> dict[str, str]:
        if not self._clock_offset:
            return super()._environment()
        return super()._environment() | {
            "LD_PRELOAD": str(_faketime()),
            "FAKETIME": f"{self._clock_offset:+f}",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    @staticmethod
    def _user() -> list[str]:
        # The rsync that root starts to receive data gives up root's rights, and then may not write.
        return ["--user=mysql"] if os.geteuid() == 0 else []


class Galera:
    """A cluster that only this machine can reach."""

    def __init__(self, folder: Path, clock_offsets: Sequence[float] = NODES * (0,)) -> None:
        """Plan a node for each offset of a clock, in seconds; none is started."""
        numbers = iter(free_ports(len(Ports._fields) * len(clock_offsets)))
        ports = [Ports(*(next(numbers) for _ in Ports._fields)) for _ in clock_offsets]
        cluster = "gcomm://" + ",".join(f"127.0.0.1:{port.group}" for port in ports)
        self.nodes = [
            Node(folder / f"node{number}", of_node, cluster, offset)
            for number, (of_node, offset) in enumerate(zip(ports, clock_offsets, strict=True), 1)
        ]

    @classmethod
    @contextlib.contextmanager
    def running(cls, clock_offsets: Sequence[float] = NODES * (0,)) -> Iterator[Self]:
        """Run a fresh cluster inside the block."""
        with tempfile.TemporaryDirectory(prefix="galera") as name, contextlib.ExitStack() as started:
            # The nodes may run as another user, who has to reach their folders.
            Path(name).chmod(0o755)
            cluster = cls(Path(name), clock_offsets)
            for node in cluster.nodes:
                node.bootstrap() if node is cluster.nodes[0] else node.start()
                started.callback(node.kill)
            yield cluster

    def new_database(self) -> list[str]:
        """Create an empty database, and return its URL on each node."""
        database = self.nodes[0].new_database().rpartition("/")[2]
        self.settle()
        return [node.url(database) for node in self.nodes]

    def settle(self) -> None:
        """Wait until each node has what the first one has now."""
        newest = self._newest(self.nodes[0])
        deadline = time.monotonic() + _SETTLE_SECONDS
        while not all(self._newest(node) >= newest for node in self.nodes):
            assert time.monotonic() < deadline, [node.status() for node in self.nodes]
            time.sleep(0.01)

    @staticmethod
    def _newest(node: Node) -> int:
        return int(node.status()["wsrep_last_committed"])
