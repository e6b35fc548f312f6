"""Names of a package that are loaded when they are first used: a message needs no gRPC, which takes longest to load."""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def _as_it_is(value: Any) -> Any:
    return value


def lazy(
    package: str, homes: Mapping[str, str], made: Callable[[Any], Any] = _as_it_is
) -> tuple[list[str], Callable[[str], Any], Callable[[], list[str]]]:
    """The `__all__`, `__getattr__` and `__dir__` of a package (PEP 562).

    Args:
        package: its full name.
        homes: the module of the package that each name is in; a module that is public itself is its own home.
        made: what is made of each value when it is loaded.
    """

    def load(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = import_module(f"{package}.{homes[name]}")
        value = module if name == homes[name] else made(getattr(module, name))
        setattr(sys.modules[package], name, value)  # the next use finds it without this function
        return value

    return list(homes), load, lambda: list(homes)
