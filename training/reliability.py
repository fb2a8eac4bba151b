"""How far `confidence` can be believed: the share of events among the records of each span of confidence."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from schemas import Event
from training.corpus import touches

BOUNDS = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0)
"""Lower and upper ends of the spans; the upper one belongs to the next span, but for 1."""

Judged = tuple[float, bool]
"""The confidence of a record, and whether it is an event."""


def judged(found: Iterable[Event], gold: Sequence[Mapping[str, Any]]) -> list[Judged]:
    """Each record of an article, the surest first, beside a gold event of its type whose anchor it touches.

    One gold event makes one record right. Records without a confidence, as rules make them, are left out.
    """
    free = list(gold)
    result = []
    sure = [(event.confidence, event) for event in found if event.confidence is not None]
    for confidence, event in sorted(sure, key=lambda one: -one[0]):
        match = next((one for one in free if _is_of(event, one)), None)
        if match is not None:
            free.remove(match)
        result.append((confidence, match is not None))
    return result


def _is_of(event: Event, gold: Mapping[str, Any]) -> bool:
    return event.type == gold["type"] and touches((event.anchor.start, event.anchor.end), gold["anchor"])


def table(sets: Mapping[str, Sequence[Judged]]) -> str:
    """A Markdown table: for each set and span how many records, their mean confidence, and the share of events."""
    lines = ["| confidence | " + " | ".join(sets) + " |", "|---" * (len(sets) + 1) + "|"]
    for (low, high), *parts in zip(pairwise(BOUNDS), *map(_by_span, sets.values()), strict=True):
        lines.append(f"| {low:g}–{high:g} | " + " | ".join(map(_cell, parts)) + " |")
    errors = [f"{_calibration_error(records):.3f}" for records in sets.values()]
    return "\n".join([*lines, "| expected calibration error | " + " | ".join(errors) + " |"])


def _by_span(records: Sequence[Judged]) -> list[list[Judged]]:
    return [[one for one in records if low <= one[0] < high + (high == 1.0)] for low, high in pairwise(BOUNDS)]


def _cell(records: Sequence[Judged]) -> str:
    if not records:
        return "–"
    return f"{len(records)}: {_mean(c for c, _ in records):.2f} → {_mean(right for _, right in records):.2f}"


def _calibration_error(records: Sequence[Judged]) -> float:
    """Mean distance of confidence and share over the spans, by records (Naeini et al., AAAI 2015)."""
    distances = (
        len(part) * abs(_mean(c for c, _ in part) - _mean(right for _, right in part))
        for part in _by_span(records)
        if part
    )
    return sum(distances) / max(1, len(records))


def _mean(values: Iterable[float]) -> float:
    numbers = list(values)
    return sum(numbers) / len(numbers)
