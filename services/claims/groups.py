"""Which records of one block tell of the same happening: a function of the set, whatever order it came in.

First by time. Days with records, in order, hang together as long as no gap between two of them is longer than `GAP`.
Such a run is one segment if it is no longer than `LONGEST`; a longer one is told month by month, so that a war does
not become one happening. A new day therefore changes segments within `REACH` of it alone, and to know them all days
within `SIGHT` suffice.

Then by goods, within a segment. A word that no other word of the segment ends in is specific ("kampfpanz"). Any other
("panz", or none at all) goes with the only specific one it can mean; where there are several, with the only one of its
own article; else it is a happening of its own.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import groupby, pairwise
from typing import Final, NamedTuple

GAP: Final = timedelta(days=14)
"""Longest silence within one happening: news of the same come within two weeks."""
LONGEST: Final = timedelta(days=31)
REACH: Final = LONGEST + GAP + timedelta(days=31)
"""How far from a new or removed day a segment can change: a run that is cut or joined there, and a month beside it."""
SIGHT: Final = REACH + LONGEST + GAP + timedelta(days=1)
"""How far one has to see to know the segments within `REACH`: a run that goes on beyond is a long one in any case."""


class Member(NamedTuple):
    """A record as far as grouping needs it."""

    event_id: str
    article_id: str
    goods: str


def segments(days: Iterable[date]) -> dict[date, date]:
    """The first day of the segment of each day.

    Args:
        days: all days of a block with records, or all within `SIGHT` of those that matter.
    """
    first_days: dict[date, date] = {}
    for run in _runs(sorted(set(days))):
        for part in _parts(run):
            first_days |= dict.fromkeys(part, part[0])
    return first_days


def _runs(days: Sequence[date]) -> list[list[date]]:
    runs = [[day] for day in days[:1]]
    for before, day in pairwise(days):
        if day - before <= GAP:
            runs[-1].append(day)
        else:
            runs.append([day])
    return runs


def _parts(run: list[date]) -> list[list[date]]:
    if run[-1] - run[0] <= LONGEST:
        return [run]
    return [list(days) for _, days in groupby(run, key=lambda day: (day.year, day.month))]


def group_members(members: Sequence[Member]) -> list[list[Member]]:
    """The members of one segment by happening: each is in one group."""
    words = {member.goods for member in members}
    meanings = _meanings(words)
    own: dict[str, set[str]] = {}
    for member in members:
        if meanings[member.goods] == {member.goods}:
            own.setdefault(member.article_id, set()).add(member.goods)
    groups: dict[str, list[Member]] = {}
    for member in members:
        groups.setdefault(_meant(member, meanings[member.goods], own), []).append(member)
    return list(groups.values())


def _meant(member: Member, possible: set[str], own: dict[str, set[str]]) -> str:
    if len(possible) > 1:
        possible = possible & own.get(member.article_id, set())
    return next(iter(possible)) if len(possible) == 1 else member.goods


def _meanings(words: set[str]) -> dict[str, set[str]]:
    """The specific words that each word can mean: those that end in it; a specific one means itself."""
    longer: dict[str, set[str]] = {word: set() for word in words}
    for word in words:
        # An end shorter than four letters is no word: "rot" and "brot" have nothing in common.
        for start in range(1, len(word) - 3):
            if word[start:] in longer:
                longer[word[start:]].add(word)
        if word and "" in longer:
            longer[""].add(word)
    specific = {word for word in words if not longer[word]}
    return {word: {word} if word in specific else longer[word] & specific for word in words}
