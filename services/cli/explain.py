"""`lagebild explain`: which words gave which slot of a record, and why."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from schemas import Event, Party, Place, Span
from services.cli.reading import Model, Paths, PublishedAt, Reading, Source
from services.report.marks import slots

if TYPE_CHECKING:
    from spacy.tokens import Doc

    from services.extraction.findings import Finding

LABELS = ("status", "reported", "movement", "category", "kind", "quoted")


def explain(paths: Paths, *, published_at: PublishedAt = None, source: Source = None, model: Model = None) -> None:
    """Show for each record which words gave which slot, and why: the component, the rule or the score.

    A span's reason is the detector's (which words) and the linker's (whom they mean). A value without a reason of
    the detector was made from other findings: attribution from the statement around the event, `reported` with it.

    Example:

        lagebild explain meldung.txt
    """
    reading = Reading(paths, published_at, source, model)
    console = Console()
    for article in reading.articles():
        doc, events = reading.extractor.extract_with_doc(article)
        console.rule(Text(article.title or article.id))
        for event in events:
            console.print(_table(event, doc))
    reading.end()


def _table(event: Event, doc: "Doc") -> Table:
    """One record: a line for each slot and label."""
    heading = Text(f"{event.type} „{event.anchor.text}“ at {event.anchor.start}–{event.anchor.end}")
    table = Table("slot", "words", "stands for", "because", title=heading, title_justify="left", expand=True)
    for row in _rows(event, doc):
        table.add_row(*(Text(cell) for cell in row))
    return table


def _rows(event: Event, doc: "Doc") -> Iterator[tuple[str, str, str, str]]:
    finding = _finding(event, doc)
    reasons = finding.reasons if finding else {}
    score = f"score {event.confidence:.2f}" if event.confidence is not None else ""
    yield "anchor", event.anchor.text, event.type, score
    for slot, span in slots(event):
        linked, rule = _linked(span, doc)
        because = "; ".join(part for part in (reasons.get(slot, "from other findings"), rule) if part)
        yield slot, span.text, linked, because
    for label in LABELS:
        if (value := getattr(event, label, None)) is not None:
            yield label, "", str(value).lower(), reasons.get(label, "from other findings or the words")


def _finding(event: Event, doc: "Doc") -> "Finding | None":
    """The finding that the record was made from."""
    anchor = (event.anchor.start, event.anchor.end)
    found = (
        f for f in doc._.findings if f.type == event.type and f.anchor[0] <= anchor[0] and anchor[1] <= f.anchor[1]
    )
    return next(found, None)


def _linked(span: Span, doc: "Doc") -> tuple[str, str]:
    """Whom or what the words mean, and the linker's rule that says so."""
    match span:
        case Party():
            linked = doc._.context.party(span.start, span.end)
            return " · ".join(filter(None, (span.name, span.code, span.kind))), f"linker: {linked.rule}"
        case Place():
            placed = doc._.context.place(span.start, span.end)
            return " · ".join(filter(None, (span.name, span.country))), f"linker: {placed.rule}"
    return "", ""
