"""Who says so: which statement an event is told in, and what a statement tells.

FactBank's principle (Saurí and Pustejovsky 2009): whether an event is a fact is relative to a source. The source
of an event is the speaker of the innermost statement whose content holds the event's anchor.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from services.extraction.findings import Finding, Offsets
from services.extraction.values import covers


@dataclass(frozen=True)
class Told:
    """A finding, with the stretch of text that it says if it is a statement.

    `nominal` tells a cue that is a noun ("das Angebot") from a verb.
    """

    finding: Finding
    content: Offsets | None
    nominal: bool = False

    @property
    def anchor(self) -> Offsets:
        """Offsets of the anchor."""
        return self.finding.anchor


def told_in(event: Told, events: Sequence[Told]) -> int | None:
    """The innermost statement that tells `event`, or None where the article says it itself.

    Of two statements with the same content ("wies einen Bericht zurück, demzufolge …") the one whose cue stands
    nearer to the event is the inner one. An offer, demand or report that somebody refuses or denies is what the
    refusal is about, not what it tells. Where the detector calls an event reported and no content holds it, the
    nearest statement of its sentence is the source: so with a verb of promising, which is both a statement and the
    anchor of what is promised, and with "nach Einschätzung von X" in the middle of its sentence. An event that the
    article vouches for has none: so with a clause that it adds ("…, die seit Mai in Litauen stehen"), and where the
    content was read too long.

    Returns:
        Its position in `events`.
    """
    if event.finding.firsthand:
        return None
    inner = around(event, events)
    if inner is not None:
        return None if _refused(event, events[inner]) else inner
    if event.finding.type == "statement" or not event.finding.labels.get("reported"):
        return None
    beside = [
        position
        for position, other in enumerate(events)
        if other.content is not None and covers(other.finding.evidence, event.anchor[0])
    ]
    return min(beside, key=lambda position: _distance(events[position], event), default=None)


def around(event: Told, events: Sequence[Told]) -> int | None:
    """The position of the innermost statement whose content holds the event's anchor, whoever vouches for the event."""
    containing = [position for position, other in enumerate(events) if _holds(other, event)]
    return min(containing, key=lambda position: _closeness(events[position], event), default=None)


def _refused(event: Told, statement: Told) -> bool:
    return event.nominal and event.content is not None and statement.finding.labels.get("kind") in ("refuse", "deny")


def tells(statement: Told, events: Sequence[Told]) -> list[int]:
    """Positions in `events` of those told inside the statement's content, itself left out.

    An event that the article vouches for is told by the article alone.
    """
    return [
        position for position, event in enumerate(events) if _holds(statement, event) and not event.finding.firsthand
    ]


def _holds(statement: Told, event: Told) -> bool:
    if statement is event or statement.content is None:
        return False
    if not covers(statement.content, event.anchor[0]) or _overlap(statement.anchor, event.anchor):
        return False
    # Two statements may lie in each other's content: "X, sagte A, nach Angaben von B". The wider one tells.
    mutual = event.content is not None and covers(event.content, statement.anchor[0])
    return not (mutual and event.finding.type == "statement" and _length(event.content) >= _length(statement.content))


def _closeness(statement: Told, event: Told) -> tuple[int, int, int]:
    return _length(statement.content), _distance(statement, event), statement.anchor[0]


def _distance(statement: Told, event: Told) -> int:
    return min(abs(statement.anchor[0] - event.anchor[1]), abs(event.anchor[0] - statement.anchor[1]))


def _length(span: Offsets | None) -> int:
    return 0 if span is None else span[1] - span[0]


def _overlap(one: Offsets, other: Offsets) -> bool:
    return one[0] < other[1] and other[0] < one[1]
