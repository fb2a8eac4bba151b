"""How right the normalisers are on annotated articles.

``python -m services.extraction.normalise.measure GOLD.jsonl`` prints, for each file in the form of the annotated
articles: whether the bounds of the annotated quantities come out right from their text, and how many of the annotated
quantities and times are found in the sentences that tell the events.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services.extraction.normalise.dates import find_dates
from services.extraction.normalise.quantities import Amount, find_quantities, parse_quantity

_Span = tuple[int, int]


@dataclass
class Score:
    """Counts over distinct spans; a quantity that several events share counts once."""

    quantities: int = 0
    bounds_right: int = 0
    quantities_found: int = 0
    bounds_right_found: int = 0
    times: int = 0
    times_found: int = 0
    times_reported: int = 0
    wrong: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """The figures as text, one a line."""
        yield f"bounds right given the span   {_share(self.bounds_right, self.quantities)}"
        yield f"quantities found              {_share(self.quantities_found, self.quantities)}"
        yield f"  with the right bounds       {_share(self.bounds_right_found, self.quantities)}"
        yield f"times found                   {_share(self.times_found, self.times)}"
        yield f"time expressions that date the event {_share(self.times_found, self.times_reported)}"


def _share(part: int, whole: int) -> str:
    return f"{part:5} of {whole:5}  {part / whole if whole else 0:.3f}"


def _near(mine: float | None, gold: float | None) -> bool:
    """The scorer's tolerance: within one per cent."""
    if mine is None or gold is None:
        return mine is gold
    return abs(mine - gold) <= 0.01 * max(abs(mine), abs(gold))


def _right(amount: Amount | None, gold: dict[str, Any]) -> bool:
    amount = amount or Amount(None, None, False, None)
    return _near(amount.min, gold["min"]) and _near(amount.max, gold["max"])


def _overlap(one: _Span, other: _Span) -> float:
    shared = min(one[1], other[1]) - max(one[0], other[0])
    return max(0, shared) / (max(one[1], other[1]) - min(one[0], other[0]))


def _distinct(events: list[dict[str, Any]], slot: str) -> dict[_Span, dict[str, Any]]:
    return {(event[slot]["start"], event[slot]["end"]): event[slot] for event in events if event.get(slot)}


def score(article: dict[str, Any], totals: Score) -> None:
    """Add one annotated article to ``totals``."""
    sentences = {(event["evidence"]["start"], event["evidence"]["end"]) for event in article["events"]}
    amounts, times = set[tuple[int, int, Amount]](), set[_Span]()
    for start, end in sentences:
        sentence = article["text"][start:end]
        amounts |= {(start + first, start + last, amount) for first, last, amount in find_quantities(sentence)}
        times |= {(start + first, start + last) for first, last in find_dates(sentence)}
    for span, gold in _distinct(article["events"], "quantity").items():
        totals.quantities += 1
        right = _right(parse_quantity(gold["text"]), gold)
        totals.bounds_right += right
        if not right:
            totals.wrong.append(
                f"{gold['text']}: {gold['min']} to {gold['max']}, read as {parse_quantity(gold['text'])}"
            )
        found = [amount for first, last, amount in amounts if _overlap((first, last), span) > 0]
        totals.quantities_found += bool(found)
        totals.bounds_right_found += any(_right(amount, gold) for amount in found)
    dated = _distinct(article["events"], "time")
    totals.times += len(dated)
    totals.times_found += sum(any(_overlap(span, time) > 0.3 for time in times) for span in dated)
    totals.times_reported += len(times)


def main(arguments: list[str] | None = None) -> int:
    """Print the figures of each file."""
    parser = argparse.ArgumentParser(description="Measure the normalisers on annotated articles.")
    parser.add_argument("gold", nargs="+", type=Path, help="annotated articles, one JSON object a line")
    parser.add_argument("--errors", action="store_true", help="list the quantities that are read wrongly")
    options = parser.parse_args(arguments)
    for path in options.gold:
        totals = Score()
        try:
            for line in path.read_text(encoding="utf-8").splitlines():
                score(json.loads(line), totals)
        except (OSError, ValueError, KeyError) as fault:
            parser.error(f"{path} is not a file of annotated articles: {fault!r}")
        sys.stdout.write("\n".join([str(path), *totals.lines(), *(totals.wrong if options.errors else ())]) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
