"""The forty articles of `data/claims.yaml` as records, and which of them tell of the same happening. Tests alone."""

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from pydantic import TypeAdapter

from schemas import Article, ArticleReference, Event, event_id, extraction_id

EXTRACTOR = "hand-1"
FILE = Path(__file__).parent / "data" / "claims.yaml"
EVENTS: TypeAdapter[Event] = TypeAdapter(Event)
PARTIES = {"actor": "actor", "supplier": "supplier", "recipient": "recipient", "speaker": "speaker"}


@cache
def forty() -> list[tuple[Article, list[Event]]]:
    """The articles with their records, in the order of the file."""
    return read_articles(_entries())


def read_articles(entries: list[dict[str, Any]]) -> list[tuple[Article, list[Event]]]:
    """Articles in the form of the file, with their records."""
    return [_read(entry) for entry in entries]


def _entries() -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))["articles"]
    return entries


@cache
def answer() -> dict[UUID, str]:
    """The happening of each deployment and supply; one of its own where the file has a dash."""
    named = {}
    for entry, (_, events) in zip(_entries(), forty(), strict=True):
        for record, event in zip(entry["records"], events, strict=True):
            if "same" in record:
                named[event.event_id] = record["same"] if record["same"] != "-" else str(event.event_id)
    return named


def _read(entry: dict[str, Any]) -> tuple[Article, list[Event]]:
    article = Article(
        id=entry["id"],
        text=entry["text"],
        title=f"Meldung {entry['id']}",
        source=entry["source"],
        published_at=entry["day"],
    )
    ids = [_id(article, record) for record in entry["records"]]
    return article, [_event(article, record, ids) for record in entry["records"]]


def _id(article: Article, record: dict[str, Any]) -> UUID:
    anchor = _span(article.text, record["anchor"])
    return event_id(article.id, record["type"], anchor["start"], anchor["end"])


def _event(article: Article, record: dict[str, Any], ids: list[UUID]) -> Event:
    text = article.text
    says = [_party(text, words) for words in record.get("says", ())]
    values: dict[str, Any] = {
        "type": record["type"],
        "event_id": _id(article, record),
        "extraction_id": extraction_id(article, EXTRACTOR),
        "extractor": EXTRACTOR,
        "article": ArticleReference.of(article),
        "evidence": {"text": text, "start": 0, "end": len(text)},
        "anchor": _span(text, record["anchor"]),
        "status": record["status"],
        "reported": bool(says),
        "attribution": says,
        "tells": [ids[number] for number in record["tells"]] if "tells" in record else None,
        "time": _time(text, record["time"]) if "time" in record else None,
        "quantity": _quantity(text, record["quantity"]) if "quantity" in record else None,
    }
    values |= {role: [_party(text, words) for words in record[role]] for role in PARTIES if role in record}
    values |= {name: _span(text, record[name]) for name in ("force", "goods", "content") if name in record}
    values |= {name: _place(text, record[name]) for name in ("origin", "destination") if name in record}
    values |= {name: record[name] for name in ("movement", "category", "kind") if name in record}
    return EVENTS.validate_python({name: value for name, value in values.items() if value is not None})


def _span(text: str, words: str) -> dict[str, Any]:
    start = text.index(words)
    return {"text": words, "start": start, "end": start + len(words)}


def _parts(words: str) -> list[str | None]:
    return [part.strip() or None for part in words.split("|")]


def _party(text: str, words: str) -> dict[str, Any]:
    part, name, code, kind = [*_parts(words), None][:4]
    assert part, words
    return {**_span(text, part), "name": name, "code": code, "kind": kind or "state"}


def _place(text: str, words: str) -> dict[str, Any]:
    part, name, country = _parts(words)
    assert part, words
    return {**_span(text, part), "name": name, "country": country}


def _quantity(text: str, words: str) -> dict[str, Any]:
    part, low, high, unit, about = [*_parts(words), None, None][:5]
    assert part, words
    bounds = {"min": int(low) if low else None, "max": int(high) if high else None}
    return {**_span(text, part), **bounds, "unit": unit, "approximate": about == "~"}


def _time(text: str, words: str) -> dict[str, Any]:
    part, earliest, latest = _parts(words)
    assert part, words
    day = date.fromisoformat
    return {**_span(text, part), "earliest": earliest and day(earliest), "latest": latest and day(latest)}
