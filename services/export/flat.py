"""An event record as one flat row: what CSV, Parquet, GeoJSON and data frames have in common."""

from datetime import UTC, date, datetime
from typing import Any, Final, Literal, TypeAlias

from schemas import Event, Party, Place, Span

Kind = Literal["text", "texts", "whole", "number", "flag", "day", "moment"]
"""What a column holds; "texts" is a list, "day" a calendar day, "moment" a time in UTC. All may be null."""

Row: TypeAlias = dict[str, Any]

ROLES: Final = ("actor", "beneficiary", "supplier", "recipient", "speaker", "addressee", "attribution")
WORDS: Final = ("force", "goods", "content")
PLACES: Final = ("origin", "destination")

COLUMNS: Final[dict[str, Kind]] = {
    "event_id": "text",
    "type": "text",
    "status": "text",
    "reported": "flag",
    "published_on": "day",
    "published_at": "moment",
    "source": "text",
    "title": "text",
    "url": "text",
    "article_id": "text",
    **{name: "texts" for role in ROLES for name in (role, f"{role}_codes")},
    "movement": "text",
    "category": "text",
    "kind": "text",
    "quoted": "flag",
    "force": "text",
    "goods": "text",
    "content": "text",
    "quantity": "text",
    "quantity_min": "number",
    "quantity_max": "number",
    "quantity_approximate": "flag",
    "quantity_unit": "text",
    "origin": "text",
    "origin_country": "text",
    "origin_latitude": "number",
    "origin_longitude": "number",
    "destination": "text",
    "destination_country": "text",
    "destination_latitude": "number",
    "destination_longitude": "number",
    "time": "text",
    "time_earliest": "day",
    "time_latest": "day",
    "anchor": "text",
    "anchor_start": "whole",
    "anchor_end": "whole",
    "evidence": "text",
    "evidence_start": "whole",
    "evidence_end": "whole",
    "plover_code": "text",
    "confidence": "number",
    "tells": "texts",
    "extractor": "text",
    "extraction_id": "text",
}
"""The columns in their order. Offsets count code points of the article's text, the end exclusive."""


def flat(event: Event) -> Row:
    """The record as a row with all `COLUMNS`; lists are tuples, an unknown code is an empty text in its list."""
    row: Row = dict.fromkeys(COLUMNS)
    published = event.article.published_at
    row |= {name: getattr(event, name) for name in ("type", "status", "reported", "plover_code", "confidence")}
    row |= {name: getattr(event.article, name) for name in ("source", "title", "url")}
    row |= {name: getattr(event, name, None) for name in ("movement", "category", "kind", "quoted", "extractor")}
    row |= {
        "event_id": str(event.event_id),
        "extraction_id": str(event.extraction_id),
        "article_id": event.article.id,
        "published_on": _day(published),
        "published_at": published.astimezone(UTC) if isinstance(published, datetime) else None,
        "tells": tuple(str(told) for told in getattr(event, "tells", ())),
    }
    for role in ROLES:
        row |= _party_columns(role, getattr(event, role, ()))
    for name in PLACES:
        row |= _place_columns(name, getattr(event, name, None))
    for name in ("anchor", "evidence"):
        span: Span = getattr(event, name)
        row |= {name: span.text, f"{name}_start": span.start, f"{name}_end": span.end}
    for name in WORDS:
        words: Span | None = getattr(event, name, None)
        row[name] = words.text if words else None
    return row | _quantity_columns(event) | _time_columns(event)


def _party_columns(role: str, parties: tuple[Party, ...]) -> Row:
    return {
        role: tuple(party.name for party in parties),
        f"{role}_codes": tuple(party.code or "" for party in parties),
    }


def _place_columns(role: str, place: Place | None) -> Row:
    if place is None:
        return {}
    return {
        role: place.name,
        f"{role}_country": place.country,
        f"{role}_latitude": place.latitude,
        f"{role}_longitude": place.longitude,
    }


def _quantity_columns(event: Event) -> Row:
    quantity = getattr(event, "quantity", None)
    if quantity is None:
        return {}
    return {
        "quantity": quantity.text,
        "quantity_min": quantity.min,
        "quantity_max": quantity.max,
        "quantity_approximate": quantity.approximate,
        "quantity_unit": quantity.unit,
    }


def _time_columns(event: Event) -> Row:
    if event.time is None:
        return {}
    return {"time": event.time.text, "time_earliest": event.time.earliest, "time_latest": event.time.latest}


def _day(published: datetime | date | None) -> date | None:
    return published.astimezone(UTC).date() if isinstance(published, datetime) else published
