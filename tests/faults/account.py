"""What a fault has cost, and the table that says so."""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Self

HEAD = "| fault | times | lost | duplicated | seconds to go on, longest |", "|---|---|---|---|---|"


@dataclass(frozen=True)
class Account:
    """What a fault did, in Jepsen's words.

    Attributes:
        fault: what was done.
        times: how often.
        lost: expected events and articles that are no rows, and poison that is no dead letter.
        duplicated: rows over one for an event or article, rows that nobody expected, and dead letters likewise.
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
        *pairs: tuple[Iterable[Hashable], Iterable[Hashable]],
        times: int = 1,
        seconds: Sequence[float] = (),
    ) -> Self:
        """Compare; each pair is what is wanted and what is there, such as ids of events, or values of dead letters."""
        counted = [(Counter(wanted), Counter(there)) for wanted, there in pairs]
        lost = sum((wanted - there).total() for wanted, there in counted)
        extra = sum((there - wanted).total() for wanted, there in counted)
        return cls(fault, times, lost, extra, tuple(seconds))

    @property
    def line(self) -> str:
        """A line of the table."""
        longest = f"{max(self.seconds):.1f}" if self.seconds else "–"
        return f"| {self.fault} | {self.times} | {self.lost} | {self.duplicated} | {longest} |"
