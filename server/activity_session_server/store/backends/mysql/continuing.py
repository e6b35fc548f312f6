"""Steps that a broken-off migration has taken: passed over where each change of a table is committed by itself.

So a migration is written as if it were never broken off. What it does to rows must be right when it is done again. One
that is only printed (`as_sql`) has no database to look at, and takes every step.

Alembic has one class of operations per dialect, the one defined last: importing this module replaces its own.
"""

from typing import Any

from alembic.ddl.mysql import MySQLImpl
from sqlalchemy import Column, Constraint, ForeignKeyConstraint, Index, Table, inspect


class Continuing(MySQLImpl):
    """Operations that look first whether there is already what they lead to."""

    __dialect__ = "mysql"

    def create_table(self, table: Table, **kw: Any) -> None:
        """Make a table; one of that name that lacks a column is somebody else's, which the database says."""
        if self.as_sql or not {column.name for column in table.columns} <= self._columns(table.name):
            super().create_table(table, **kw)

    def rename_table(self, old_table_name: str, new_table_name: str, schema: str | None = None) -> None:
        """Give a table another name."""
        if self.as_sql or self._columns(old_table_name) or not self._columns(new_table_name):
            super().rename_table(old_table_name, new_table_name, schema)

    def add_column(self, table_name: str, column: Column[Any], **kw: Any) -> None:
        """Add a column."""
        if self.as_sql or column.name not in self._columns(table_name):
            super().add_column(table_name, column, **kw)

    def drop_column(self, table_name: str, column: Column[Any], **kw: Any) -> None:
        """Remove a column."""
        if self.as_sql or column.name in self._columns(table_name):
            super().drop_column(table_name, column, **kw)

    def create_index(self, index: Index, **kw: Any) -> None:
        """Make an index."""
        if self.as_sql or not self._has(index):
            super().create_index(index, **kw)

    def drop_index(self, index: Index, **kw: Any) -> None:
        """Remove an index."""
        if self.as_sql or self._has(index):
            super().drop_index(index, **kw)

    def add_constraint(self, const: Constraint, **kw: Any) -> None:
        """Add a constraint."""
        if self.as_sql or not self._has(const):
            super().add_constraint(const, **kw)

    def drop_constraint(self, const: Constraint, **kw: Any) -> None:
        """Remove a constraint."""
        if self.as_sql or self._has(const):
            super().drop_constraint(const, **kw)

    def _columns(self, table: str) -> set[str]:
        """The names of the columns of a table; none where there is no such table."""
        found = self._found()
        return {str(column["name"]) for column in found.get_columns(table)} if found.has_table(table) else set()

    def _has(self, part: Any) -> bool:
        """Whether the table of an index or a constraint has one of its name, and of its kind."""
        found = self._found()
        if isinstance(part, ForeignKeyConstraint):
            return part.name in {key["name"] for key in found.get_foreign_keys(part.table.name)}
        # A unique constraint is an index here.
        return part.name in {index["name"] for index in found.get_indexes(part.table.name)}

    def _found(self) -> Any:
        """What there is now; an inspector remembers what it has found, so each is asked once."""
        return inspect(self.connection)


class ContinuingOnMariaDB(Continuing):
    """The same for URLs that name MariaDB."""

    __dialect__ = "mariadb"
