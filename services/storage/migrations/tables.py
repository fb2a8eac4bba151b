"""How the migrations write a table down, whatever the database."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem


def table(name: str, *columns: SchemaItem) -> None:
    """Make a table; in SQLite a strict one."""
    op.create_table(name, *columns, sqlite_strict=True)


def needed(name: str, kind: sa.types.TypeEngine[Any], *more: SchemaItem) -> sa.Column[Any]:
    """A column that always has a value."""
    return sa.Column(name, kind, *more, nullable=False)


def optional(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    """A column that may be null."""
    return sa.Column(name, kind, nullable=True)
