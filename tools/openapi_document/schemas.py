"""Messages, enums and fields as ProtoJSON writes them."""

import re
from collections.abc import Iterable, Mapping

from google.api import field_behavior_pb2, resource_pb2
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from openapi_document.bounds import Schema, bounds_of

_SCALARS: Mapping[int, Schema] = {
    FieldDescriptor.TYPE_BOOL: {"type": "boolean"},
    FieldDescriptor.TYPE_BYTES: {"type": "string", "contentEncoding": "base64"},
    FieldDescriptor.TYPE_DOUBLE: {"type": "number", "format": "double"},
    FieldDescriptor.TYPE_INT32: {"type": "integer", "format": "int32"},
    FieldDescriptor.TYPE_INT64: {"type": "string", "format": "int64", "pattern": "^-?[0-9]+$"},
    FieldDescriptor.TYPE_STRING: {"type": "string"},
}
_WELL_KNOWN: Mapping[str, Schema] = {
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    "google.protobuf.Duration": {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]{1,9})?s$", "examples": ["30s"]},
    "google.protobuf.FieldMask": {"type": "string"},
    "google.protobuf.Struct": {"type": "object"},
    "google.protobuf.Empty": {"type": "object"},
}
_PACKAGES = re.compile(r"^(activity_session\.v1|google\.rpc)\.")


class Schemas:
    """The schemas that the document has so far: each message and enum is made when it is first used."""

    def __init__(self, comments: Mapping[str, str], resources: Mapping[str, str]) -> None:
        self.made: dict[str, Schema] = {}
        self._comments = comments
        self._resources = resources

    def comment(self, full_name: str) -> str:
        """What the protos say of something."""
        return self._comments.get(full_name, "")

    def message(self, message: Descriptor, without: str = "") -> Schema:
        """A reference to a message, which leaves out the field that is in the path."""
        if known := _WELL_KNOWN.get(message.full_name):
            return known
        name = _PACKAGES.sub("", message.full_name)
        if name not in self.made:
            self.made[name] = {}  # before its fields, one of which may refer to it
            self.made[name].update(self._object(message, [one for one in message.fields if one.name != without]))
        return {"$ref": f"#/components/schemas/{name}"}

    def property(self, field: FieldDescriptor) -> Schema:
        """A field of a message, with its description."""
        schema = self.value(field) | _described(self.comment(field.full_name))
        is_set_by_server = {field_behavior_pb2.OUTPUT_ONLY, field_behavior_pb2.IDENTIFIER} & behaviors(field)
        return schema | ({"readOnly": True} if is_set_by_server else {})

    def value(self, field: FieldDescriptor) -> Schema:
        """What a field may hold."""
        schema: Schema
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            schema = {"type": "object", "additionalProperties": self.value(field.message_type.fields_by_name["value"])}
        elif field.is_repeated:
            schema = {"type": "array", "items": self._single(field)}
            schema |= {"minItems": 1} if is_required(field) else {}
        else:
            schema = self._single(field)
        return schema | bounds_of(field)

    def _single(self, field: FieldDescriptor) -> Schema:
        if field.message_type is not None:
            return self.message(field.message_type) | self._required_of_resource(field.message_type, field)
        if field.enum_type is not None:
            return self._enum(field.enum_type)
        needs_value = is_required(field) and field.type == FieldDescriptor.TYPE_STRING and not field.is_repeated
        return _SCALARS[field.type] | ({"minLength": 1} if needs_value else {}) | self._form_of_name(field)

    def _required_of_resource(self, message: Descriptor, field: FieldDescriptor) -> Schema:
        # The same message is the body of an update, which names only what it changes, and a part of responses, which
        # leave out what is empty. So what it must have is said where one is asked for.
        return _required(message.fields) if _is_resource(message) and behaviors(field) else {}

    def _form_of_name(self, field: FieldDescriptor) -> Schema:
        """The form of the name of a resource. One that need not be there may be empty."""
        reference = field.GetOptions().Extensions[resource_pb2.resource_reference]
        form = self._resources.get(reference.child_type or reference.type)
        if form is None:
            return {}
        words = re.sub(r"{\w+}", "[^/]+", form.rsplit("/", 2)[0] if reference.child_type else form)
        return {"pattern": f"^{words}$" if is_required(field) else f"^({words})?$"}

    def _object(self, message: Descriptor, fields: Iterable[FieldDescriptor]) -> Schema:
        fields = list(fields)
        texts = [self.comment(message.full_name), *self._alternatives(message)]
        properties = {field.json_name: self.property(field) for field in fields}
        schema = {"type": "object", "title": _title(message.name), **_described("\n\n".join(filter(None, texts)))}
        required = {} if _is_resource(message) else _required(fields)
        return schema | ({"properties": properties} if properties else {}) | required

    def _alternatives(self, message: Descriptor) -> Iterable[str]:
        """What is said of fields of which only one can be set. One field alone is a mark of protoc's own."""
        for oneof in message.oneofs:
            if len(oneof.fields) > 1:
                names = ", ".join(f"`{field.json_name}`" for field in oneof.fields)
                yield f"At most one of {names}: {self.comment(oneof.full_name)}"

    def _enum(self, enum: EnumDescriptor) -> Schema:
        values = {value.name: self.comment(f"{enum.full_name}.{value.name}") for value in enum.values}
        return self.choice(enum.name, self.comment(enum.full_name), values)

    def choice(self, name: str, comment: str, values: Mapping[str, str]) -> Schema:
        """A reference to texts of which one is given, each with what is said of it."""
        lines = "\n".join(f"- `{value}`: {text}" for value, text in values.items())
        described = {"title": _title(name), "description": f"{comment}\n\n{lines}"}
        self.made[name] = {"type": "string", **described, "enum": [*values]}
        return {"$ref": f"#/components/schemas/{name}"}


def behaviors(field: FieldDescriptor) -> set[int]:
    """How callers and server treat a field."""
    return set(field.GetOptions().Extensions[field_behavior_pb2.field_behavior])


def is_required(field: FieldDescriptor) -> bool:
    """Whether callers must set a field."""
    return field_behavior_pb2.REQUIRED in behaviors(field)


def _required(fields: Iterable[FieldDescriptor]) -> Schema:
    names = [field.json_name for field in fields if is_required(field)]
    return {"required": names} if names else {}


def _is_resource(message: Descriptor) -> bool:
    return bool(message.GetOptions().Extensions[resource_pb2.resource].type)


def _title(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).capitalize()


def _described(text: str) -> Schema:
    return {"description": text} if text else {}
