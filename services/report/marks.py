"""The article's text cut where marks begin and end, so that overlapping marks can be shown in flat HTML."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from schemas import Event, Span

FIELDS = (
    "actor",
    "force",
    "quantity",
    "origin",
    "destination",
    "beneficiary",
    "supplier",
    "recipient",
    "goods",
    "speaker",
    "addressee",
    "content",
    "attribution",
    "time",
)
"""Slots of the records in the order in which a person reads them."""


@dataclass(frozen=True)
class Mark:
    """One span of one record: its offsets are code points of the article's text, end exclusive."""

    start: int
    end: int
    number: int
    type: str
    slot: str


@dataclass(frozen=True)
class Segment:
    """A stretch of text over which the same marks lie.

    Attributes:
        text: the words, as in the article.
        anchor: the mark of the record whose anchor this is, or None.
        starts: numbers of the records whose anchors begin here: an anchor may be cut by other marks, and be shared.
        classes: CSS classes, one for each type and slot that lies here.
        title: what lies here, in words.
    """

    text: str
    anchor: Mark | None
    starts: tuple[int, ...]
    classes: str
    title: str


def slots(event: Event) -> Iterator[tuple[str, Span]]:
    """The filled slots of a record with their spans, list-valued slots one by one."""
    for name in FIELDS:
        value = getattr(event, name, None)
        for span in value if isinstance(value, tuple) else (value,) if value else ():
            yield name, span


def marks(events: Sequence[Event]) -> list[Mark]:
    """All marks of the records, numbered from 1 in the given order."""
    found = []
    for number, event in enumerate(events, start=1):
        found.append(Mark(event.anchor.start, event.anchor.end, number, event.type, "anchor"))
        found += [Mark(span.start, span.end, number, event.type, slot) for slot, span in slots(event)]
    return found


def segments(text: str, events: Sequence[Event]) -> list[Segment]:
    """The text in order, cut at every mark's ends; joined, the segments are the text again."""
    placed = marks(events)
    cuts = sorted({0, len(text), *(m.start for m in placed), *(m.end for m in placed)})
    return [
        _segment(text[start:end], start, [m for m in placed if m.start <= start and end <= m.end])
        for start, end in pairwise(cuts)
    ]


def fits(text: str, events: Sequence[Event]) -> bool:
    """Whether the records' spans are this text's: an article may have changed since it was read."""
    spans = [span for event in events for span in (event.anchor, *(span for _, span in slots(event)))]
    return all(text[span.start : span.end] == span.text for span in spans)


def _segment(words: str, start: int, here: list[Mark]) -> Segment:
    anchors = [m for m in here if m.slot == "anchor"]
    classes = sorted({c for m in here for c in (m.type, m.slot)})
    title = "; ".join(f"{m.number} {m.type}: {m.slot}" for m in here)
    starts = tuple(m.number for m in anchors if m.start == start)
    return Segment(words, anchors[0] if anchors else None, starts, " ".join(classes), title)
