"""Values of any type that a framework declares: models of Pydantic, dataclasses, typed dicts and what they are made of.

They are drawn by the number that a generator is given, so that a failure can be repeated.
"""

import collections.abc
import dataclasses
import datetime as dt
import enum
import inspect
import random
import types
import typing
from typing import Any

import pydantic
import typing_extensions

TEXTS = ["", "a", "京都 🏯", "\u0000", 'half of it: "\\', " padded ", "line\u2028break\r\n", "x" * 300]
NUMBERS = [0, 1, -1, 2**31, 2**53 + 1]
FLOATS = [0.0, -0.5, 1.0, 0.1 + 0.2, 1e300]
MOMENT = dt.datetime(2026, 11, 28, 9, 30, 0, 123456, tzinfo=dt.UTC)
_DEEPEST = 5
_WRAPPERS = (
    *(typing.Annotated, typing.Required, typing.NotRequired),
    *(typing_extensions.Required, typing_extensions.NotRequired),
)


class NoValueError(Exception):
    """There is none that can be drawn, such as of a function."""


class Values:
    """Draws values of types."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def of(self, hint: Any, depth: int = 0) -> Any:
        """Return a value of a type; of a union one of the kinds that it has.

        Raises:
            NoValueError: there is none.
        """
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if isinstance(hint, typing_extensions.TypeAliasType):
            return self.of(hint.__value__, depth)
        if origin in _WRAPPERS:
            return self.of(arguments[0], depth)
        if origin is typing.Literal:
            return self._random.choice(arguments)
        if origin in (typing.Union, types.UnionType):
            return self._one_of(arguments, depth)
        if origin is not None:
            return self._many_of(origin, arguments, depth)
        return self._plain(hint, depth)

    def model(self, model: Any, always: typing.Collection[str] = (), depth: int = 0) -> Any:
        """Return a model, a dataclass or a typed dict, in which these fields are set, and others perhaps.

        Raises:
            NoValueError: no value of a field that must be set was valid.
        """
        for attempt in range(6):
            # A field can forbid another: so each attempt has fewer.
            likely = 0 if attempt == 5 or depth > _DEEPEST else 0.5 ** (attempt + 1)
            try:
                return model(**self._fields(model, always, likely, depth))
            except (pydantic.ValidationError, ValueError, TypeError):
                continue
        raise NoValueError(model)

    def _fields(self, model: Any, always: typing.Collection[str], likely: float, depth: int) -> dict[str, Any]:
        fields = {}
        for name, (hint, is_required) in fields_of(model).items():
            is_wanted = is_required or name in always
            if is_wanted or self._random.random() < likely:
                try:
                    fields[name] = self.of(hint, depth + 1)
                except NoValueError:
                    if is_wanted:
                        raise
        return fields

    def _one_of(self, hints: tuple[Any, ...], depth: int) -> Any:
        some = [hint for hint in hints if hint is not types.NoneType]
        if depth > _DEEPEST and len(some) < len(hints):
            return None
        for hint in self._random.sample(some, len(some)):
            try:
                return self.of(hint, depth)
            except NoValueError:
                continue
        if len(some) < len(hints):
            return None
        raise NoValueError(hints)

    def _many_of(self, origin: Any, arguments: tuple[Any, ...], depth: int) -> Any:
        if not isinstance(origin, type):
            raise NoValueError(origin)
        if issubclass(origin, tuple):
            return tuple(self.of(each, depth + 1) for each in arguments if each is not ...)
        if issubclass(origin, collections.abc.Mapping):
            return {self.of(arguments[0], depth): self.of(arguments[1], depth + 1)}
        if issubclass(origin, (list, set, frozenset, collections.abc.Iterable)):
            several = [self.of(arguments[0], depth + 1) for _ in range(1 if depth > 2 else 2)]
            return origin(several) if origin in (list, set, frozenset) else several
        raise NoValueError(origin)

    def _plain(self, hint: Any, depth: int) -> Any:
        draw = self._random.choice
        known: dict[Any, list[Any]] = {
            str: TEXTS,
            int: NUMBERS,
            float: FLOATS,
            bool: [True, False],
            bytes: [b"", b"\x00\xff", b"text"],
            dt.datetime: [MOMENT],
            types.NoneType: [None],
            dict: [{}, {"k": [1, None]}],
            list: [[], [1, None]],
            Any: [*TEXTS, *NUMBERS, *FLOATS, None, True, [1, {"k": None}]],
            object: [*TEXTS, *NUMBERS],
        }
        if hint in known:
            return draw(known[hint])
        if not isinstance(hint, type):
            if typing_extensions.is_typeddict(hint):
                return self.model(hint, depth=depth)
            raise NoValueError(hint)
        if issubclass(hint, enum.Enum):
            return draw(list(hint))
        if (
            issubclass(hint, pydantic.BaseModel)
            or dataclasses.is_dataclass(hint)
            or typing_extensions.is_typeddict(hint)
        ):
            if inspect.isabstract(hint):
                raise NoValueError(hint)
            return self.model(hint, depth=depth)
        raise NoValueError(hint)


def fields_of(model: Any) -> dict[str, tuple[Any, bool]]:
    """The fields of a model, a dataclass or a typed dict, by name: the type of each, and whether it must be set."""
    if isinstance(model, type) and issubclass(model, pydantic.BaseModel):
        return {
            (field.alias if field.alias and not model.model_config.get("populate_by_name") else name): (
                field.annotation,
                field.is_required(),
            )
            for name, field in model.model_fields.items()
        }
    hints = typing_extensions.get_type_hints(model, include_extras=True)
    if dataclasses.is_dataclass(model):
        nothing = dataclasses.MISSING
        return {
            field.name: (hints[field.name], field.default is nothing and field.default_factory is nothing)
            for field in dataclasses.fields(model)
            if field.init
        }
    return {name: (hint, name in model.__required_keys__) for name, hint in hints.items()}
