"""German quantity phrases as amounts with bounds, by the rules of the annotation guide ("Values").

``parse_quantity`` reads a phrase that somebody marked as a quantity; ``find_quantities`` looks for such phrases in a
sentence and therefore leaves out what only looks like one: dates, years, ages, lengths, ranks, type names ("F-16").
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from services.extraction.normalise import quantity_words as words
from services.extraction.normalise.dates import find_dates
from services.extraction.normalise.numbers import Number, find_numbers, whole_if_whole
from services.extraction.normalise.units import NOT_AN_AMOUNT, currency_before, unit_after


@dataclass(frozen=True)
class Amount:
    """How many or how much: bounds inclusive, ``None`` where the phrase sets none; whole numbers are ``int``."""

    min: float | None
    max: float | None
    approximate: bool
    unit: str | None
    """The unit in its one form ("Euro", "Tonnen", "Schuss"), ``None`` where the force or the goods are counted."""


_SHARE = Amount(None, None, True, None)
_SURE_OF_ONE = frozenset({"each", "lower", "upper"})


@dataclass(frozen=True)
class _Phrase:
    start: int
    end: int
    amount: Amount
    numbers: int
    """How many numbers of the text it took up."""


class _Scanner:
    """The numbers of one text with the words around them.

    ``known`` says that the text is a quantity phrase: then ambiguous words ("unter", "gegen", "Bataillon") count as
    bounds and units.
    """

    def __init__(self, text: str, known: bool) -> None:
        self.text, self.known = text, known
        self.numbers = list(find_numbers(text))
        run, self.modifier = words.MODIFIERS[known]
        self.runs = {match.end(): match.start() for match in run.finditer(text)} if self.numbers else {}

    def phrase(self, position: int, floor: int = 0) -> _Phrase:
        """The quantity phrase around the number at ``position``, from ``floor`` on: modifiers, range, unit."""
        first = self.numbers[position]
        sign = currency_before(self.text, first.start)
        if sign and sign[0] < floor:
            sign = None
        start, kinds = self.modifiers(sign[0] if sign else first.start, floor)
        end, amount, used = first.end, _bounded(first, kinds), 1
        if position + 1 < len(self.numbers) and (joined := self.joined(position, start, kinds)):
            start, end, amount = joined
            used = 2
        end, amount = self.after(end, replace(amount, unit=sign[1] if sign else None))
        return _Phrase(start, end, amount, used)

    def modifiers(self, position: int, floor: int = 0) -> tuple[int, frozenset[str]]:
        """Where the modifiers before ``position`` begin, and their kinds."""
        start = max(floor, self.runs.get(position, position))
        return start, frozenset(str(m.lastgroup) for m in self.modifier.finditer(self.text, start, position))

    def joined(self, position: int, start: int, kinds: frozenset[str]) -> tuple[int, int, Amount] | None:
        """One phrase of two numbers: a range, "von A auf B" (which is B), "mindestens A, höchstens B"."""
        first, second = self.numbers[position : position + 2]
        unit = unit_after(self.text, first.end, counters=True)
        gap = unit[0] if unit else first.end
        second_start, more = self.modifiers(second.start)
        # "bis zu" between two numbers is the range's own word, not the second's bound: hence the other end of the gap.
        joint = words.JOINT.fullmatch(self.text, gap, second_start) or words.JOINT.fullmatch(
            self.text, gap, second.start
        )
        if joint is None:
            return None
        if joint["onto"]:
            lead = words.FROM.search(self.text, 0, start)
            return (lead.start(), second.end, _bounded(second, more)) if lead else None
        if "lower" in kinds and "upper" in more and not (joint["range"] or joint["or"]):
            return start, second.end, Amount(first.value, second.value, False, None)
        between = words.BETWEEN.search(self.text, 0, start)
        if joint["but"] or (joint["and"] and not between):
            return None
        low, high = _same_scale(first, second), second.value
        if low >= high:
            return None
        about = bool(kinds & {"about", "lower_about", "several"})
        # "maximal 20 bis 25": what the words before a range bound is the range's own end.
        limits = Amount(None if "upper" in kinds else low, None if "lower" in kinds else high, about, None)
        return between.start() if between else start, second.end, limits

    def after(self, end: int, amount: Amount) -> tuple[int, Amount]:
        """The words after the number: "weitere", a unit, "oder mehr"."""
        if further := words.FURTHER.match(self.text, end):
            end = further.end()
        if found := unit_after(self.text, end, counters=self.known):
            end, amount = found[0], replace(amount, unit=found[1])
        if more := words.OR_MORE.match(self.text, end):
            end, amount = more.end(), replace(amount, max=None)
        return end, amount

    def amounts_to_something(self, position: int, phrase: _Phrase) -> bool:
        """Whether the number at ``position`` counts forces or goods, as far as the words beside it tell."""
        number, last = self.numbers[position], self.numbers[position + phrase.numbers - 1]
        if NOT_AN_AMOUNT.match(self.text, last.end):
            return False
        if number.article and phrase.numbers == 1:
            kinds = self.modifiers(number.start)[1]
            return "several" not in kinds and (bool(kinds & _SURE_OF_ONE) or phrase.end > number.end)
        if number.scale == 1 and phrase.amount.unit is None and words.designates(self.text, number.start, last.end):
            return False
        if number.digits:
            return not words.is_ordinal(self.text, number.end, number.value)
        word = self.text[number.start : number.end].lower()
        if number.value in (0, 0.5) or word.startswith("beide") or self.text[: number.start].endswith("außer "):
            return False
        # "Elf" and "Acht" inside a sentence are nouns.
        noun = self.text[number.start].isupper() and number.scale == 1 and number.value < 100
        return not noun or words.begins_sentence(self.text, number.start)


def _same_scale(first: Number, second: Number) -> float:
    """The first number of a range with the scale that only the second names: "20 bis 30 Millionen"."""
    for scale in (second.scale * second.inner, second.scale):
        if first.scale == 1 < scale and first.value < second.value / scale:
            return whole_if_whole(first.value * scale)
    return first.value


def _bounded(number: Number, kinds: frozenset[str]) -> Amount:
    value = number.value
    if number.plural or ("several" in kinds and number.scale > 1):
        return Amount(whole_if_whole(value * 2), None, True, None)
    about = bool(kinds & {"about", "several", "lower_about", "upper_about"})
    if kinds & {"upper", "upper_about"}:
        return Amount(None, value, about, None)
    if kinds & {"lower", "lower_about", "over"}:
        return Amount(value, None, about, None)
    return Amount(value, value, about, None)


def parse_quantity(text: str) -> Amount | None:
    """The amount that the quantity phrase ``text`` tells, ``None`` where it tells none.

    ``text`` is the phrase as written, with or without its unit and the noun after it: "mindestens 1.500",
    "1,5 Milliarden Euro", "fünf- bis sechstausend". Bounds as in the guide: "Tausende" is at least 2,000 and
    approximate, "gut 60" at least 60 and approximate. A phrase that measures without a number ("große Mengen",
    "ein Drittel") is an ``Amount`` with neither bound.
    """
    scanner = _Scanner(text, known=True)
    counted = [n for n, number in enumerate(scanner.numbers) if not number.article and number.value != 0.5]
    if counted:
        return _counted(scanner, counted[0])
    if scanner.numbers and not (words.SEVERAL.search(text) or words.SHARE.search(text)):
        return scanner.phrase(0).amount
    return _uncounted(text)


def _counted(scanner: _Scanner, position: int) -> Amount:
    """The amount of a phrase whose first real number is the one at ``position``."""
    text, first = scanner.text, scanner.numbers[position]
    if words.SOME_OF.search(text, 0, first.start) or words.FRACTION.match(text, first.end):
        return _SHARE
    if words.ONE_OF.search(text, 0, first.start):
        return Amount(1, 1, False, None)
    # "ein bis zwei": an article that begins a range is a number.
    before = scanner.phrase(position - 1) if position else None
    return before.amount if before and before.numbers == 2 else scanner.phrase(position).amount


def _uncounted(text: str) -> Amount | None:
    """The amount of a phrase without a number: "mehrere", "große Mengen", "kein einziges", "sämtliche"."""
    if several := words.SEVERAL.search(text):
        unit = unit_after(text, several.end(), counters=True)
        return Amount(2, None, True, unit[1] if unit else None)
    if words.SHARE.search(text):
        return _SHARE
    if words.NONE.search(text):
        return Amount(0, 0, False, None)
    return _SHARE if words.UNCOUNTED.search(text) else None


def find_quantities(text: str) -> list[tuple[int, int, Amount]]:
    """Every quantity phrase in the sentence ``text``: start and end offset (code points, end exclusive) and amount.

    The spans do not overlap and stand in the order of the text; ``parse_quantity(text[start:end])`` gives the same
    amount. Shares ("ein Drittel") and bare articles ("ein Bataillon") are not looked for.
    """
    return list(_found(text))


def _found(text: str) -> Iterator[tuple[int, int, Amount]]:
    scanner = _Scanner(text, known=False)
    dates: list[tuple[int, int]] | None = None
    position = last = 0
    while position < len(scanner.numbers):
        phrase, start = scanner.phrase(position, last), scanner.numbers[position].start
        position += 1
        if not scanner.amounts_to_something(position - 1, phrase):
            continue
        # Dates are looked for only where a number might be one: most sentences have none.
        dates = find_dates(text) if dates is None else dates
        if not any(first < phrase.end and start < end for first, end in dates):
            yield phrase.start, phrase.end, phrase.amount
            last, position = phrase.end, position - 1 + phrase.numbers
