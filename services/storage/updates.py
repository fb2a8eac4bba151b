"""What an upsert sets where a row with its key is there already: SQL's form of the merging of rows."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from services.storage.rows import ARTICLES, DEAD_LETTERS

Update = tuple[dict[str, sa.ColumnElement[Any]], sa.ColumnElement[bool] | None]
"""New values by column, and the condition under which they are set at all."""


def update_of(table: sa.TableClause, key: Sequence[str], new: Any) -> Update:
    """What an upsert into `table` sets.

    Args:
        table: the table.
        key: the columns by which a row is found.
        new: the columns of the row to be inserted (`excluded`).
    """
    if special := UPDATES.get(table.name):
        return special(new)
    return {column.name: new[column.name] for column in table.c if column.name not in key}, None


def _article_update(new: Any) -> Update:
    """What an upsert of articles sets, and when: SQL's form of `conversion.merge`.

    Args:
        new: the columns of the row to be inserted (`excluded`).
    """
    known = ARTICLES.c
    whole, unknown = new.text.is_not(None), known.text.is_(None)
    values: dict[str, sa.ColumnElement[Any]] = {
        column.name: sa.case(
            (whole, new[column.name]), (unknown, sa.func.coalesce(new[column.name], column)), else_=column
        )
        for column in known
        if column.name not in {"article_id", "first_seen_at"}
    }
    # An article sent again unchanged is left alone: writing it would index its text anew.
    differs = sa.or_(*(known[name].is_distinct_from(value) for name, value in values.items()))
    earlier = new.first_seen_at < known.first_seen_at
    values["first_seen_at"] = sa.case((earlier, new.first_seen_at), else_=known.first_seen_at)
    return values, sa.or_(differs, earlier)


def _letter_update(new: Any) -> Update:
    """What an upsert of dead letters sets: SQL's form of `letters.merge_letters`."""
    others = (column for column in DEAD_LETTERS.c if column.name != "dead_letter_id")
    return {column.name: sa.func.coalesce(new[column.name], column) for column in others}, None


UPDATES: Final[Mapping[str, Callable[[Any], Update]]] = {
    ARTICLES.name: _article_update,
    DEAD_LETTERS.name: _letter_update,
}
"""The tables whose rows are merged with what is there; in all others a new row replaces the old one."""
