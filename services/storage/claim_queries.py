"""The queries about claims."""

import sqlalchemy as sa

from services.storage.claim_rows import CLAIM_CHANGES, CLAIM_PARTIES, CLAIM_RECORDS, CLAIMS
from services.storage.columns import DAY, day_text
from services.storage.interface import ClaimFilter
from services.storage.queries import is_named
from services.storage.rows import EVENTS

WAITING = sa.select(sa.func.count()).select_from(CLAIM_CHANGES)
"""How many changes of articles wait."""

ORPHANS = (
    sa.select(sa.func.count())
    .select_from(CLAIM_RECORDS.outerjoin(EVENTS, EVENTS.c.event_id == CLAIM_RECORDS.c.event_id))
    .where(EVENTS.c.event_id.is_(None))
)
"""Records of claims whose event is gone."""

MISCOUNTED = (
    sa.select(CLAIMS.c.claim_id)
    .select_from(CLAIMS.outerjoin(CLAIM_RECORDS, CLAIM_RECORDS.c.claim_id == CLAIMS.c.claim_id))
    .group_by(CLAIMS.c.claim_id, CLAIMS.c.records)
    .having(sa.func.count(CLAIM_RECORDS.c.event_id) != CLAIMS.c.records)
    .order_by(CLAIMS.c.claim_id)
)
"""Claims whose number of records differs from what they say."""


def claims(filters: ClaimFilter, *further: sa.ColumnElement[bool]) -> sa.Select[str]:
    """The claims that pass the filters but `events`, and the further conditions; the latest seen first."""
    query = sa.select(sa.cast(CLAIMS.c.record, sa.Text)).where(*_conditions(filters), *further)
    query = query.order_by(CLAIMS.c.last_seen.desc(), CLAIMS.c.sources.desc(), CLAIMS.c.claim_id)
    return query if filters.limit is None else query.limit(filters.limit)


def _conditions(filters: ClaimFilter) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if filters.types:
        conditions.append(CLAIMS.c.type.in_(filters.types))
    for role, wanted in (("actor", filters.actor), ("recipient", filters.recipient), ("place", filters.destination)):
        if wanted:
            conditions.append(_named(role, wanted))
    if filters.source:
        conditions.append(_named("source", filters.source))
    if filters.since:
        conditions.append(CLAIMS.c.last_seen >= sa.literal(day_text(filters.since), DAY))
    if filters.until:
        conditions.append(CLAIMS.c.first_seen <= sa.literal(day_text(filters.until), DAY))
    if filters.disagreeing:
        conditions.append(sa.or_(CLAIMS.c.statuses_disagree == sa.true(), CLAIMS.c.quantities_disagree == sa.true()))
    return conditions


def _named(role: str, wanted: str) -> sa.ColumnElement[bool]:
    named = is_named(CLAIM_PARTIES, wanted)
    return sa.exists().where(CLAIM_PARTIES.c.claim_id == CLAIMS.c.claim_id, CLAIM_PARTIES.c.role == role, named)
