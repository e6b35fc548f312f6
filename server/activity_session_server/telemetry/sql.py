"""What a statement is called in a trace, by the semantic conventions for SQL (stable since 2025)."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

# Statements that were built for one call differ, by their filters; those that never change are far fewer.
_MOST_STATEMENTS = 1000
_TARGET = re.compile(r'\b(?:FROM|INTO|UPDATE)\s+["`]?(\w+)', re.IGNORECASE)


class Described(NamedTuple):
    """The name of the span of a statement, and its attributes."""

    name: str
    attributes: Mapping[str, str]


@lru_cache(_MOST_STATEMENTS)
def described(sql: str) -> Described:
    """A statement in which placeholders stand for values."""
    operation = sql.split(maxsplit=1)[0].upper()
    target = _TARGET.search(sql)
    name = f"{operation} {target[1]}" if target else operation
    attributes = {"db.operation.name": operation, "db.query.summary": name, "db.query.text": sql}
    return Described(name, {**attributes, "db.collection.name": target[1]} if target else attributes)


def attributes_of(database: str, url: Any) -> dict[str, Any]:
    """The attributes of all statements: the kind of database, such as sqlite, and of its URL what is no secret."""
    if not url.host:
        return {"db.system.name": database}
    place = {"db.namespace": url.database, "server.address": url.host, "server.port": url.port}
    return {"db.system.name": database} | {name: value for name, value in place.items() if value}
