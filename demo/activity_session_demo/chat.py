"""The chatters: each nick is a client of its own, and a few threads let all of them speak at once."""

import itertools
import threading
from collections.abc import Callable, Sequence

import grpc
from google.protobuf.duration_pb2 import Duration

from activity_session import v1
from activity_session_demo.connection import Connection, reason_of
from activity_session_demo.transcript import AGENT, Line, participant_name, type_of

# Short, since the other agents wait for the turn of an agent that the server's death has cut off.
_TURN_TTL = Duration(seconds=3)
_MOST_TURNS = 10


class Chatter:
    """One nick and its lines. The channel itself has no nick; its lines have no author."""

    def __init__(self, connection: Connection, namespace: str, session: str, nick: str) -> None:
        self._connection = connection
        self._namespace, self._session, self._nick = namespace, session, nick
        self._has_joined = not nick
        self._is_agent = type_of(nick) == AGENT

    def say(self, line: Line) -> None:
        if not self._has_joined:
            self._join()
        if self._is_agent:
            self._answer(line)
        else:
            self._append(line)
        self._connection.tally.count("lines")

    def _join(self) -> None:
        """Become a participant, and a member of the session."""
        ensure = v1.EnsureParticipantRequest(
            parent=self._namespace,
            participant_id=self._nick,
            participant=v1.Participant(participant_type=type_of(self._nick)),
        )
        participant = self._connection.ask(self._connection.participants.EnsureParticipant, ensure).participant
        bind = v1.BindParticipantRequest(session=self._session, participant=participant.name)
        self._connection.ask(self._connection.sessions.BindParticipant, bind)
        self._has_joined = True

    def _append(self, line: Line, turn_token: int = 0) -> None:
        request = v1.AppendEventsRequest(
            parent=self._session, events=[line.event(self._namespace)], turn_token=turn_token
        )
        self._connection.ask(self._connection.events.AppendEvents, request)

    def _answer(self, line: Line) -> None:
        """Say a line in a turn, and take another turn if that one ends too early."""
        for _ in range(_MOST_TURNS):
            turn = self._take_turn()
            try:
                self._append(line, turn.token)
            except grpc.RpcError as error:
                if reason_of(error) != "TURN_LOST":
                    raise
                lost = error
            else:
                return self._release(turn)
        raise lost

    def _take_turn(self) -> v1.TurnLease:
        request = v1.AcquireTurnRequest(
            session=self._session,
            participant=participant_name(self._namespace, self._nick),
            ttl=_TURN_TTL,
            wait=True,
        )
        turn = self._connection.ask(self._connection.sessions.AcquireTurn, request)
        self._connection.tally.count("turns")
        return turn

    def _release(self, turn: v1.TurnLease) -> None:
        request = v1.ReleaseTurnRequest(session=self._session, token=turn.token)
        try:
            self._connection.ask(self._connection.sessions.ReleaseTurn, request)
        except grpc.RpcError as error:
            # Another agent has the turn already.
            if reason_of(error) != "TURN_LOST":
                raise


def chatters_of(
    connections: Sequence[Connection], namespace: str, session: str, given: Sequence[str]
) -> dict[str, Chatter]:
    """Return a chatter for each nick, and one for the channel itself; they share the connections evenly."""
    return {
        nick: Chatter(connection, namespace, session, nick)
        for nick, connection in zip(["", *given], itertools.cycle(connections), strict=False)
    }


class Schedule:
    """Hands out lines in the order of the transcript, one at a time for each nick, so that its lines stay in order."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._lines = list(lines)
        self._busy: set[str] = set()
        self._changed = threading.Condition()

    def run(self, say: Callable[[Line], None]) -> None:
        """Call `say` with each line until none are left; several threads do this."""
        while line := self._take():
            try:
                say(line)
            finally:
                self._free(line.nick)

    def _take(self) -> Line | None:
        with self._changed:
            while self._lines:
                for index, line in enumerate(self._lines):
                    if line.nick not in self._busy:
                        self._busy.add(line.nick)
                        return self._lines.pop(index)
                self._changed.wait()
        return None

    def _free(self, nick: str) -> None:
        with self._changed:
            self._busy.remove(nick)
            self._changed.notify_all()
