"""The queries, as SQLAlchemy expressions: no value ever becomes part of a statement's text."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from services.storage.columns import DAY, day_text
from services.storage.conversion import search_words
from services.storage.interface import PARTY_FILTERS, EventFilter
from services.storage.rows import ARTICLES, DEAD_LETTERS, EVENTS, EXTRACTIONS, OFFSETS, PARTIES, PENDING, PLACES

COUNT_BY_TYPE = sa.select(EVENTS.c.type, sa.func.count()).group_by(EVENTS.c.type)

_EVENT_COUNT = sa.func.count(EVENTS.c.event_id)
INCOMPLETE = (
    sa.select(EXTRACTIONS.c.article_id, EXTRACTIONS.c.event_count, _EVENT_COUNT)
    .select_from(EXTRACTIONS.outerjoin(EVENTS, EVENTS.c.article_id == EXTRACTIONS.c.article_id))
    .group_by(EXTRACTIONS.c.article_id, EXTRACTIONS.c.event_count)
    .having(EXTRACTIONS.c.event_count != _EVENT_COUNT)
    .order_by(EXTRACTIONS.c.article_id)
)
"""Articles whose number of events differs from what their extraction says."""

LETTERS_WAITING = (
    sa.select(sa.func.count())
    .select_from(DEAD_LETTERS)
    .where(DEAD_LETTERS.c.topic.is_not(None), DEAD_LETTERS.c.requeued_at.is_(None))
)
"""Dead letters that have not been sent back."""

STUCK = (
    sa.select(sa.func.count())
    .select_from(PENDING)
    .join(EXTRACTIONS, EXTRACTIONS.c.extraction_id == PENDING.c.extraction_id)
)
"""Events that wait although their extraction is current."""


def records(filters: EventFilter, *further: sa.ColumnElement[bool]) -> sa.Select[str]:
    """The records that pass the filters but `search`, and the further conditions; the latest published first."""
    query = sa.select(sa.cast(EVENTS.c.record, sa.Text)).join_from(
        EVENTS, ARTICLES, ARTICLES.c.article_id == EVENTS.c.article_id
    )
    query = query.where(*_conditions(filters), *further).order_by(
        ARTICLES.c.published_on.desc().nulls_last(),
        EVENTS.c.article_id,
        EVENTS.c.evidence_start,
        EVENTS.c.anchor_start,
        EVENTS.c.event_id,
    )
    return query if filters.limit is None else query.limit(filters.limit)


def texts(condition: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """The articles under a condition that have a text, the latest published first."""
    query = sa.select(*ARTICLES.c).where(condition, ARTICLES.c.text.is_not(None))
    return query.order_by(ARTICLES.c.published_on.desc().nulls_last(), ARTICLES.c.article_id)


def _conditions(filters: EventFilter) -> list[sa.ColumnElement[bool]]:
    # An open interval ("seit 2014", "bis April") reaches to the day of publication on its open side.
    published, earliest, latest = ARTICLES.c.published_on, EVENTS.c.time_earliest, EVENTS.c.time_latest
    first: sa.ColumnElement[Any] = sa.func.coalesce(earliest, published, latest)
    last: sa.ColumnElement[Any] = sa.func.coalesce(latest, published, earliest)
    if filters.by_publication:
        first = last = published
    conditions: list[sa.ColumnElement[bool]] = []
    if filters.types:
        conditions.append(EVENTS.c.type.in_(filters.types))
    if filters.statuses:
        conditions.append(EVENTS.c.status.in_(filters.statuses))
    conditions += [_plays(wanted, roles) for name, roles in PARTY_FILTERS.items() if (wanted := getattr(filters, name))]
    if filters.country:
        conditions.append(_lies_in(filters.country.strip().upper()))
    if filters.since:
        conditions.append(last >= sa.literal(day_text(filters.since), DAY))
    if filters.until:
        conditions.append(first <= sa.literal(day_text(filters.until), DAY))
    if filters.article_id is not None:
        conditions.append(EVENTS.c.article_id == filters.article_id)
    return conditions


def _plays(wanted: str, roles: Sequence[str]) -> sa.ColumnElement[bool]:
    in_role = [PARTIES.c.role.in_(roles)] if roles else []
    return sa.exists().where(PARTIES.c.event_id == EVENTS.c.event_id, is_named(PARTIES, wanted), *in_role)


def is_named(parties: sa.TableClause, wanted: str) -> sa.ColumnElement[bool]:
    """The condition that a party has this code, or these words in its name.

    Args:
        parties: a table with the columns code and name_words.
        wanted: as in `EventFilter.actor`.
    """
    words = search_words(wanted)
    coded: sa.ColumnElement[bool] = parties.c.code == wanted.strip().upper()
    return sa.or_(coded, parties.c.name_words.contains(words, autoescape=True)) if words.strip() else coded


def _lies_in(country: str) -> sa.ColumnElement[bool]:
    return sa.exists().where(PLACES.c.event_id == EVENTS.c.event_id, PLACES.c.country == country)


def searched_words(search: str) -> list[tuple[str, bool]]:
    """The words of a full-text search, and whether each is only a word's beginning."""
    return [(word.rstrip("*"), word.endswith("*")) for word in re.findall(r"\w+\*?", search)]


def offsets_of(group: str) -> sa.Select[Any]:
    """Topic, partition and next offset of all partitions of a group."""
    return sa.select(OFFSETS.c.topic, OFFSETS.c.partition_number, OFFSETS.c.next_offset).where(
        OFFSETS.c.consumer_group == group
    )


def move_offset(row: tuple[str, str, int, int], expected: int) -> sa.Update:
    """Move the offset of (group, topic, partition) to the row's last value, if it is the one expected."""
    group, topic, number, following = row
    return (
        sa.update(OFFSETS)
        .where(
            OFFSETS.c.consumer_group == group,
            OFFSETS.c.topic == topic,
            OFFSETS.c.partition_number == number,
            OFFSETS.c.next_offset == expected,
        )
        .values(next_offset=following)
    )


def as_pending(condition: sa.ColumnElement[bool], oldest: datetime | None) -> sa.Select[Any]:
    """The events under a condition as rows of `pending_events`, those seen since `oldest`."""
    recent: Sequence[sa.ColumnElement[bool]] = [] if oldest is None else [EVENTS.c.seen_at >= oldest]
    return sa.select(
        EVENTS.c.extraction_id,
        EVENTS.c.event_id,
        EVENTS.c.article_id,
        sa.cast(EVENTS.c.record, sa.Text),
        EVENTS.c.seen_at,
    ).where(condition, *recent)


def delete_uncited(condition: sa.ColumnElement[bool]) -> sa.Delete:
    """Delete articles under a condition that have no text and are cited by nothing."""
    return sa.delete(ARTICLES).where(
        condition,
        ARTICLES.c.text.is_(None),
        *(~sa.exists().where(table.c.article_id == ARTICLES.c.article_id) for table in (EXTRACTIONS, EVENTS, PENDING)),
    )
