"""The conditions of an `EventFilter` on a record at hand, as `queries.records` puts them to the database."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from schemas import Event, Party
from services.storage.conversion import parties_of, places_of, search_words
from services.storage.interface import PARTY_FILTERS, EventFilter


def accepts(filters: EventFilter, event: Event) -> bool:
    """Whether the record passes the filter; `limit` and `search`, which the record cannot answer, are left out."""
    return (
        (not filters.types or event.type in filters.types)
        and (not filters.statuses or event.status in filters.statuses)
        and (filters.article_id is None or event.article.id == filters.article_id)
        and all(_plays(getattr(filters, name), roles, event) for name, roles in PARTY_FILTERS.items())
        and (not filters.country or _lies_in(filters.country.strip().upper(), event))
        and _in_days(filters, event)
    )


def _plays(wanted: str | None, roles: Sequence[str], event: Event) -> bool:
    return not wanted or any(
        _is(wanted, party) for role, who in parties_of(event) if not roles or role in roles for party in who
    )


def _lies_in(country: str, event: Event) -> bool:
    return any(place.country == country for _role, place in places_of(event) if place)


def _is(wanted: str, party: Party) -> bool:
    words = search_words(wanted)
    return party.code == wanted.strip().upper() or (bool(words.strip()) and words in search_words(party.name))


def _in_days(filters: EventFilter, event: Event) -> bool:
    earliest, latest = (event.time.earliest, event.time.latest) if event.time else (None, None)
    published = _utc_day(event.article.published_at)
    if filters.by_publication:
        earliest = latest = published
    first, last = earliest or published or latest, latest or published or earliest
    return (not filters.since or (last is not None and last >= filters.since)) and (
        not filters.until or (first is not None and first <= filters.until)
    )


def _utc_day(published: datetime | date | None) -> date | None:
    return published.astimezone(UTC).date() if isinstance(published, datetime) else published
