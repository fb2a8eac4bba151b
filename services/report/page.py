"""The page: each article with its marks, its records beside it; no script, nothing loaded from elsewhere."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from schemas import Article, ArticleReference, Event, Party, Place, Quantity, Span, Time
from services.report.marks import Segment, fits, segments, slots
from services.report.wording import amount, moment

ENVIRONMENT: Final = Environment(
    loader=PackageLoader("services.report"),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
ENVIRONMENT.filters["moment"] = moment
WITHOUT_TEXT: Final = "The text is not there: its records are shown with their sentences."
CHANGED: Final = "The text has changed since it was read: its records are shown with the sentences that they came from."


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
    """One article of the page.

    Attributes:
        article: the article, or its citation alone.
        segments: its text with the marks; without the text none.
        cards: its records.
        note: why the text has no marks, or None where it has.
    """

    article: Article | ArticleReference
    segments: tuple[Segment, ...]
    cards: tuple[Card, ...]
    note: str | None = None


def render(articles: Iterable[tuple[Article, Sequence[Event]]], title: str = "Lagebild report") -> str:
    """One HTML page of articles with their records.

    Args:
        articles: each article with its records.
        title: title of the page.

    Returns:
        A complete HTML document. Everything that comes from an article is escaped.
    """
    parts = [part(article, events) for article, events in articles]
    return ENVIRONMENT.get_template("report.html.jinja").render(title=title, parts=parts)


def part(article: Article | ArticleReference, events: Sequence[Event]) -> Part:
    """The article with its records, marked where their spans are its text's."""
    cards = tuple(_card(number, event) for number, event in enumerate(events, start=1))
    if isinstance(article, ArticleReference):
        return Part(article, (), cards, WITHOUT_TEXT)
    if not fits(article.text, events):
        return Part(article, tuple(segments(article.text, ())), cards, CHANGED)
    return Part(article, tuple(segments(article.text, events)), cards)


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
            return amount(span) if amount(span) != span.text else ""
        case Time():
            return _joined(str(span.earliest or "…") + " to " + str(span.latest or "…"))
    return ""


def _joined(*parts: str | None) -> str:
    return " · ".join(part for part in parts if part)
