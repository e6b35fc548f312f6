"""Labels that hold any text, and how to look for them."""

from collections.abc import Mapping

from activity_session import names


def labels_of(**texts: str | None) -> dict[str, str]:
    """Return labels of texts, without those that are None.

    Raises:
        ValueError: a text is too long for labels: its escape (docs/names.md) has more than 4,080 characters.
    """
    labels: dict[str, str] = {}
    for label, text in texts.items():
        if text is not None:
            # What is too long is folded: as a label it tells texts apart, and the text itself is beside it.
            if names.unescape(names.escape(text), names.labels(text)) is None:
                raise ValueError(f"the {label} {text[:40]!r}... is too long: {len(text)} characters")
            folded = {key.replace(names.LABEL, label): part for key, part in names.labels(text).items()}
            labels |= folded | {label: names.escape(text)}
    return labels


def text_of(labels: Mapping[str, str], label: str) -> str | None:
    """Return the text that a label holds; None if there is no such label."""
    if label not in labels:
        return None
    text = names.unescape(labels[label])
    if text is not None:
        return text
    parts = {names.LABEL + key.removeprefix(label): part for key, part in labels.items()}
    return names.unescape(labels[label], parts)


def term(label: str, text: str) -> str:
    """Return the term of a filter that finds what has a label with this text."""
    escaped = "".join(f"\\{character}" if character in '\\"*' else character for character in names.escape(text))
    return f'labels.{label} = "{escaped}"'
