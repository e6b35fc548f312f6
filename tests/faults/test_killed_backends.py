"""PostgreSQL's processes are killed and frozen at each moment of a write, while others write.

Nothing that was acknowledged is lost, nothing is there twice, and what was refused as not written is not there.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from sqlalchemy import make_url

from activity_session_server.app import App
from activity_session_testing.moments import Send, Times, errors_of, eventually, sending
from activity_session_testing.postgresql import PostgreSQL
from activity_session_testing.proxies import Proxy, proxying
from activity_session_testing.servers import connected, serving
from activity_session_testing.steps import list_events, new_session
from activity_session_testing.writers import NOT_WRITTEN, QUIET_EVENTS, Writers, wrong

PARENT = "namespaces/default"
NO_UPKEEP = 300.0
BLOWS = {"killed": 3, "frozen": 1}
MOMENTS = {"before a statement": "INSERT INTO event", "before the commit": "COMMIT", "before its response": "COMMIT"}


@pytest.mark.parametrize(
    ("log", "told"),
    [
        ([(1, "a"), (2, "b")], []),
        ([(1, "a"), (2, "b"), (3, "a")], ["a is there 2 times", "a is not number 1"]),
        ([(1, "b"), (2, "a")], ["a is not number 1"]),
        ([(1, "a"), (2, "c")], ["c was refused"]),
        ([(1, "a"), (2, "d")], ["d was never sent"]),
        ([(1, "a"), (3, "b")], ["there are gaps"]),
        ([], ["a is not number 1"]),
    ],
)
def test_what_is_wrong_is_found(log: list[tuple[int, str]], told: list[str]) -> None:
    refused = {"b": "COMMIT_OUTCOME_UNKNOWN", "c": "DATABASE_UNAVAILABLE"}
    assert wrong(log, {"a": 1}, refused) == told


class Blows:
    """Strikes the process of PostgreSQL that is about to be sent a statement, at a moment of the write."""

    def __init__(self, postgresql: PostgreSQL, proxy: Proxy, moment: str, errors: Any) -> None:
        self._postgresql, self._proxy, self._errors = postgresql, proxy, errors
        self._is_after, self._start = moment == "before its response", MOMENTS[moment]
        self.times = Times(0)

    @contextmanager
    def dealt_to(self, server: App, strike: Callable[["Blows", int], None]) -> Iterator[None]:
        """Strike one process inside the block."""
        struck = Times(1)
        done = threading.Event()
        with ThreadPoolExecutor(1) as pool:

            def after(pid: int) -> None:
                eventually(lambda: self._has_committed(pid))
                strike(self, pid)
                self._proxy.release()
                done.set()

            def tell(send: Send, statement: str, *values: Any) -> Any:
                if statement.startswith(self._start) and struck.may_be_once_more():
                    pid = send.__self__.connection.info.backend_pid  # type: ignore[attr-defined]
                    if self._is_after:
                        self._proxy.hold_answers()
                        pool.submit(after, pid)
                    else:
                        strike(self, pid)
                        done.set()
                return send(statement, *values)

            with sending(server, tell):
                yield
                assert done.wait(60)
            self.times.count += struck.count

    def killed(self, pid: int) -> None:
        """Kill it; PostgreSQL then ends all others too, and recovers."""
        os.kill(pid, signal.SIGKILL)

    def frozen(self, pid: int) -> None:
        """Freeze all until the server has given up a connection; `pid` is among them."""
        del pid
        ice = ExitStack()
        ice.enter_context(self._postgresql.frozen())
        threading.Thread(target=self._thaw, args=(ice, self._errors.qsize())).start()

    def _thaw(self, ice: ExitStack, errors: int) -> None:
        with ice:
            eventually(lambda: self._errors.qsize() > errors)

    def _has_committed(self, pid: int) -> bool:
        """Whether it has carried out the COMMIT, and waits for the next statement."""
        rows = self._postgresql.execute(f"SELECT state, query FROM pg_stat_activity WHERE pid = {pid}")
        return rows == [("idle", "COMMIT")]


@pytest.mark.parametrize("strike", [Blows.killed, Blows.frozen], ids=["killed", "frozen"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_no_event_is_lost_or_there_twice(
    postgresql: PostgreSQL, moment: str, strike: Callable[[Blows, int], None]
) -> None:
    url = make_url(postgresql.new_database())
    with proxying(f"127.0.0.1:{postgresql.port}") as proxy:
        through = url.set(port=int(proxy.address.rpartition(":")[2])).render_as_string(hide_password=False)
        with (
            serving(through, database_timeout=1, health_interval=NO_UPKEEP) as server,
            connected(server.address) as client,
            errors_of(server) as errors,
        ):
            session = new_session(client, PARENT).name
            blows, writers = Blows(postgresql, proxy, moment, errors), Writers(server.address, session)
            with writers.writing():
                for _ in range(BLOWS[strike.__name__]):
                    writers.wait_for_more()
                    with blows.dealt_to(server, strike):
                        pass
                writers.wait_for_more()
            log = [(event.sequence, event.text) for event in list_events(client, session)]
    assert blows.times.count == BLOWS[strike.__name__] <= errors.qsize()
    assert len(writers.acknowledged) > QUIET_EVENTS
    assert wrong(log, writers.acknowledged, writers.refused) == []
    assert set(writers.refused.values()) <= {*NOT_WRITTEN, "COMMIT_OUTCOME_UNKNOWN"}
