"""Articles with findings, invented and deterministic, for the tests of storage and sink. Tests alone."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

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
    Time,
    event_id,
    extraction_id,
)

TEXT = (
    "Das Verteidigungsministerium in Kopenhagen teilte mit, Dänemark habe im März mindestens 120 Soldaten "
    "von Aalborg nach Estland verlegt. Die Niederlande liefern der Ukraine 14 Leopard-Panzer."
)
EXTRACTOR = "test-1"
EPOCH = datetime(2024, 3, 20, 8, 30, tzinfo=UTC)
"""Kafka's timestamp of the first message of a test."""


def moment(seconds: float) -> datetime:
    """Kafka's timestamp so many seconds into the test."""
    return EPOCH + timedelta(seconds=seconds)


def article(
    number: int = 0, *, title: str = "Truppen im Baltikum", published: date | datetime | None = None
) -> Article:
    """The article of this number, each with the same text."""
    return Article(
        id=f"artikel-{number}",
        title=title,
        url=f"https://zeitung.example/{number}",
        source="Beispielzeitung",
        published_at=published or datetime(2024, 3, 19, 18, 5, tzinfo=UTC),
        text=TEXT,
    )


def findings(of: Article, extractor: str = EXTRACTOR, count: int = 3) -> list[Event]:
    """The first `count` (at most 3) events that version `extractor` finds: a statement, a deployment, a supply."""
    deployment = event_id(of.id, "deployment", *_offsets("verlegt"))
    common = {
        "extraction_id": extraction_id(of, extractor),
        "extractor": extractor,
        "article": ArticleReference.of(of),
        "confidence": 0.75 if extractor == EXTRACTOR else 0.5,
    }
    ministry = Party(**_span("Das Verteidigungsministerium"), name="Verteidigungsministerium", code="DNK", kind="state")
    statement = StatementEvent(
        event_id=event_id(of.id, "statement", *_offsets("teilte mit")),
        evidence=_sentence(0),
        anchor=Span(**_span("teilte mit")),
        status="actual",
        reported=False,
        speaker=(ministry,),
        kind="say",
        quoted=False,
        content=Span(**_span(TEXT[55:134])),
        tells=(deployment,),
        plover_code="010",
        **common,
    )
    sent = DeploymentEvent(
        event_id=deployment,
        evidence=_sentence(0),
        anchor=Span(**_span("verlegt")),
        status="actual",
        reported=True,
        attribution=(ministry,),
        time=Time(**_span("im März"), earliest=date(2024, 3, 1), latest=date(2024, 3, 31)),
        actor=(Party(**_span("Dänemark"), name="Dänemark", code="DNK", kind="state"),),
        force=Span(**_span("Soldaten")),
        quantity=Quantity(**_span("mindestens 120"), min=120),
        origin=Place(**_span("Aalborg"), name="Aalborg", country="DNK", latitude=57.05, longitude=9.92),
        destination=Place(**_span("Estland"), name="Estland", country="EST", geonames_id=453733),
        plover_code="154",
        **common,
    )
    supply = SupplyEvent(
        event_id=event_id(of.id, "supply", *_offsets("liefern")),
        evidence=_sentence(1),
        anchor=Span(**_span("liefern")),
        status="planned",
        reported=False,
        supplier=(Party(**_span("Die Niederlande"), name="Niederlande", code="NLD", kind="state"),),
        recipient=(Party(**_span("der Ukraine"), name="Ukraine", code="UKR", kind="state"),),
        goods=Span(**_span("Leopard-Panzer")),
        category="vehicles",
        quantity=Quantity(**_span("14"), min=14, max=14),
        **common,
    )
    events: list[Event] = [statement, sent, supply]
    return events[:count]


def receipt(of: Article, events: list[Event], extractor: str = EXTRACTOR) -> Extraction:
    """The extraction record that names `events` as all there is in the article."""
    ids: tuple[UUID, ...] = tuple(event.event_id for event in events)
    return Extraction(
        extraction_id=extraction_id(of, extractor),
        article_id=of.id,
        extractor=extractor,
        event_ids=ids,
        outcome="events" if ids else "no_events",
    )


def _offsets(words: str) -> tuple[int, int]:
    start = TEXT.index(words)
    return start, start + len(words)


def _span(words: str) -> dict[str, object]:
    start, end = _offsets(words)
    return {"text": words, "start": start, "end": end}


def _sentence(number: int) -> Span:
    return Span(**_span([TEXT[: TEXT.index(" Die N")], TEXT[TEXT.index("Die N") :]][number]))
