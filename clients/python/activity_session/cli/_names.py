"""Names as people write them: an id in the namespace that is given, or the whole name."""

import argparse

from activity_session import names


def namespace_of(flags: argparse.Namespace) -> str:
    """Return the name of the namespace that short names are in."""
    return namespace_name(flags.namespace or "default")


def namespace_name(text: str) -> str:
    """Return the name of a namespace from its id or its name.

    Raises:
        ValueError: it is neither.
    """
    return _whole(text, names.namespace(text))


def session_name(flags: argparse.Namespace) -> str:
    """Return the name of the session.

    Raises:
        ValueError: what is given is neither an id nor a name.
    """
    return _whole(flags.session, f"{namespace_of(flags)}/sessions/{flags.session}")


def participant_name(session: str, text: str) -> str:
    """Return the name of a participant, who is in the namespace of a session if only the id is given.

    Raises:
        ValueError: what is given is neither an id nor a name.
    """
    return _whole(text, names.participant(names.parse(session).namespace, text))


def id_of(name: str) -> str:
    """Return the last id of a name."""
    return name.rpartition("/")[2]


def _whole(text: str, else_: str) -> str:
    name = text if text.startswith("namespaces/") else else_
    names.parse(name)
    return name
