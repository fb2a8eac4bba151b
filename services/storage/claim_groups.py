"""What a change of mentions means for the groups: which cells to look at again, and what comes of them."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple
from uuid import UUID

from schemas import claim_id
from services.claims import Member, group_members, segments
from services.claims.groups import REACH, SIGHT
from services.storage.claim_rows import ClaimRecordRow, cell_of
from services.storage.columns import day_text


@dataclass(slots=True)
class Touched:
    """What a change of mentions has touched.

    Attributes:
        days: blocks and their days on which mentions came, went or changed, in order.
        segments: blocks and first days of segments that have lost a mention, or one of whose has changed.
        claims: claims that have lost a mention, or one of whose has changed.
        fresh: ids of the records whose mention is new or has changed.
    """

    days: dict[str, list[date]] = field(default_factory=dict)
    segments: set[tuple[str, date]] = field(default_factory=set)
    claims: set[str] = field(default_factory=set)
    fresh: set[str] = field(default_factory=set)

    @classmethod
    def by(cls, outdated: Iterable[ClaimRecordRow], fresh: Sequence[ClaimRecordRow]) -> "Touched":
        """What these rows touch, the former and the new ones."""
        touched = cls(fresh={row.event_id for row in fresh})
        days: dict[str, set[date]] = defaultdict(set)
        for row in fresh:
            days[row.block].add(_day(row.day))
        for row in outdated:
            days[row.block].add(_day(row.day))
            if row.segment and row.claim_id:
                touched.segments.add((row.block, _day(row.segment)))
                touched.claims.add(row.claim_id)
        touched.days = {block: sorted(found) for block, found in days.items()}
        return touched

    def sight(self) -> tuple[date, date]:
        """First and last day that must be known to group anew; `days` is not empty."""
        first = min(days[0] for days in self.days.values())
        last = max(days[-1] for days in self.days.values())
        return _shift(first, -1), _shift(last, 1)

    def cells_to_group(self, days: Iterable[Sequence[object]]) -> dict[str, date]:
        """The cells whose groups can have changed, each with the first day of its segment now.

        Args:
            days: block, day and first day of the segment so far (None: new) of all mentions of the blocks within sight.
        """
        known: dict[str, dict[date, set[date | None]]] = defaultdict(lambda: defaultdict(set))
        for block, day, segment in days:
            known[str(block)][_day(day)].add(None if segment is None else _day(segment))
        return {
            cell_of(block, day): first
            for block, found in known.items()
            for day, first in self._to_group(block, found).items()
        }

    def _to_group(self, block: str, found: dict[date, set[date | None]]) -> dict[date, date]:
        now = segments(found)
        near = [day for day in found if _is_near(day, self.days[block])]
        moved = [day for day in near if found[day] != {now[day]}]
        # What a segment has lost changes the rest of it, though that may keep its first day.
        lost = {segment for other, segment in self.segments if other == block}
        lost |= {segment for day in moved for segment in found[day] if segment}
        again = {now[day] for day in moved} | {now[day] for day in near if found[day] & lost}
        return {day: first for day, first in now.items() if first in again}


class Regrouping(NamedTuple):
    """What grouping has changed.

    Attributes:
        groups: the groups whose claims must be made anew.
        moved: rows whose segment or claim has changed.
        gone: claims that no group is any more.
    """

    groups: list[list[ClaimRecordRow]]
    moved: list[ClaimRecordRow]
    gone: set[str]


def regroup(rows: Iterable[ClaimRecordRow], cells: dict[str, date], touched: Touched) -> Regrouping:
    """Group all mentions of some segments.

    Args:
        rows: the mentions.
        cells: their cells, with the first day of the segment now.
        touched: what has led to this.
    """
    parts: dict[tuple[str, date], list[ClaimRecordRow]] = defaultdict(list)
    for row in rows:
        parts[row.block, cells[row.cell]].append(row)
    groups: dict[str, list[ClaimRecordRow]] = {}
    for (_, first), part in parts.items():
        for group in _groups(part):
            name = str(claim_id(UUID(group[0].event_id)))
            groups[name] = [row._replace(segment=day_text(first), claim_id=name) for row in group]
    former = {row.event_id: row for part in parts.values() for row in part}
    moved = [row for group in groups.values() for row in group if not _same(row, former[row.event_id])]
    lost = touched.claims | {old for row in moved if (old := former[row.event_id].claim_id) and old != row.claim_id}
    came = {row.claim_id for row in moved if former[row.event_id].claim_id != row.claim_id}
    changed = [
        group
        for name, group in groups.items()
        if name in lost or name in came or any(row.event_id in touched.fresh for row in group)
    ]
    return Regrouping(changed, moved, lost - groups.keys())


def _groups(rows: Collection[ClaimRecordRow]) -> list[list[ClaimRecordRow]]:
    """The groups of one segment, each with its first record first."""
    by_id = {row.event_id: row for row in rows}
    groups = group_members([Member(row.event_id, row.article_id, row.goods) for row in rows])
    ordered = ([by_id[member.event_id] for member in group] for group in groups)
    return [sorted(group, key=lambda row: (_day(row.day), row.event_id)) for group in ordered]


def _same(row: ClaimRecordRow, former: ClaimRecordRow) -> bool:
    known = None if former.segment is None else _day(former.segment)
    return row.claim_id == former.claim_id and known is not None and row.segment == day_text(known)


def _is_near(day: date, touched: Sequence[date]) -> bool:
    place = bisect_left(touched, day)
    return any(abs(day - other) <= REACH for other in touched[max(0, place - 1) : place + 1])


def _shift(day: date, direction: int) -> date:
    try:
        return day + direction * SIGHT
    except OverflowError:
        return date.min if direction < 0 else date.max


def _day(value: object) -> date:
    """A day as the database hands it over: a date from PostgreSQL, text from SQLite."""
    return value if isinstance(value, date) else date.fromisoformat(str(value))
