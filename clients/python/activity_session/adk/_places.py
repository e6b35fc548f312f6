"""Where the service has what ADK names: an app is a namespace, a user a participant.

Two users of an app may use one session id. So the id of our session is made of both, and a label has the user; if
either is too long to be told by those, `data` tells. A session that is shared has the id that others gave it.
"""

import contextlib
import json
from dataclasses import dataclass

from activity_session import names, v1

LABEL = "adk_user"


@dataclass(frozen=True, slots=True)
class Place:
    """A session of ADK; `shared` is the id of ours, if that is one which others use too."""

    namespace: str
    user_id: str
    session_id: str
    shared: str = ""

    @property
    def user(self) -> str:
        """The name of the participant."""
        return names.participant(self.namespace, names.escape(self.user_id))

    def author(self, name: str) -> str:
        """The name of the participant that is an author to ADK: `user` is the user of the session; empty of none."""
        if name == "user":
            return self.user
        return name and names.participant(self.namespace, names.escape(name))

    @property
    def id(self) -> str:
        """The last segment of the name of our session."""
        return self.shared or names.escape(self._text)

    @property
    def name(self) -> str:
        """The name of our session."""
        return names.session(self.namespace, self.id)

    @property
    def _text(self) -> str:
        return f"{names.escape(self.user_id)}/{self.session_id}"

    def described(self) -> v1.Session:
        """Return our session, as it is to be created."""
        members = [v1.SessionParticipant(participant=self.user)]
        if self.shared:
            return v1.Session(participants=members)
        return v1.Session(
            participants=members,
            labels={LABEL: names.escape(self.user_id), **names.labels(self._text)},
            data=json.dumps([self.user_id, self.session_id]),
        )


def filter_of(user_id: str | None) -> str:
    """Return the filter for the sessions of a user, or of all users."""
    if user_id is None:
        return f"labels.{LABEL}:*"
    quoted = names.escape(user_id).replace("\\", "\\\\").replace('"', '\\"').replace("*", "\\*")
    return f'labels.{LABEL} = "{quoted}"'


def place_of(session: v1.Session) -> Place | None:
    """Return what a session of ours is to ADK; None if that takes `data`, which is not there."""
    name = names.parse(session.name)
    with contextlib.suppress(ValueError, TypeError):  # not there, or somebody has changed it
        user_id, session_id = json.loads(session.data)
        return Place(name.namespace, user_id, session_id)
    told, text = names.unescape(session.labels[LABEL]), names.unescape(name.session, session.labels)
    return None if told is None or text is None else Place(name.namespace, told, text.partition("/")[2])
