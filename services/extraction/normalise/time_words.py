"""The words of German time expressions and how to read the parts that several rules share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal, cast

from services.extraction.normalise import periods
from services.extraction.normalise.numbers import word_value
from services.extraction.normalise.periods import Interval, Lean, Period


@dataclass(frozen=True)
class Reference:
    """From where a relative expression is seen: the day of publication and whether the words look back or ahead."""

    published: date | None
    lean: Lean = "default"


Reading = Interval | Period | None


@dataclass(frozen=True)
class Rule:
    """One kind of time expression: a pattern, matched without regard to case, and what a match means."""

    pattern: str
    read: Callable[[re.Match[str], Reference], Reading]
    holds: Callable[[re.Match[str]], bool] | None = None
    """What the context must be for the words to be a time expression at all."""
    lead: Literal["preposition", "day", "adverb"] = "preposition"
    """What may lead it in: all prepositions, only those before a day's adverb ("bis heute"), or adverbs ("erst")."""
    found: bool = True
    """Whether ``find_dates`` reports it; what only ``resolve_date`` reads are adverbs too common to date an event."""


MONTHS = {
    "januar": 1, "jänner": 1, "februar": 2, "feber": 2, "märz": 3, "april": 4, "mai": 5, "juni": 6, "juli": 7,
    "august": 8, "september": 9, "oktober": 10, "november": 11, "dezember": 12,
}  # fmt: skip
SHORT_MONTHS = {
    "jan": 1, "feb": 2, "mär": 3, "apr": 4, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "sept": 9, "okt": 10,
    "nov": 11, "dez": 12,
}  # fmt: skip
WEEKDAYS = {
    "montag": 0, "dienstag": 1, "mittwoch": 2, "donnerstag": 3, "freitag": 4, "samstag": 5, "sonnabend": 5,
    "sonntag": 6,
}  # fmt: skip
_UNIT_FORMS = {
    "hour": "stunde stunden", "day": "tag tage tagen tages", "week": "woche wochen",
    "weekend": "wochenende wochenendes", "month": "monat monate monaten monats", "quarter": "quartal quartals",
    "half": "halbjahr halbjahres", "year": "jahr jahre jahren jahres jahrs",
    "decade": "jahrzehnt jahrzehnte jahrzehnten jahrzehnts", "century": "jahrhundert jahrhunderten jahrhunderts",
}  # fmt: skip
UNITS = {form: name for name, forms in _UNIT_FORMS.items() for form in forms.split()}
PLURALS = (
    *("stunden", "tage", "tagen", "wochen", "monate", "monaten", "jahre", "jahren"),
    *("jahrzehnte", "jahrzehnten", "jahrhunderten"),
)
ORDINALS = {"erste": 1, "zweite": 2, "dritte": 3, "vierte": 4}


def any_of(words: Iterable[str]) -> str:
    """A pattern for any of the words, the longest first."""
    return "|".join(sorted(words, key=len, reverse=True))


def relative(prefix: str = "") -> str:
    """The adjectives that point back, ahead or at the present, as groups named with ``prefix``."""
    return (
        rf"(?:(?P<{prefix}past>(?:vergangen|letzt|vorig|zurückliegend|vorangegangen)e[nrsm]?)"
        rf"|(?P<{prefix}future>(?:kommend|nächst|bevorstehend)e[nrsm]?)"
        rf"|(?P<{prefix}current>(?:dies|laufend|jetzig)e[nrsm]?))"
    )


YEAR = r"(?:1[5-9]|20|21)\d\d(?![.,/:-]?\d)"
MONTH = rf"(?:{any_of(MONTHS)})"
PART = r"(?:(?P<part>Anfang|Mitte|Ende|Beginn)\s+(?:de[rs]\s+)?)?"
# What a month, season or weekday says about its own year or week: "2023", "vergangenen Jahres", "der Vorwoche".
FRAME = (
    r"(?:\s+(?P<year>(?:1[5-9]|20|21)\d\d)(?:/\d\d(?:\d\d)?)?(?![.,]?\d)"
    rf"|\s+(?:de[rs]\s+)?{relative('f')}\s+(?P<funit>Woche|Monats|Jahres)"
    r"|\s+(?P<before>des Vorjahr(?:e)?s|der Vorwoche|des Vormonats))?"
)
DAYPART = r"(?:früh|morgen|vormittag|mittag|nachmittag|abend|nacht)"
VAGUE_COUNT = r"einige[nrm]?|wenige[nrm]?|mehrere[nrm]?|viele[nrm]?|ein\s+paar"
_NUMBER = (
    r"\d+(?:,\d+)?|eine[mnrs]?|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf|anderthalb"
    r"|[a-zäöüß]+(?:zehn|zig|ßig|hundert|einhalb)"
)
COUNT = (
    r"(?:(?P<about>mehr\s+als|über|fast|rund|etwa|knapp|gut|ungefähr|weniger\s+als|mindestens|nur|spätestens)\s+)?"
    rf"(?P<count>{_NUMBER}|{VAGUE_COUNT})\s+(?:bis\s+(?P<count2>{_NUMBER})\s+)?"
)
UNIT = rf"(?P<unit>{any_of(UNITS)})"


def number(text: str | None) -> float | None:
    """A count of units: "zwei", "10", "einem"; ``None`` for "einige" and where nothing is said."""
    if not text:
        return None
    if text[0].isdigit():
        return float(text.replace(",", "."))
    return 1 if text.lower().startswith("eine") and text.lower() != "eineinhalb" else word_value(text)


def direction(match: re.Match[str], prefix: str = "") -> int | None:
    """-1, 0 or 1 for "vergangen", "dies", "kommend"; ``None`` where no such adjective stands."""
    groups = match.groupdict()
    for name, value in (("past", -1), ("current", 0), ("future", 1)):
        if groups.get(prefix + name):
            return value
    return None


def part_of(match: re.Match[str], period: Period | None) -> Period | None:
    """The third of ``period`` that the expression names ("Anfang", "Mitte", "Ende"), or all of it."""
    part = match.groupdict().get("part")
    if period is None or not part:
        return period
    name = part.capitalize().replace("Beginn", "Anfang")
    return periods.third(period, cast(Literal["Anfang", "Mitte", "Ende"], name))


def relative_unit(name: str, steps: int, published: date) -> Period:
    """The week, month, year … that is ``steps`` away from the one around the day of publication."""
    return periods.unit(name, periods.shifted(periods.unit(name, published).first, steps, name))


def frame(match: re.Match[str], reference: Reference) -> Period | None:
    """The year or week that a month, season or weekday names itself."""
    groups = match.groupdict()
    if groups.get("year"):
        return periods.year(int(groups["year"]))
    if reference.published is None:
        return None
    if groups.get("before"):
        word = groups["before"].split()[-1].lower()
        name = "week" if "woche" in word else "month" if "monat" in word else "year"
        return relative_unit(name, -1, reference.published)
    steps = direction(match, "f")
    return None if steps is None else relative_unit(UNITS[match["funit"].lower()], steps, reference.published)


def yearly(match: re.Match[str], reference: Reference, build: Callable[[int], Period | None]) -> Period | None:
    """A period that comes every year, placed by what the expression says and else by the day of publication."""
    if within := frame(match, reference):
        return build(within.first.year)
    if reference.published is None:
        return None
    steps = direction(match)
    if steps is not None:
        return periods.strictly(build, reference.published, steps)
    return periods.recurring(build, reference.published, reference.lean)
