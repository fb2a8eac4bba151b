"""Records to rows: plain text and numbers, which both databases' drivers take as they are."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, TypeAlias

import sqlalchemy as sa

from schemas import (
    Article,
    ArticleReference,
    DeploymentEvent,
    Event,
    Extraction,
    Party,
    Place,
    Quantity,
    Span,
    StatementEvent,
    SupplyEvent,
)
from services.storage.columns import day_text, moment_text
from services.storage.interface import Unstorable
from services.storage.rows import (
    ArticleRow,
    EventRow,
    EventRows,
    ExtractionRow,
    PartyRow,
    PendingRow,
    PlaceRow,
    ToldRow,
)


def article_row(article: Article | ArticleReference, seen_at: datetime) -> ArticleRow:
    """The row of an article, or of its citation alone."""
    published = article.published_at
    return ArticleRow(
        article.id,
        article.title,
        article.url,
        article.source,
        article.language,
        None if published is None else day_text(_utc_day(published)),
        moment_text(published) if isinstance(published, datetime) else None,
        article.text if isinstance(article, Article) else None,
        moment_text(seen_at),
    )


def article_of(row: sa.Row[Any]) -> Article:
    """The article of a row that has a text; its publication as a moment in UTC, or as the day alone."""
    known = {name: getattr(row, name) for name in ("title", "url", "source", "text")}
    return Article(
        id=row.article_id,
        language=row.language or "de",
        published_at=row.published_at or row.published_on,
        **known,
    )


def stub_row(article_id: str, seen_at: datetime) -> ArticleRow:
    """The row of an article of which no more than the id is known."""
    return ArticleRow(article_id, None, None, None, None, None, None, None, moment_text(seen_at))


def merge(known: ArticleRow, new: ArticleRow) -> ArticleRow:
    """What is known of an article after `new`: the article itself beats citations, a later citation adds to them."""
    first_seen_at = min(known.first_seen_at, new.first_seen_at)
    if new.text is not None:
        return new._replace(first_seen_at=first_seen_at)
    if known.text is not None:
        return known._replace(first_seen_at=first_seen_at)
    added = {name: value for name, value in new._asdict().items() if value is not None}
    return known._replace(**added)._replace(first_seen_at=first_seen_at)


def extraction_row(extraction: Extraction, seen_at: datetime) -> ExtractionRow:
    """The row of an extraction."""
    return ExtractionRow(
        extraction.article_id,
        str(extraction.extraction_id),
        extraction.extractor,
        extraction.outcome,
        len(extraction.event_ids),
        moment_text(seen_at),
    )


def pending_row(row: EventRow) -> PendingRow:
    """The row of an event that waits."""
    return PendingRow(row.extraction_id, row.event_id, row.article_id, row.record, row.seen_at)


def event_rows(event: Event, event_id: str, extraction_id: str, seen_at: datetime) -> EventRows:
    """All rows of an event, its identifiers given as text: to write a UUID as text takes as long as a row.

    Raises:
        Unstorable: a text holds U+0000 or a number is outside the range of a double.
    """
    try:
        row = _event_row(event, event_id, extraction_id, moment_text(seen_at))
    except OverflowError as error:
        raise Unstorable(f"event {event_id}: a number is out of range ({error})") from error
    told = event.tells if isinstance(event, StatementEvent) else ()
    return EventRows(
        row,
        _party_rows(event_id, event),
        [_place_row(event_id, role, place) for role, place in places_of(event) if place],
        [ToldRow(event_id, position, str(told_id)) for position, told_id in enumerate(told)],
    )


def _event_row(event: Event, event_id: str, extraction_id: str, seen_at: str) -> EventRow:
    anchor, evidence, time = event.anchor, event.evidence, event.time
    # In the order of the columns, which is their names' only place: by keyword it takes three times as long.
    return EventRow(
        event_id,
        event.article.id,
        extraction_id,
        event.extractor,
        event.type,
        event.status,
        int(event.reported),
        anchor.text,
        anchor.start,
        anchor.end,
        evidence.text,
        evidence.start,
        evidence.end,
        time.text if time else None,
        _day(time.earliest) if time else None,
        _day(time.latest) if time else None,
        *_own_columns(event),
        event.plover_code,
        event.confidence,
        _document(event),
        seen_at,
    )


_Words: TypeAlias = str | None
_OwnColumns: TypeAlias = tuple[
    _Words, _Words, _Words, int | None, _Words, _Words, _Words, _Words, float | None, float | None, int | None, _Words
]


def _own_columns(event: Event) -> _OwnColumns:
    """What not every type of event has: `movement` to `content`, then `quantity` to `quantity_unit`."""
    match event:
        case DeploymentEvent():
            return event.movement, None, None, None, _text(event.force), None, None, *_quantity(event.quantity)
        case SupplyEvent():
            return None, event.category, None, None, None, _text(event.goods), None, *_quantity(event.quantity)
        case StatementEvent():
            return None, None, event.kind, int(event.quoted), None, None, event.content.text, *_quantity(None)


def _quantity(quantity: Quantity | None) -> tuple[_Words, float | None, float | None, int | None, _Words]:
    if quantity is None:
        return None, None, None, None, None
    low, high = _number(quantity.min), _number(quantity.max)
    return quantity.text, low, high, int(quantity.approximate), quantity.unit


def _party_rows(event_id: str, event: Event) -> list[PartyRow]:
    return [
        PartyRow(
            event_id,
            role,
            position,
            party.name,
            search_words(party.name),
            party.code,
            party.kind,
            party.text,
            party.start,
            party.end,
        )
        for role, who in parties_of(event)
        for position, party in enumerate(who)
    ]


def parties_of(event: Event) -> tuple[tuple[str, Sequence[Party]], ...]:
    """The roles of an event, each with its parties."""
    match event:
        case DeploymentEvent():
            own = ("actor", event.actor), ("beneficiary", event.beneficiary)
        case SupplyEvent():
            own = ("supplier", event.supplier), ("recipient", event.recipient)
        case StatementEvent():
            own = ("speaker", event.speaker), ("addressee", event.addressee)
    return *own, ("attribution", event.attribution)


def places_of(event: Event) -> tuple[tuple[str, Place | None], ...]:
    """The roles of an event's places, each with its place."""
    if isinstance(event, DeploymentEvent):
        return ("origin", event.origin), ("destination", event.destination)
    return ()


