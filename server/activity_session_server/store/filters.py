"""Turns the tree of a filter into SQL."""

import operator
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal, not_, or_

from activity_session_server.filters import And, Comparison, Node, Not, Or, Text
from activity_session_server.store.expressions import code_points, json_member, known, matches

Columns = Mapping[str, ColumnElement[Any]]
_COMPARE: Mapping[str, Callable[[Any, Any], ColumnElement[bool]]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


# Labels and times that a session may lack.
_NULLABLE = ("labels", "expire_time")


def condition(
    node: Node, columns: Columns, is_member: Callable[[str], ColumnElement[bool]] | None = None
) -> ColumnElement[bool]:
    """The condition of a filter.

    `is_member` gives the condition that the participant of a name takes part; only sessions have it.
    """

    def of(part: Node) -> ColumnElement[bool]:
        return condition(part, columns, is_member)

    match node:
        case And(parts):
            return and_(*map(of, parts))
        case Or(parts):
            return or_(*map(of, parts))
        case Not(part):
            return not_(of(part))
        case Comparison(operator="!="):
            return not_(of(node._replace(operator="=")))
        case Comparison(field="participants", value=Text(name)) if is_member:
            return is_member(name)
        case Comparison():
            return _comparison(node, columns[node.field])


def _comparison(node: Comparison, column: ColumnElement[Any]) -> ColumnElement[bool]:
    value = node.value
    if node.key:
        column = json_member(column, node.key)
    if node.field == "description":
        column = func.coalesce(column, "")  # one that is not set is the empty one
    if isinstance(value, datetime):
        value = value.replace(tzinfo=None)
    if not isinstance(value, Text):
        found = _COMPARE[node.operator](column, value)
    elif node.operator in ("=", ":"):
        found = matches(column, value)
    else:
        found = _COMPARE[node.operator](code_points(column), code_points(literal(value.text)))
    return known(found) if node.field in _NULLABLE else found
