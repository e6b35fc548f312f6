"""The names of those who call."""

from activity_session_server.rules import names
from activity_session_server.rules.limits import SUBJECT_CHARACTERS
from activity_session_server.rules.problems import Problem, too_large


def subject_problem(subject: str) -> Problem | None:
    """What keeps a text from being a subject: 1 to 255 characters, one line, Unicode NFC, as ids are compared."""
    if not subject:
        return Problem("a subject must not be empty")
    if len(subject) > SUBJECT_CHARACTERS:
        return too_large("the subject", SUBJECT_CHARACTERS, len(subject), "characters")
    return names.exact_problem(subject)
