"""Claims as they stand in a digest: who gives which status, and which number, side by side."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from schemas import Claim, Number, Position, Report
from services.report.wording import STATUSES, amount, headline, published_day, said_by, seen, voice

SCALE: Final = 95
"""Where the largest number of a unit lies, in percent of the width: a mark of its own has room to the right of it."""


@dataclass(frozen=True)
class Bar:
    """The stretch of a number on the scale of its unit, in percent of the width; `open` has no upper bound."""

    left: float
    width: float
    open: bool


@dataclass(frozen=True)
class Figure:
    """A number and who gives it; `bar` is None where no bound is known."""

    source: str
    status: str
    words: str
    bar: Bar | None


@dataclass(frozen=True)
class Citation:
    """An article that tells the claim.

    Attributes:
        link: the record on the same page, or None where it is not part of the digest.
        source, day, title: what is known of the article; empty where it is not.
        evidence: the sentence or sentences.
    """

    link: str | None
    source: str
    day: str
    title: str
    evidence: str


@dataclass(frozen=True)
class ClaimBlock:
    """One claim of the digest; `voices` has, for each status that somebody gives, who does."""

    claim: Claim
    whom: str
    what: str
    seen: str
    voices: tuple[tuple[str, tuple[str, ...]], ...]
    figures: tuple[Figure, ...]
    citations: tuple[Citation, ...]


def claim_block(claim: Claim, links: Mapping[UUID, str]) -> ClaimBlock:
    """The claim as a block.

    Args:
        claim: the claim.
        links: where the page shows a record, by its `event_id`.
    """
    whom, what = headline(claim)
    return ClaimBlock(
        claim,
        whom,
        what,
        seen(claim),
        tuple(_voices(claim.positions)),
        tuple(figures(claim.numbers)),
        tuple(_citation(report, links) for report in claim.reports),
    )


def _voices(positions: Sequence[Position]) -> Iterable[tuple[str, tuple[str, ...]]]:
    for status in STATUSES:
        voices = tuple(voice(position) for position in positions if position.status == status)
        if voices:
            yield status, voices


def figures(numbers: Sequence[Number]) -> list[Figure]:
    """The numbers in the given order, each with its bar on the scale of all numbers of its unit."""
    largest: dict[str | None, float] = {}
    for number in numbers:
        bounds = [bound for bound in (number.min, number.max) if bound is not None]
        largest[number.unit] = max([largest.get(number.unit, 0), *bounds])
    return [
        Figure(said_by(number.said_by), number.status, amount(number), _bar(number, largest[number.unit]))
        for number in numbers
    ]


def _bar(number: Number, largest: float) -> Bar | None:
    if (number.min is None and number.max is None) or largest <= 0:
        return None
    low, high = max(number.min or 0, 0), max(number.max if number.max is not None else largest, 0)
    return Bar(round(SCALE * low / largest, 2), round(SCALE * (high - low) / largest, 2), number.max is None)


def _citation(report: Report, links: Mapping[UUID, str]) -> Citation:
    article = report.article
    day = str(published_day(article) or "")
    return Citation(links.get(report.event_id), article.source or "", day, article.title or article.id, report.evidence)
