"""The grammar as one scan: every rule's pattern in one alternation, read by the rule that matched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from services.extraction.normalise import time_points, time_spans
from services.extraction.normalise.periods import UNKNOWN, Interval, Period
from services.extraction.normalise.time_words import Reference, Rule

# Counting rules first: "vor zwei Wochen" is more than its "Wochen".
_RULES = [*time_spans.RULES, *time_points.RULES]
_EDGES = r"(?<![\w$€£])(?:{})(?!\w)"
_COMPILED = [re.compile(_EDGES.format(rule.pattern), re.IGNORECASE) for rule in _RULES]
# Group names would clash in the alternation; only which stretch matches matters there.
_SCAN = re.compile(
    _EDGES.format("|".join(re.sub(r"\(\?P<\w+>", "(?:", rule.pattern) for rule in _RULES)), re.IGNORECASE
)

# The words that lead a time expression in: an adverb, a preposition, an article after it.
_ADVERB = r"(?:(?:noch|erst|schon|bereits|frühestens|spätestens|mindestens|nicht|seit|ab|bis)\s+)*"
_LEADS = {
    "preposition": rf"{_ADVERB}(?:(?:am|an|im|in|ins|zu|zum|zur|um|gegen|für|über|mit|von|vom|vor|nach|zwischen|während"
    r"|innerhalb|binnen|per|seit|ab|bis)\s+(?:(?:dem|den|der|das|die|des)\s+)?)?",
    "day": r"(?:(?:noch|erst|schon|bereits|seit|ab|bis|von|für|am)\s+)*",
    "adverb": r"(?:(?:noch|erst|schon|bereits|nur)\s+)*",
}
LEADS = {name: re.compile(rf"(?<!\w){pattern}\Z", re.IGNORECASE) for name, pattern in _LEADS.items()}


@dataclass(frozen=True)
class Core:
    """A time expression without its preposition, and the rule that reads it."""

    match: re.Match[str]
    rule: Rule

    @property
    def start(self) -> int:
        """Offset of its first character."""
        return self.match.start()

    @property
    def end(self) -> int:
        """Offset after its last character."""
        return self.match.end()

    def lead(self, text: str) -> int:
        """Where the words that lead it in begin ("noch vor", "bis zum")."""
        match = LEADS[self.rule.lead].search(text, max(0, self.start - 40), self.start)
        return match.start() if match else self.start

    def read(self, reference: Reference) -> Interval:
        """The days it means, without regard to what leads it in."""
        found = self.rule.read(self.match, reference)
        if isinstance(found, Period):
            return Interval(found.first, found.last)
        return found or UNKNOWN


def find_cores(text: str) -> Iterator[Core]:
    """Every time expression's core in ``text``, from left to right, without overlaps."""
    position = 0
    while scanned := _SCAN.search(text, position):
        core = _core_at(text, scanned.start())
        if core:
            yield core
        position = core.end if core else scanned.start() + 1


def _core_at(text: str, start: int) -> Core | None:
    best: Core | None = None
    for pattern, rule in zip(_COMPILED, _RULES, strict=True):
        match = pattern.match(text, start)
        if match and (rule.holds is None or rule.holds(match)) and (best is None or match.end() > best.end):
            best = Core(match, rule)
    return best
