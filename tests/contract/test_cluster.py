"""That the contract means several nodes where it runs on a Galera cluster."""

import pytest

from activity_session_testing.backends import GALERA
from activity_session_testing.galera import NODES, Galera
from activity_session_testing.moments import eventually
from activity_session_testing.servers import Client
from activity_session_testing.steps import append, new_session

APPENDS_OF_A_NODE = 10


def commits(cluster: Galera) -> list[int]:
    """Return how many commits clients have sent to each node."""
    rows = [node.execute("SHOW GLOBAL STATUS LIKE 'Com_commit'") for node in cluster.nodes]
    return [int(str(count)) for ((_, count),) in rows]


@pytest.mark.parametrize("database_urls", [GALERA], indirect=True)
def test_the_calls_of_a_client_go_to_each_node_in_turn(galera: Galera, client: Client, namespace: str) -> None:
    session = new_session(client, namespace).name

    def go_to_each() -> bool:
        before = commits(galera)
        for _ in range(NODES * APPENDS_OF_A_NODE):
            append(client, session, "x")
        return all(now - then >= APPENDS_OF_A_NODE for then, now in zip(before, commits(galera), strict=True))

    # Not before the client is connected to all servers.
    eventually(go_to_each)
