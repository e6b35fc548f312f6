"""What the protos say of each thing that they declare, by its full name. A value of an enum is found under its enum."""

import re
from collections.abc import Iterable, Iterator, Mapping

from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.message import Message

OWN_PACKAGE = "activity_session.v1"
_SENTENCE = re.compile(r"(.+?)[.:](?:\s|$)")


def comments_of(files: Iterable[FileDescriptorProto]) -> Mapping[str, str]:
    """The comments before all declarations of some files, as Markdown."""
    return dict(comment for file in files for comment in _of_file(file))


def summary(comment: str) -> str:
    """The first sentence, or what it begins with before a colon."""
    found = _SENTENCE.match(comment)
    return found[1] if found else comment


def _of_file(file: FileDescriptorProto) -> Iterator[tuple[str, str]]:
    names = dict(_declared(file, file.package, ()))
    is_own = file.package == OWN_PACKAGE
    for location in file.source_code_info.location:
        name = names.get(tuple(location.path))
        if name and location.leading_comments:
            text = unwrapped(location.leading_comments)
            # What others say beyond the first paragraph is about other services.
            yield name, text if is_own else text.partition("\n\n")[0]


def _declared(node: Message, scope: str, path: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], str]]:
    """The path of each declaration in a descriptor, as source info has it, and its full name."""
    for field, value in node.ListFields():
        if field.is_repeated and field.message_type is not None and "name" in field.message_type.fields_by_name:
            for index, child in enumerate(value):
                place, name = (*path, field.number, index), f"{scope}.{child.name}"
                yield place, name
                yield from _declared(child, name, place)


def unwrapped(comment: str) -> str:
    """Each paragraph in one line."""
    return "\n\n".join(" ".join(text.split()) for text in comment.strip().split("\n\n"))
