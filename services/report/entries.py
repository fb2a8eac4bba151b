"""The records of a digest: in short, with the day they tell of and the place on the page that shows them whole."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Final

from schemas import Event
from services.report.wording import Summary, days, published_day, summary

LAST: Final = date.max
"""Where records of no known day are put."""


@dataclass(frozen=True)
class Entry:
    """One record of the digest.

    Attributes:
        event: the record.
        link: what shows it whole, on the same page: "#record-2-1".
        short: the record in short.
        day: the first day it tells of; of an unknown time the day of publication (UTC), or None.
        when: the days it tells of, in words; empty where they are unknown.
    """

    event: Event
    link: str
    short: Summary
    day: date | None
    when: str


@dataclass(frozen=True)
class Day:
    """The records of one day; None: of no known day."""

    day: date | None
    entries: tuple[Entry, ...]


def entry(event: Event, link: str) -> Entry:
    """The record as an entry."""
    time = event.time
    first, last = (time.earliest, time.latest) if time else (None, None)
    when = days(first, last) if first and last else f"since {first}" if first else f"until {last}" if last else ""
    return Entry(event, link, summary(event), first or published_day(event.article) or last, when)


def timeline(entries: Iterable[Entry]) -> list[Day]:
    """The entries by day, the earliest first; within a day in the given order, those of no known day at the end."""
    ordered = sorted(entries, key=_day)
    return [Day(None if day == LAST else day, tuple(told)) for day, told in groupby(ordered, key=_day)]


def by_article(events: Iterable[Event]) -> dict[str, Sequence[Event]]:
    """The records by article's id, in the given order."""
    found: dict[str, list[Event]] = {}
    for event in events:
        found.setdefault(event.article.id, []).append(event)
    return {article_id: tuple(events) for article_id, events in found.items()}


def _day(one: Entry) -> date:
    return one.day or LAST
