"""Rules for time expressions that count from the day of publication: "gestern", "vor zwei Wochen", "letzte Woche"."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Literal

from services.extraction.normalise import periods
from services.extraction.normalise.periods import UNKNOWN, Interval, Period
from services.extraction.normalise.time_words import (
    COUNT,
    PART,
    PLURALS,
    UNIT,
    UNITS,
    Reading,
    Reference,
    Rule,
    any_of,
    direction,
    number,
    part_of,
    relative,
    relative_unit,
)

_DAYS = {"vorgestern": -2, "gestern": -1, "heute": 0, "morgen": 1, "übermorgen": 2}


def _deictic(match: re.Match[str], reference: Reference) -> Reading:
    if reference.published is None:
        return None
    return periods.day(reference.published + timedelta(days=_DAYS[match["name"].lower()]))


def _is_tomorrow(match: re.Match[str]) -> bool:
    """Whether it is the adverb: "Morgen" inside a sentence is the noun."""
    return match["name"] != "Morgen" or not match.string[: match.start()].strip()


def _near_day(match: re.Match[str], reference: Reference) -> Reading:
    """As in "am gestrigen Abend"."""
    if reference.published is None:
        return None
    return periods.day(reference.published - timedelta(days=match["near"].lower().startswith("gestrig")))


def _day_before(match: re.Match[str], reference: Reference) -> Reading:
    return periods.day(reference.published - timedelta(days=1)) if reference.published else None


def _today(match: re.Match[str], reference: Reference) -> Reading:
    return periods.day(reference.published) if reference.published else None


def _after_preposition(match: re.Match[str]) -> bool:
    return bool(re.search(r"(?:\bam|\bzum|\bdem|\bgegen|\bvom)\s+\Z", match.string[: match.start()], re.IGNORECASE))


def _night(match: re.Match[str], reference: Reference) -> Reading:
    if reference.published is None:
        return None
    first = reference.published - timedelta(days=0 if direction(match) == 1 else 1)
    return Period(first, first + timedelta(days=1))


def _in_the(match: re.Match[str]) -> bool:
    return bool(re.search(r"\b(?:in|seit|während)\s+der\s+\Z", match.string[: match.start()], re.IGNORECASE))


def _unit(match: re.Match[str], reference: Reference) -> Reading:
    """As in "letzte Woche", "Anfang des Monats", "im Laufe des Jahres"."""
    name, steps = UNITS[match["unit"].lower()], direction(match) or 0
    if reference.published is None or name in ("hour", "day"):
        return None
    if match.groupdict().get("far"):
        return relative_unit(name, -2 if match["far"].lower().startswith("vor") else 2, reference.published)
    # On a working day "das vergangene Wochenende" is the last one and "das kommende" that of the same week.
    if name == "weekend" and steps == 1 and reference.published.weekday() < 5:
        steps = 0
    return part_of(match, relative_unit(name, steps, reference.published))


def _weekend(match: re.Match[str], reference: Reference) -> Reading:
    if reference.published is None:
        return None
    ahead = reference.published.weekday() >= 5 or reference.lean == "future"
    return relative_unit("weekend", 0 if ahead else -1, reference.published)


def _edge(match: re.Match[str], reference: Reference) -> Reading:
    """As in "Jahresende", "Monatsbeginn"."""
    if reference.published is None:
        return None
    whole = periods.unit("year" if match["whole"].lower() == "jahres" else "month", reference.published)
    part: dict[str, Literal["Anfang", "Mitte", "Ende"]] = {"ende": "Ende", "mitte": "Mitte"}
    return periods.third(whole, part.get(match["piece"].lower(), "Anfang"))


def _previous(match: re.Match[str], reference: Reference) -> Reading:
    """As in "Vorjahr", "Vorwoche", "Vormonat"."""
    if reference.published is None:
        return None
    return part_of(match, relative_unit(UNITS[match["name"].lower()], -1, reference.published))


def _moved(published: date, match: re.Match[str], sign: int, count: float | None = None) -> date:
    """The day of publication moved by the units that the match counts; two of them where it says only "Wochen"."""
    amount = count if count is not None else number(match.groupdict().get("count")) or 2
    return periods.shifted(published, sign * amount, UNITS[match["unit"].lower()])


def _point(match: re.Match[str], reference: Reference, sign: int) -> Reading:
    """The period that is so many units away: of weeks a week, of months a month; of "Jahre" only that it is far."""
    if reference.published is None:
        return None
    count = number(match["count"])
    if count is None:
        bound = _moved(reference.published, match, sign)
        return Interval(None, bound) if sign < 0 else Interval(bound, None)
    name = UNITS[match["unit"].lower()]
    if count != int(count) and name in ("year", "decade"):
        name = "month"
    name = {"hour": "day", "century": "year"}.get(name, name)
    last = number(match["count2"]) or count
    edges = [periods.unit(name, _moved(reference.published, match, sign, value)) for value in (count, last)]
    first, end = min(edge.first for edge in edges), max(edge.last for edge in edges)
    about = (match["about"] or "").lower()
    if sign < 0 and about.startswith(("mehr", "über")):
        return Interval(None, end)
    return Period(first, reference.published) if sign < 0 and about.startswith("weniger") else Period(first, end)


def _ago(match: re.Match[str], reference: Reference) -> Reading:
    return _point(match, reference, -1)


def _ahead(match: re.Match[str], reference: Reference) -> Reading:
    return _point(match, reference, 1)


def _within(match: re.Match[str], reference: Reference) -> Reading:
    """As in "binnen 60 Tagen", "innerhalb weniger Tage"."""
    if reference.published is None:
        return None
    count = number(match["count2"] or match["count"])
    return Interval(reference.published, None if count is None else _moved(reference.published, match, 1, count))


def _since(match: re.Match[str], reference: Reference) -> Reading:
    """As in "seit zwei Wochen"; "seit Wochen" and "seit mehr als zwei Jahren" leave the beginning open."""
    count = number(match["count"])
    if (
        reference.published is None
        or count is None
        or re.match(r"mehr|über|mindestens", match["about"] or "", re.IGNORECASE)
    ):
        return UNKNOWN
    return Interval(_moved(reference.published, match, -1, count), None)


def _stretch(match: re.Match[str], reference: Reference) -> Reading:
    """As in "in den vergangenen zwei Wochen", "in den nächsten Tagen"."""
    steps, count = direction(match), number(match["count"])
    if reference.published is None or not steps:
        return UNKNOWN
    end = None if count is None else _moved(reference.published, match, steps, count)
    return Interval(end, reference.published) if steps < 0 else Interval(reference.published, end)


def _unknown(match: re.Match[str], reference: Reference) -> Reading:
    return UNKNOWN


def _until_now(match: re.Match[str], reference: Reference) -> Reading:
    return Interval(None, reference.published)


def _from_now(match: re.Match[str], reference: Reference) -> Reading:
    return Interval(reference.published, None)


_MANY = rf"(?P<unit>{any_of(PLURALS)})"
_MAYBE = f"(?:{COUNT})?"
_SINGULAR = r"woche|monate?s?|jahre?s?|wochenendes?|quartals?|halbjahre?s?|jahrzehnte?s?|jahrhunderts?"
_OF_DAY = r"(?:\s+(?:früh|Morgen|Vormittag|Mittag|Nachmittag|Abend|Nacht))?"
RULES = [
    Rule(rf"(?P<name>{any_of(_DAYS)}){_OF_DAY}", _deictic, holds=_is_tomorrow, lead="day"),
    Rule(r"Vortag(?:e?s)?|Vorabend", _day_before),
    Rule(r"(?:(?:späten|frühen)\s+)?(?:Morgen|Vormittag|Mittag|Nachmittag|Abend)", _today, holds=_after_preposition),
    Rule(r"(?P<near>heutigen|gestrigen)\s+(?:Tag|Morgen|Vormittag|Mittag|Nachmittag|Abend)", _near_day),
    Rule(rf"(?:{relative()}\s+)?Nacht", _night, holds=_in_the),
    Rule(rf"vor\s+{COUNT}{UNIT}", _ago, lead="adverb"),
    Rule(rf"vor\s+(?P<about>(?!))?(?P<count>(?!))?(?P<count2>(?!))?{_MANY}", _ago, lead="adverb"),
    Rule(rf"(?:binnen|innerhalb)\s+(?:von\s+)?{COUNT}{UNIT}", _within, lead="adverb"),
    Rule(rf"in\s+weniger\s+als\s+(?P<count>[^\W_]+)\s+(?P<count2>(?!))?{UNIT}", _within, lead="adverb"),
    Rule(rf"in\s+{COUNT}{UNIT}", _ahead, lead="adverb"),
    Rule(rf"seit\s+{COUNT}{UNIT}", _since, lead="adverb"),
    Rule(rf"seit\s+(?P<about>(?!))?(?P<count>(?!))?{_MANY}", _since, lead="adverb"),
    Rule(rf"{relative()}\s+{_MAYBE}{_MANY}", _stretch),
    Rule(rf"{PART}{relative()}\s+(?P<unit>{_SINGULAR})", _unit),
    Rule(rf"(?P<far>vorletzte[nrs]?|übernächste[nrs]?)\s+(?P<unit>{_SINGULAR})", _unit),
    Rule(r"(?P<part>Anfang|Mitte|Ende|Beginn)\s+de[rs]\s+(?P<unit>woche|monats|jahres|wochenendes|jahrzehnts)", _unit),
    Rule(rf"(?:Laufe?|Verlaufe?)\s+de[rs]\s+(?:{relative()}\s+)?(?P<unit>woche|monats|jahres|wochenendes)", _unit),
    Rule(r"Wochenendes?", _weekend),
    Rule(r"(?P<whole>Jahres|Monats)(?P<piece>ende|beginn|anfang|mitte)s?", _edge),
    Rule(rf"{PART}Vor(?P<name>jahre?s?|woche|monats?)", _previous),
    Rule(rf"{COUNT}{UNIT}\s+(?:später|zuvor|darauf|danach|davor|lang)", _unknown, lead="adverb"),
    Rule(r"tags\s+(?:darauf|zuvor|danach)", _unknown, lead="adverb"),
    Rule(r"(?:selben|gleichen|darauffolgenden|folgenden|nächsten|diesem)\s+(?:Tag|Abend)", _unknown),
    Rule(r"(?:Kriegs|Wochen)(?:beginn|ende)s?|(?:vergangenen|laufenden|kommenden)\s+Legislaturperiode", _unknown),
    # The first of each pair dates an event as often as not; the second does so in less than one case of four.
    Rule(r"derzeit|zurzeit|zur\s+Zeit|gegenwärtig|momentan", _today, lead="adverb"),
    Rule(r"jetzt|nun|aktuell|heutzutage|im\s+Moment", _today, lead="day", found=False),
    Rule(r"kürzlich|jüngst|unlängst|neulich|vor\s+(?:kurzem|kurzer\s+Zeit)|damals", _until_now, lead="adverb"),
    Rule(r"zuletzt|bislang|bisher|inzwischen|mittlerweile|vor\s+langem|einst|seinerzeit", _until_now, found=False),
    Rule(r"demnächst|in\s+Kürze|in\s+naher\s+Zukunft|bis\s+auf\s+weiteres", _from_now, lead="adverb"),
    Rule(r"bald|künftig|vorerst|in\s+Zukunft|fortan|einstweilen|(?:ab\s+)?sofort", _from_now, found=False),
    Rule(r"seither|seitdem|seit\s+(?:kurzem|langem|längerem|jeher|einiger\s+Zeit)", _unknown, lead="adverb"),
]
