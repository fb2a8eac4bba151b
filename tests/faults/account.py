"""What a fault has cost, and the table that says so."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self
from uuid import UUID

HEAD = "| fault | times | lost | duplicated | seconds to go on, longest |", "|---|---|---|---|---|"


@dataclass(frozen=True)
class Account:
    """What a fault did, in Jepsen's words.

    Attributes:
        fault: what was done.
        times: how often.
        lost: expected events that are no rows, and poison that is no dead letter.
        duplicated: rows over one for an event, rows that nobody expected, and dead letters likewise.
        seconds: from each fault to the next progress.
    """

    fault: str
    times: int
    lost: int
    duplicated: int
    seconds: Sequence[float] = ()

    @classmethod
    def of(
        cls,
        fault: str,
        events: tuple[Iterable[UUID], Iterable[UUID]],
        dead: tuple[Iterable[bytes | None], Iterable[bytes | None]],
        *,
        times: int = 1,
        seconds: Sequence[float] = (),
    ) -> Self:
        """Compare; each pair is what is wanted and what is there: ids of events, values of dead letters."""
        (wanted, rows), (poison, letters) = map(Counter, events), map(Counter, dead)
        lost = (wanted - rows).total() + (poison - letters).total()
        extra = (rows - wanted).total() + (letters - poison).total()
        return cls(fault, times, lost, extra, tuple(seconds))

    @property
    def line(self) -> str:
        """A line of the table."""
        longest = f"{max(self.seconds):.1f}" if self.seconds else "–"
        return f"| {self.fault} | {self.times} | {self.lost} | {self.duplicated} | {longest} |"
