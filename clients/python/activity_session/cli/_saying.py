"""What an event says to a person."""

from activity_session import content, v1
from activity_session.cli._escaping import safe
from activity_session.cli._names import id_of
from activity_session.cli._output import time_text


def line_of(event: v1.Event) -> str:
    """Return an event as a line; further lines of its text are indented, so that none looks like another event."""
    kind = f" ({event.type})" if event.type not in ("", "message") else ""
    head = f"{event.sequence}  {time_text(event.create_time)}  {id_of(event.author) or '-'}{kind}:"
    first, *more = said(event).replace("\r\n", "\n").split("\n")
    return "\n    ".join(map(safe, (f"{head} {first}".rstrip(), *more)))


def preview_of(event: v1.Event) -> str:
    """Return the beginning of what an event says, and who says it."""
    author = id_of(event.author)
    return " ".join(f"{author + ': ' if author else ''}{said(event)}".split()) if event.name else ""


def said(event: v1.Event) -> str:
    """Return what an event says; in brackets what it is, if that is no text."""
    if event.HasField("redaction"):
        return f"[redacted: {event.redaction.reason}]"
    is_json = event.media_type.partition(";")[0].strip().lower() == "application/json"
    if text := event.text if is_json else content.as_text(event):
        return text
    kind = event.media_type or ("bytes" if event.blob else "")
    return f"[{kind}]" if kind else ""
