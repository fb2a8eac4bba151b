"""The page: each article with its marks, its records beside it; no script, nothing loaded from elsewhere."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from schemas import Article, Event, Party, Place, Quantity, Span, Time
from services.report.marks import Segment, segments, slots

_ENVIRONMENT = Environment(
    loader=PackageLoader("services.report"),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class Row:
    """One line of a record: the slot, the words in the article, and what they stand for."""

    slot: str
    words: str
    meaning: str


@dataclass(frozen=True)
class Card:
    """One record as it is shown beside the article."""

    number: int
    event: Event
    labels: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Part:
    """One article of the page."""

    article: Article
    segments: tuple[Segment, ...]
    cards: tuple[Card, ...]


def render(articles: Iterable[tuple[Article, Sequence[Event]]], title: str = "Lagebild report") -> str:
    """One HTML page of articles with their records.

    Args:
        articles: each article with its records; their spans must be the article's (`schemas.Span`).
        title: title of the page.

    Returns:
        A complete HTML document. Everything that comes from an article is escaped.
    """
    parts = [
        Part(article, tuple(segments(article.text, events)), tuple(_card(n, e) for n, e in enumerate(events, start=1)))
        for article, events in articles
    ]
    return _ENVIRONMENT.get_template("report.html.jinja").render(title=title, parts=parts)


def _card(number: int, event: Event) -> Card:
    labels: list[str] = [event.status]
    labels += [str(value) for name in ("movement", "kind", "category") if (value := getattr(event, name, None))]
    labels += [name for name in ("reported", "quoted") if getattr(event, name, False)]
    rows = tuple(Row(slot, span.text, _meaning(span)) for slot, span in slots(event))
    return Card(number, event, tuple(labels), rows)


def _meaning(span: Span) -> str:
    match span:
        case Party():
            return _joined(span.name if span.name != span.text else None, span.code)
        case Place():
            spot = None if span.latitude is None else f"{span.latitude:.2f}, {span.longitude:.2f}"
            return _joined(span.name if span.name != span.text else None, span.country, spot)
        case Quantity():
            return _joined(_bounds(span), span.unit)
        case Time():
            return _joined(str(span.earliest or "…") + " to " + str(span.latest or "…"))
    return ""


def _bounds(quantity: Quantity) -> str:
    low, high = quantity.min, quantity.max
    about = "about " if quantity.approximate else ""
    if low == high:
        return f"{about}{low:,}"
    if high is None:
        return f"{about}at least {low:,}"
    return f"{about}at most {high:,}" if low is None else f"{about}{low:,} to {high:,}"


def _joined(*parts: str | None) -> str:
    return " · ".join(part for part in parts if part)
