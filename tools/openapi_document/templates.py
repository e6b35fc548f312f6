"""The paths of the HTTP annotations: `{name=namespaces/*}` becomes `namespaces/{namespace}`, with the ids named."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from google.api import resource_pb2
from google.protobuf.descriptor import Descriptor

_VARIABLE = re.compile(r"{([\w.]+)=([^}]+)}")
_ID = re.compile(r"{(\w+)}")


def resources_of(messages: Iterable[Descriptor]) -> Mapping[str, str]:
    """The form of the names of each type of resource, such as `namespaces/{namespace}`."""
    found = [message.GetOptions().Extensions[resource_pb2.resource] for message in messages]
    return {resource.type: resource.pattern[0] for resource in found if resource.type}


@dataclass(frozen=True)
class Template:
    """A path, the field of the request that a part of it is, if there is one, and the ids in that part."""

    path: str
    field: str
    ids: tuple[str, ...]


def template_of(annotated: str, resources: Mapping[str, str]) -> Template:
    """The path of a binding; each of them has one variable at most."""
    found = _VARIABLE.search(annotated)
    if found is None:
        return Template(annotated, "", ())
    form = next(form for form in resources.values() if _ID.sub("*", form) == found[2])
    return Template(annotated.replace(found[0], form), found[1], tuple(_ID.findall(form)))


def told(template: Template, comment: str) -> Iterator[tuple[str, str]]:
    """Each id of a path with its description; the last one has what the protos say of the whole name."""
    for id_ in template.ids[:-1]:
        yield id_, f"The {id_}'s id."
    for id_ in template.ids[-1:]:
        yield id_, f"The {id_}'s id, the last part of `{template.field}`. {comment}"