def _place_row(event_id: str, role: str, place: Place) -> PlaceRow:
    geonames_id = place.geonames_id
    if geonames_id is not None and geonames_id >= 2**63:
        raise Unstorable(f"event {event_id}: the GeoNames identifier {geonames_id} is out of range")
    return PlaceRow(
        event_id,
        role,
        place.name,
        place.country,
        place.latitude,
        place.longitude,
        geonames_id,
        place.text,
        place.start,
        place.end,
    )


@lru_cache(maxsize=16_384)
def search_words(name: str) -> str:
    """The words of a name for search: small letters, single spaces between and around them.

    Letters are folded here because SQLite's lower() knows ASCII alone.
    """
    letters = "".join(character if character.isalnum() else " " for character in name.casefold())
    return f" {' '.join(letters.split())} "


def _document(event: Event) -> str:
    document = event.model_dump_json()  # `write` without its bytes, which would be text again here
    # PostgreSQL's text and jsonb cannot hold it; SQLite could, but the two stores behave alike.
    if "\\u0000" in document and "\\u0000" in document.replace("\\\\", ""):
        raise Unstorable(f"event {event.event_id}: a text contains the character U+0000")
    return document


def _text(span: Span | None) -> str | None:
    return span.text if span else None


def _day(day: date | None) -> str | None:
    return None if day is None else day_text(day)


def _number(bound: float | None) -> float | None:
    return None if bound is None else float(bound)


def _utc_day(published: datetime | date) -> date:
    return published.astimezone(UTC).date() if isinstance(published, datetime) else published
