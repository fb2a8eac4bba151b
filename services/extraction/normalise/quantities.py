"""German quantity phrases as amounts with bounds, by the rules of the annotation guide ("Values").

``parse_quantity`` reads a phrase that somebody marked as a quantity; ``find_quantities`` looks for such phrases in a
sentence and therefore leaves out what only looks like one: dates, years, ages, lengths, ranks, type names ("F-16").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

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


VAGUE = Amount(None, None, True, None)

# Words before a number, by what they do to it. Longer ones first: "nicht mehr als" is not "mehr als".
_MODIFIERS = {
    "upper": r"nicht mehr als|(?:deutlich |weit |noch )?weniger als|bis zu|höchstens|maximal|allenfalls|bestenfalls|keine",
    "lower": r"nicht weniger als|(?:deutlich |weit |noch |wesentlich )?mehr als|mindestens|wenigstens|zumindest|minimal"
    r"|(?:deutlich|weit) über|über",
    "lower_about": r"etwas mehr als|gut",
    "upper_about": r"etwas weniger als",
    "about": r"kaum mehr als|etwa|in etwa|rund|ungefähr|circa|ca\.|zirka|knapp|fast|nahezu|beinahe|annähernd|schätzungsweise"
    r"|um die|so um die|vielleicht|umgerechnet|grob",
    "several": r"ein paar|einige[rn]?|mehrere[rn]?|etliche[rn]?|viele[rn]?|manche",
    "per": r"je|jeweils",
    "plain": r"insgesamt|zusammen|weitere[rn]?|nur noch|nur|noch|gerade einmal|gerade mal|lediglich|genau|exakt|jährlich"
    r"|monatlich|wöchentlich|täglich|alle|ganze|gut und gern",
    "between": r"zwischen",
    "from": r"von(?: derzeit| bisher| bislang| zuletzt| ursprünglich)?",
    # Prepositions first of all; bounds only where the phrase is known to be a quantity.
    "parse_about": r"gegen|an die",
    "parse_upper": r"unter",
    "parse_plain": r"(?:der |die |den |das )?(?:ersten?|letzten?|nächsten?|anderen)|der|die|das|den|um|derzeit|bereits|zuletzt",
}  # fmt: skip
_FIND = {kind: words for kind, words in _MODIFIERS.items() if not kind.startswith("parse_")}


def _runs(modifiers: dict[str, str]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    one = "|".join(f"(?P<{kind}>{words})" for kind, words in modifiers.items())
    bare = "|".join(words for words in modifiers.values())
    space = r"[ \u00a0]+"
    return (
        re.compile(rf"(?<!\w)(?:(?:{bare}){space})+", re.IGNORECASE),
        re.compile(rf"(?:{one})(?={space})", re.IGNORECASE),
    )


_RUN = {False: _runs(_FIND), True: _runs(_MODIFIERS)}
_TO = re.compile(
    r"-?\s*(?:(?P<range>bis(?: zu)?|[-–—])|(?P<and>und)|(?P<or>oder)|(?P<onto>auf)|(?P<but>,\s*(?:und|aber|jedoch)?|aber|jedoch))\s*"
)
_MORE = re.compile(r"\s+(?:oder|und) mehr\b")
_FURTHER = re.compile(r"\s+weitere[rn]?\b")
_SEVERAL = re.compile(r"(?<!\w)(?:ein paar|mehrere[rn]?|einige[rn]?|etliche[rn]?)(?!\w)", re.IGNORECASE)
_NONE = re.compile(r"(?<!\w)kein(?:e[rnms]?|s)?(?!\w)", re.IGNORECASE)
_VAGUE = re.compile(
    r"(?<!\w)(?:\w*mengen?|\w*teile?n?s?|rest|hälfte|\w*drittel|\w*viertel|\w*fünftel|\w*zehntel|zahl|anzahl|handvoll|summe"
    r"|viele[rn]?|zahlreiche[rn]?|wenige[rn]?|meisten|sämtliche[rn]?|umfang|vielzahl|reihe)(?!\w)",
    re.IGNORECASE,
)
_FRACTION = re.compile(r"\s+(?:drittel|viertel|fünftel|sechstel|achtel|zehntel)n?\b", re.IGNORECASE)
_DESIGNATION = re.compile(
    r"(?:artikel|art\.|absatz|paragra(?:f|ph)|§|resolution|kapitel|seite|platz|rang|nummer|nr\.|typ|typs|boeing|airbus|antonow"
    r"|iljuschin|tupolew|mirage|panzerhaubitze|haubitze|leopard|leclerc|challenger|marder|gepard|gruppe|agenda|block|phase"
    r"|stufe|tag|zone|klasse|version|kanal|sender|route|modell|raum|halle|block|liga|runde|teil|band|baujahr|nato|saif sarea"
    r"|kaliber|kalibers|tel\.|minute)[ \u00a0]$",
    re.IGNORECASE,
)
_SURE_OF_ONE = frozenset({"per", "lower", "upper"})


@dataclass(frozen=True)
class _Phrase:
    start: int
    end: int
    amount: Amount
    numbers: int
    """How many numbers of the text it took up."""


class _Scanner:
    """The numbers of one text with the words around them."""

    def __init__(self, text: str, known: bool) -> None:
        self.text, self.known = text, known
        self.numbers = list(find_numbers(text))
        run, self.modifier = _RUN[known]
        self.runs = {match.end(): match.start() for match in run.finditer(text)}

    def phrase(self, position: int) -> _Phrase:
        """The quantity phrase around the number at ``position``: modifiers, range, unit."""
        first = self.numbers[position]
        start, kinds = self.before(first)
        lead, unit = start, None
        if sign := currency_before(self.text, first.start):
            lead, unit = sign
            kinds = self.before_at(lead)[1]
            start = self.before_at(lead)[0]
        end, amount, used = first.end, _bounded(first, kinds), 1
        if position + 1 < len(self.numbers):
            if joined := self.joined(first, self.numbers[position + 1], kinds):
                end, amount, used = joined[0], joined[1], 2
        end, amount = self.after(end, amount, unit)
        return _Phrase(start, end, amount, used)

    def before(self, number: Number) -> tuple[int, frozenset[str]]:
        return self.before_at(number.start)

    def before_at(self, position: int) -> tuple[int, frozenset[str]]:
        """Where the modifiers before ``position`` begin, and what they are."""
        start = self.runs.get(position, position)
        found = self.modifier.finditer(self.text, start, position)
        return start, frozenset(str(match.lastgroup).removeprefix("parse_") for match in found)

    def joined(self, first: Number, second: Number, kinds: frozenset[str]) -> tuple[int, Amount] | None:
        """A second number that makes one phrase with the first: a range, "von A auf B", "mindestens A, höchstens B"."""
        start, more = self.before(second)
        gap_start = first.end
        if unit := unit_after(self.text, gap_start, counters=True):
            gap_start = unit[0]
        # "bis zu" between two numbers is read as the range's word, not as the second's bound.
        match = _TO.fullmatch(self.text, gap_start, start) or _TO.fullmatch(self.text, gap_start, second.start)
        if not match or first.article:
            return None
        if match["onto"]:
            return (second.end, _bounded(second, more)) if "from" in kinds else None
        if match["but"] is not None or match["and"]:
            if "lower" in kinds and "upper" in more:
                return second.end, Amount(first.value, second.value, False, None)
            if not (match["and"] and "between" in kinds):
                return None
        if second.scale > 1 and first.scale == 1 and first.value < second.value / second.scale:
            first = replace(first, value=whole_if_whole(first.value * second.scale))
        if first.value >= second.value:
            return None
        about = bool(kinds & {"about", "parse_about", "lower_about", "several"})
        return second.end, Amount(first.value, second.value, about, None)

    def after(self, end: int, amount: Amount, unit: str | None) -> tuple[int, Amount]:
        """The words after the number: "weitere", a unit, "oder mehr"."""
        if further := _FURTHER.match(self.text, end):
            end = further.end()
        if found := unit_after(self.text, end, counters=self.known):
            end, unit = found
        if more := _MORE.match(self.text, end):
            end, amount = more.end(), replace(amount, max=None)
        return end, replace(amount, unit=unit)

    def amounts_to_something(self, position: int, phrase: _Phrase, dates: list[tuple[int, int]]) -> bool:
        """Whether the number at ``position`` counts forces or goods, as far as the words beside it tell."""
        number = self.numbers[position]
        kinds = self.before(number)[1]
        if any(start < phrase.end and number.start < end for start, end in dates):
            return False
        if NOT_AN_AMOUNT.match(self.text, self.numbers[position + phrase.numbers - 1].end):
            return False
        if number.article:
            return bool(kinds & _SURE_OF_ONE) or phrase.amount.unit is not None
        if number.digits:
            return not (_designates(self.text, number) or _is_ordinal(self.text, number))
        if number.value in {0.5, 0}:
            return False
        return _stands_alone(self.text, number)


def _bounded(number: Number, kinds: frozenset[str]) -> Amount:
    value = number.value
    if number.plural or ("several" in kinds and number.scale > 1):
        return Amount(whole_if_whole(value * 2), None, True, None)
    about = bool(kinds & {"about", "several", "lower_about", "upper_about"})
    if kinds & {"upper", "upper_about"}:
        return Amount(None, value, about, None)
    if kinds & {"lower", "lower_about"}:
        return Amount(value, None, about, None)
    return Amount(value, value, about, None)


def _designates(text: str, number: Number) -> bool:
    """ "Artikel 5", "Leopard 2", "28-Punkte-Plan": a name's number."""
    if _DESIGNATION.search(text, max(0, number.start - 20), number.start):
        return True
    if text[number.end : number.end + 1] == "-" and re.match(r"-\w", text[number.end :]):
        return unit_after(text, number.end, counters=True) is None and not re.match(
            r"-mann\b", text[number.end :], re.IGNORECASE
        )
    return number.scale == 1 and bool(re.match(r"[A-Za-z]", text[number.end : number.end + 1]))


