"""Turns the tree of a filter into SQL."""

import operator
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal, not_, or_
from sqlalchemy.orm import InstrumentedAttribute

from activity_session_server.rules.filters import FREE_TEXTS, And, Comparison, Node, Not, Or, Text
from activity_session_server.store.expressions import code_points, json_member, known, matches

# What each field means: a column, or a function that makes the condition for a text.
Columns = Mapping[str, ColumnElement[Any] | Callable[[str], ColumnElement[bool]]]
_COMPARE: Mapping[str, Callable[[Any, Any], ColumnElement[bool]]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


# Labels and times that a resource may lack.
_NULLABLE = ("labels", "expire_time", "event_time", "last_event_time")


def condition(node: Node | None, columns: Columns) -> ColumnElement[bool] | None:
    """The condition of a filter; none for no filter."""
    return None if node is None else _condition(node, columns)


def _condition(node: Node, columns: Columns) -> ColumnElement[bool]:
    def of(part: Node) -> ColumnElement[bool]:
        return _condition(part, columns)

    match node:
        case And(parts):
            return and_(*map(of, parts))
        case Or(parts):
            return or_(*map(of, parts))
        case Not(part):
            return not_(of(part))
        case Comparison(operator="!="):
            return not_(of(node._replace(operator="=")))
        case Comparison():
            column = columns[node.field]
            if isinstance(column, ColumnElement | InstrumentedAttribute):
                return _comparison(node, column)
            return column(node.value.text if isinstance(node.value, Text) else "")


def _comparison(node: Comparison, column: ColumnElement[Any]) -> ColumnElement[bool]:
    value = node.value
    if node.key:
        column = json_member(column, node.key)
    if node.field == "description":
        column = func.coalesce(column, "")  # an unset description is an empty one
    if isinstance(value, datetime):
        value = value.replace(tzinfo=None)
    if not isinstance(value, Text):
        found = _COMPARE[node.operator](column, value)
    elif node.operator in ("=", ":"):
        found = or_(*(matches(column, form) for form in _forms(node.field, value)))
    else:
        found = _COMPARE[node.operator](code_points(column), code_points(literal(value.text)))
    return known(found) if node.field in _NULLABLE else found


def _forms(field: str, value: Text) -> Iterable[Text]:
    return value.forms() if field in FREE_TEXTS else (value,)
