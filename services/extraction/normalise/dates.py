"""German time expressions: where they stand (``find_dates``) and which days they mean (``resolve_date``)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from services.extraction.normalise.periods import UNKNOWN, Interval, Lean
from services.extraction.normalise.time_grammar import Core, find_cores
from services.extraction.normalise.time_words import Reference

__all__ = ["Interval", "find_dates", "resolve_date"]

_FUTURE_WORDS = {"bis", "ab", "für", "spätestens", "frühestens", "vor"}
_ONWARDS = re.compile(r"\s+an(?!\w)", re.IGNORECASE)
_TO = re.compile(r"\s*(?:bis(?:\s+(?:zum|zur|in|an|ins))?|[-–—])\s*(?:(?:dem|den|der|die|im|am)\s+)?", re.IGNORECASE)
_AND = re.compile(r"\s+und\s+(?:(?:dem|den|der|im|am)\s+)?", re.IGNORECASE)


@dataclass(frozen=True)
class _Expression:
    """A time expression from ``start`` to ``end``, led in by ``words`` ("noch vor", "von … an")."""

    start: int
    end: int
    words: tuple[str, ...]
    core: Core
    until: Core | None = None
    """The other end of a range ("zwischen 2004 und 2008")."""


def _expressions(text: str, strict: bool) -> Iterator[_Expression]:
    cores = [core for core in find_cores(text) if core.rule.found or not strict]
    position = 0
    while position < len(cores):
        core, until = cores[position], None
        start, end = core.lead(text), core.end
        words = text[start : core.start].lower().split()
        if position + 1 < len(cores) and _makes_range(words, text[end : cores[position + 1].start]):
            position += 1
            until = cores[position]
            end = until.end
        if words[:1] in (["von"], ["vom"]) and (onwards := _ONWARDS.match(text, end)):
            end, words = onwards.end(), [*words, "an"]
        position += 1
        yield _Expression(start, end, tuple(words), core, until)


def _makes_range(words: list[str], gap: str) -> bool:
    return bool(_TO.fullmatch(gap) or ("zwischen" in words and _AND.fullmatch(gap)))


def _lean(words: tuple[str, ...], ahead: bool) -> Lean:
    if "seit" in words:
        return "past"
    return "future" if ahead or _onwards(words) or set(words) & _FUTURE_WORDS else "default"


def _onwards(words: tuple[str, ...]) -> bool:
    return words[:1] in (("von",), ("vom",)) and words[-1] == "an"


def _bounded(words: tuple[str, ...], period: Interval) -> Interval:
    """``period`` as its preposition means it: "bis" is an end, "seit" and "ab" a beginning."""
    if {"bis", "spätestens"} & set(words):
        return Interval(None, period.latest)
    if _onwards(words) or {"seit", "ab", "frühestens"} & set(words) or {"nicht", "vor"} <= set(words):
        return Interval(period.earliest, None)
    if "vor" in words:
        return Interval(None, period.earliest and period.earliest - timedelta(days=1))
    if "nach" in words:
        return Interval(period.latest and period.latest + timedelta(days=1), None)
    return period


def _resolved(expression: _Expression, words: tuple[str, ...], published: date | None, ahead: bool) -> Interval:
    first = expression.core.read(Reference(published, _lean(words, ahead)))
    if expression.until is None:
        return _bounded(words, first)
    last = expression.until.read(Reference(published, "future" if ahead else "default"))
    if last.latest is None:
        return UNKNOWN
    if first.latest is None or _says_less(expression.core, expression.until):
        return Interval(expression.core.read(Reference(last.latest, "past")).earliest, last.latest)
    if first.latest <= last.latest:
        return Interval(first.earliest, last.latest)
    if published and first.latest > published:
        return Interval(expression.core.read(Reference(last.latest, "past")).earliest, last.latest)
    return Interval(first.earliest, expression.until.read(Reference(first.latest, "future")).latest)


def _says_less(core: Core, until: Core) -> bool:
    """As in "vom 3. bis 7. Juni", "zwischen März und Juni 2023": month or year of the second hold for the first."""
    return "only" in core.match.groupdict() or bool(re.search(r"\d{4}", until.match[0]))


def resolve_date(text: str, published: date | None, *, ahead: bool = False) -> Interval:
    """The days that the time expression ``text`` means, seen from the day of publication.

    ``ahead`` says that what happens then is still to come (a planned event): "am Montag" is then the next Monday and
    not the last one, "im Frühjahr" the coming spring. Words that say so themselves ("kommenden", "seit") outweigh it.

    Without a publication date only absolute expressions ("im Februar 2022") are resolved. Only bounds that the words
    set are given: "seit Februar" has no end, "bis Montag" no beginning, "seit Wochen" neither. The rules stand in
    ``periods`` and in docs/normalisers.md.
    """
    expressions = list(_expressions(text, strict=False))
    if not expressions:
        return UNKNOWN
    longest = max(expressions, key=lambda found: found.end - found.start)
    words = longest.words
    if longest.start > 0 and (lead := re.match(r"\s*(seit|bis|ab)\b", text, re.IGNORECASE)):
        words = (lead[1].lower(), *words)
    try:
        return _resolved(longest, words, published, ahead)
    except (OverflowError, ValueError):
        return UNKNOWN


def find_dates(text: str) -> list[tuple[int, int]]:
    """Every calendar or deictic time expression in ``text`` with its preposition: start and end offset.

    Offsets count code points of ``text``, end exclusive; spans do not overlap and stand in the order of the text.
    """
    return [(found.start, found.end) for found in _expressions(text, strict=True)]
