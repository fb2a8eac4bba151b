"""Slot values of a record: spans of the text become parties, places, quantities and times."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from schemas import Article, Party, Place, Quantity, Span, Time
from services.extraction.findings import Offsets
from services.extraction.linking import ArticleContext, split_parties
from services.extraction.normalise.dates import resolve_date
from services.extraction.normalise.quantities import find_quantities, parse_quantity

_QUOTES = '„“”‟"»«‚‘›‹'
_CONJUNCTIONS = ("dass ", "daß ")


class Values:
    """Makes the values of one article's records.

    Every span it returns holds ``article.text[start:end]``; offsets that lie outside the text, or hold white
    space alone, give nothing.

    Args:
        article: the article.
        context: the same article as the linker knows it.
    """

    def __init__(self, article: Article, context: ArticleContext) -> None:
        self._text = article.text
        self._context = context
        self._published = _day(article.published_at)

    def trim(self, offsets: Offsets) -> Offsets | None:
        """`offsets` without white space at both ends, or None where nothing is left."""
        start, end = max(0, offsets[0]), min(len(self._text), offsets[1])
        piece = self._text[start:end]
        if start >= end or not (stripped := piece.strip()):
            return None
        start += len(piece) - len(piece.lstrip())
        return start, start + len(stripped)

    def span(self, offsets: Offsets | None) -> Span | None:
        """The words at `offsets`."""
        trimmed = self.trim(offsets) if offsets else None
        return None if trimmed is None else Span(text=self._words(trimmed), start=trimmed[0], end=trimmed[1])

    def parties(self, spans: Iterable[Offsets]) -> tuple[Party, ...]:
        """The parties at `spans`, joined ones ("Frankreich und Griechenland") told apart, each once."""
        found: dict[Offsets, Party] = {}
        for span in spans:
            if trimmed := self.trim(span):
                for start, end in split_parties(self._text, *trimmed):
                    found.setdefault((start, end), self._party(start, end))
        return tuple(found[offsets] for offsets in sorted(found))

    def place(self, offsets: Offsets | None) -> Place | None:
        """The place at `offsets`, with country and coordinates where the linker knows them."""
        if offsets is None or (trimmed := self.trim(offsets)) is None:
            return None
        linked = self._context.place(*trimmed)
        return Place(
            text=self._words(trimmed),
            start=trimmed[0],
            end=trimmed[1],
            name=linked.name or self._words(trimmed),
            country=linked.country,
            latitude=linked.latitude,
            longitude=linked.longitude,
            geonames_id=linked.geonames_id,
        )

    def quantity(self, offsets: Offsets | None, evidence: Offsets) -> Quantity | None:
        """The amount at `offsets`, widened to the whole quantity phrase of the sentence where that can be read.

        A detector may mark "1.500" alone; what counts is "mindestens 1.500". Words without a number give None.
        """
        if offsets is None or (trimmed := self.trim(offsets)) is None:
            return None
        for start, end, amount in find_quantities(self._text[evidence[0] : evidence[1]]):
            phrase = (evidence[0] + start, evidence[0] + end)
            if phrase[0] <= trimmed[0] and trimmed[1] <= phrase[1]:
                trimmed, parsed = phrase, amount
                break
        else:
            if (amount_alone := parse_quantity(self._words(trimmed))) is None:
                return None
            parsed = amount_alone
        return Quantity(
            text=self._words(trimmed),
            start=trimmed[0],
            end=trimmed[1],
            min=parsed.min,
            max=parsed.max,
            approximate=parsed.approximate,
            unit=parsed.unit or None,
        )

    def time(self, offsets: Offsets | None, *, ahead: bool = False) -> Time | None:
        """The time expression at `offsets`, resolved against the day of publication.

        `ahead` says that the event is yet to come: then „am Samstag“ is the next one and not the last.
        """
        if offsets is None or (trimmed := self.trim(offsets)) is None:
            return None
        words = self._words(trimmed)
        interval = resolve_date(words, self._published, ahead=ahead)
        return Time(text=words, start=trimmed[0], end=trimmed[1], earliest=interval.earliest, latest=interval.latest)

    def content(self, offsets: Offsets) -> Offsets | None:
        """What is said, without the "dass", comma, colon or quotation mark around it (GUIDE, "Border cases")."""
        trimmed = self.trim(offsets)
        while trimmed is not None:
            start, end = trimmed
            words = self._words(trimmed)
            if words[0] in ",:;–-" + _QUOTES:
                start += 1
            elif words.lower().startswith(_CONJUNCTIONS):
                start += 5
            elif words[-1] in ".,:;" + _QUOTES:
                end -= 1
            else:
                return trimmed
            trimmed = self.trim((start, end))
        return None

    def quoted(self, content: Offsets) -> bool:
        """Whether quotation marks stand in or around `content`."""
        around = self._text[max(0, content[0] - 1) : content[1] + 1]
        return any(mark in around for mark in _QUOTES)

    def _party(self, start: int, end: int) -> Party:
        linked = self._context.party(start, end)
        words = self._text[start:end]
        return Party(text=words, start=start, end=end, name=linked.name or words, code=linked.code, kind=linked.kind)

    def _words(self, offsets: Offsets) -> str:
        return self._text[offsets[0] : offsets[1]]


def _day(published_at: datetime | date | None) -> date | None:
    """The calendar day of publication, as its own time zone counts it."""
    return published_at.date() if isinstance(published_at, datetime) else published_at


def covers(outer: Offsets, inner: Offsets | int) -> bool:
    """Whether `inner`, a span or a position, lies in `outer`."""
    start, end = (inner, inner + 1) if isinstance(inner, int) else inner
    return outer[0] <= start and end <= outer[1]


def hull(spans: Sequence[Offsets]) -> Offsets:
    """The shortest span that covers all of `spans`."""
    return min(start for start, _ in spans), max(end for _, end in spans)