def _is_ordinal(text: str, number: Number) -> bool:
    """ "12. Brigade": small digits, a full stop, and the sentence goes on."""
    return number.value < 1000 and bool(re.match(r"\.\s*[\w„\"]", text[number.end :]))


def _stands_alone(text: str, number: Number) -> bool:
    """A number word that is one: "Elf" and "Acht" as nouns and parts of hyphenated words are not."""
    if text[number.start - 1 : number.start] == "-" or re.match(r"-\w", text[number.end :]):
        return number.scale > 1 and bool(re.match(r"-\w", text[number.end :]))
    word = text[number.start : number.end]
    if word[0].isupper() and number.scale == 1 and number.value < 100:
        return bool(re.search(r"(?:^|[.!?:;„“\"»«(–-]\s*|\n\s*)$", text[: number.start]))
    return not re.search(r"außer $", text[: number.start])


def parse_quantity(text: str) -> Amount | None:
    """The amount that the quantity phrase ``text`` tells, ``None`` where it tells none.

    ``text`` is the phrase as written, with or without its unit and the noun after it: "mindestens 1.500",
    "1,5 Milliarden Euro", "fünf- bis sechstausend". Bounds as in the guide: "Tausende" is at least 2,000 and
    approximate, "gut 60" at least 60 and approximate. A phrase that measures without a number ("große Mengen",
    "ein Drittel") is an ``Amount`` with neither bound.
    """
    text = f" {text} "
    scanner = _Scanner(text, known=True)
    if _VAGUE.search(text) and (
        not scanner.numbers
        or any(_FRACTION.match(text, n.end) for n in scanner.numbers)
        or all(n.article or n.value == 0.5 for n in scanner.numbers)
    ):
        return VAGUE
    counted = [n for n, number in enumerate(scanner.numbers) if not number.article and number.value != 0.5]
    for position in counted or range(len(scanner.numbers)):
        if position in counted or not _SEVERAL.search(text):
            return scanner.phrase(position).amount
    if several := _SEVERAL.search(text):
        unit = unit_after(text, several.end(), counters=True)
        return Amount(2, None, True, unit[1] if unit else None)
    return Amount(0, 0, False, None) if _NONE.search(text) else None


def find_quantities(text: str) -> list[tuple[int, int, Amount]]:
    """Every quantity phrase in the sentence ``text``: start and end offset (code points, end exclusive) and amount.

    The spans do not overlap and stand in the order of the text; ``parse_quantity(text[start:end])`` gives the same
    amount.
    """
    return list(_found(text))


def _found(text: str) -> Iterator[tuple[int, int, Amount]]:
    scanner, dates = _Scanner(text, known=False), find_dates(text)
    position = 0
    while position < len(scanner.numbers):
        phrase = scanner.phrase(position)
        if scanner.amounts_to_something(position, phrase, dates):
            yield phrase.start, phrase.end, phrase.amount
            position += phrase.numbers
        else:
            position += 1
