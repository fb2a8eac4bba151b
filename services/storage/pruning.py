"""Deleting what is too old, and saying beforehand what that is."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from services.storage.claim_rows import CLAIM_RECORDS
from services.storage.claim_tables import ClaimTables
from services.storage.columns import DAY, MOMENT, day_text
from services.storage.interface import Pruned
from services.storage.rows import ARTICLES, DEAD_LETTERS, EVENTS, PENDING


class Pruning(ClaimTables):
    """The part of a store over SQLAlchemy that deletes what is too old."""

    def prunable(self, before: datetime) -> Pruned:
        """See `Store.prunable`."""
        articles = sa.select(ARTICLES.c.article_id).where(_is_published_before(before))
        with self._transaction() as connection:
            return Pruned(
                _count(connection, ARTICLES, _is_published_before(before)),
                _count(connection, EVENTS, EVENTS.c.article_id.in_(articles)),
                _count(connection, PENDING, _waits_since(before)),
                _count(connection, DEAD_LETTERS, _failed_before(before)),
                _claims_with(connection, CLAIM_RECORDS.c.article_id.in_(articles)),
            )

    def prune(self, before: datetime, limit: int | None = None) -> Pruned:
        """See `Store.prune`."""
        oldest = sa.select(ARTICLES.c.article_id).where(_is_published_before(before)).order_by(ARTICLES.c.article_id)
        with self._transaction(write=True) as connection:
            articles = connection.execute(oldest.limit(limit)).scalars().all()
            events = _count(connection, EVENTS, self._among(EVENTS.c.article_id, articles))
            claims = _claims_with(connection, self._among(CLAIM_RECORDS.c.article_id, articles))
            self._note_changes(connection, articles)
            connection.execute(sa.delete(ARTICLES).where(self._among(ARTICLES.c.article_id, articles)))
            pending = connection.execute(sa.delete(PENDING).where(_waits_since(before))).rowcount
            letters = connection.execute(sa.delete(DEAD_LETTERS).where(_failed_before(before))).rowcount
        return Pruned(len(articles), events, pending, letters, claims)


def _count(connection: sa.Connection, table: sa.TableClause, condition: sa.ColumnElement[bool]) -> int:
    return connection.execute(sa.select(sa.func.count()).select_from(table).where(condition)).scalar_one()


def _claims_with(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> int:
    """How many claims hold a record under a condition."""
    claims: sa.ColumnElement[Any] = CLAIM_RECORDS.c.claim_id
    return int(connection.execute(sa.select(sa.func.count(claims.distinct())).where(condition)).scalar_one())


def _is_published_before(moment: datetime) -> sa.ColumnElement[bool]:
    day = sa.literal(day_text(moment.astimezone(UTC).date()), DAY)
    return sa.case(
        (ARTICLES.c.published_at.is_not(None), ARTICLES.c.published_at < sa.literal(moment, MOMENT)),
        (ARTICLES.c.published_on.is_not(None), ARTICLES.c.published_on < day),
        else_=ARTICLES.c.first_seen_at < sa.literal(moment, MOMENT),
    )


def _waits_since(moment: datetime) -> sa.ColumnElement[bool]:
    return PENDING.c.seen_at < sa.literal(moment, MOMENT)


def _failed_before(moment: datetime) -> sa.ColumnElement[bool]:
    failed = sa.func.coalesce(DEAD_LETTERS.c.failed_at, DEAD_LETTERS.c.requeued_at)
    return failed < sa.literal(moment, MOMENT)
