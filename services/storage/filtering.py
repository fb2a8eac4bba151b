"""The conditions of an `EventFilter` on a record at hand, as `queries.records` puts them to the database."""

from datetime import UTC, date, datetime

from schemas import DeploymentEvent, Event, Party, SupplyEvent
from services.storage.conversion import search_words
from services.storage.interface import EventFilter


def accepts(filters: EventFilter, event: Event) -> bool:
    """Whether the record passes the filter; its `limit` is left to the caller."""
    return (
        (not filters.types or event.type in filters.types)
        and (not filters.statuses or event.status in filters.statuses)
        and (filters.article_id is None or event.article.id == filters.article_id)
        and (not filters.actor or any(_is(filters.actor, party) for party in acting(event)))
        and _in_days(filters, event)
    )


def acting(event: Event) -> tuple[Party, ...]:
    """Who acts in the event: its actor, supplier or speaker."""
    match event:
        case DeploymentEvent():
            return event.actor
        case SupplyEvent():
            return event.supplier
        case _:
            return event.speaker


def _is(wanted: str, party: Party) -> bool:
    words = search_words(wanted)
    return party.code == wanted.strip().upper() or (bool(words.strip()) and words in search_words(party.name))


def _in_days(filters: EventFilter, event: Event) -> bool:
    earliest, latest = (event.time.earliest, event.time.latest) if event.time else (None, None)
    published = _utc_day(event.article.published_at)
    first, last = earliest or published or latest, latest or published or earliest
    return (not filters.since or (last is not None and last >= filters.since)) and (
        not filters.until or (first is not None and first <= filters.until)
    )


def _utc_day(published: datetime | date | None) -> date | None:
    return published.astimezone(UTC).date() if isinstance(published, datetime) else published
