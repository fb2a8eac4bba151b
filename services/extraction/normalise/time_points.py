"""Rules for time expressions that name their day, month, season or year: "am 28. Oktober", "Ende Januar"."""

from __future__ import annotations

import re
from datetime import date, timedelta

from services.extraction.normalise import periods
from services.extraction.normalise.periods import Lean, Period
from services.extraction.normalise.time_words import (
    DAYPART,
    FRAME,
    MONTH,
    MONTHS,
    ORDINALS,
    PART,
    SHORT_MONTHS,
    WEEKDAYS,
    YEAR,
    Reference,
    Rule,
    any_of,
    direction,
    frame,
    part_of,
    relative,
    yearly,
)

_DECADES = {
    "zwanziger": 1920, "dreißiger": 1930, "vierziger": 1940, "fünfziger": 1950, "sechziger": 1960,
    "siebziger": 1970, "achtziger": 1980, "neunziger": 1990,
}  # fmt: skip
_NIGHT = r"(?P<night>Nacht\s+(?:vo[nm]\s+(?:de[mn]\s+)?\w+\.?\s+)?(?:zum|auf(?:\s+den)?|zu)\s+)?"


def _date(match: re.Match[str], reference: Reference) -> Period | None:
    name = match["month"].lower().rstrip(".")
    number = MONTHS.get(name) or SHORT_MONTHS.get(name) or int(name)

    def build(year: int) -> Period | None:
        try:
            return periods.day(date(year, number, int(match["day"])))
        except ValueError:
            return None

    found = yearly(match, reference, build)
    return Period(found.first - timedelta(days=1), found.last) if found and match.groupdict().get("night") else found


def _iso(match: re.Match[str], reference: Reference) -> Period | None:
    return periods.day(date.fromisoformat(match["iso"]))


def _day_of_month(match: re.Match[str], reference: Reference) -> Period | None:
    """As in "vom 3. bis 7. Juni": the month stands at the other end of the range, which ``reference`` then is."""
    if reference.published is None:
        return None
    for back in range(3):
        first = periods.shifted(reference.published.replace(day=1), -back, "month")
        days = periods.month(first.year, first.month).last.day
        if int(match["only"]) <= days and first.replace(day=int(match["only"])) <= reference.published:
            return periods.day(first.replace(day=int(match["only"])))
    return None


def _starts_range(match: re.Match[str]) -> bool:
    """A day without a month is a date only where a whole date follows: "vom 3. bis 7. Juni", not "zum 3. Mal"."""
    following = match.string[match.end() :]
    return bool(
        re.match(
            rf"\s*(?:bis|und|[-–])\s+(?:(?:zum|dem)\s+)?\d{{1,2}}\.\s?(?:{MONTH}|\d{{1,2}}\.)", following, re.IGNORECASE
        )
    )


def _month(match: re.Match[str], reference: Reference) -> Period | None:
    number = MONTHS[match["name"].lower()]
    return part_of(match, yearly(match, reference, lambda year: periods.month(year, number)))


def _half_month(match: re.Match[str], reference: Reference) -> Period | None:
    whole = _month(match, reference)
    if whole is None:
        return None
    middle = whole.first + timedelta(days=15)
    if match["which"].lower().startswith("erste"):
        return Period(whole.first, middle - timedelta(days=1))
    return Period(middle, whole.last)


def _season(match: re.Match[str], reference: Reference) -> Period | None:
    name = match["name"].lower()
    return part_of(match, yearly(match, reference, lambda year: periods.season(name, year)))


def _holiday(match: re.Match[str], reference: Reference) -> Period | None:
    name = " ".join(match["name"].lower().split())
    return yearly(match, reference, lambda year: periods.holiday(name, year))


def _part_of_year(match: re.Match[str], reference: Reference) -> Period | None:
    """As in "im dritten Quartal 2023", "in der zweiten Jahreshälfte"."""
    which = match["which"].lower().rstrip("nrsm.")
    count = int(which) if which.isdigit() else ORDINALS[which]
    months = 3 if match["name"].lower().startswith("q") else 6
    within = frame(match, reference) or (periods.year(reference.published.year) if reference.published else None)
    if within is None or count * months > 12:
        return None
    return part_of(match, periods.month(within.first.year, (count - 1) * months + 1, months))


def _year(match: re.Match[str], reference: Reference) -> Period | None:
    return part_of(match, periods.year(int(match["number"])))


_COUNTS = re.compile(
    r"(?:rund|etwa|mindestens|mehr als|weniger als|bis zu|knapp|fast|gut|weitere[nr]?|insgesamt|jeweils|je|circa|ca\."
    r"|über|nahezu|ungefähr|haubitze|agenda|resolution|nummer|nr\.|[$€£])\s?\Z",
    re.IGNORECASE,
)
_DATES = re.compile(r"\b(?:seit|ab|vor|nach|in|zwischen|sommer|herbst|winter|frühjahr)\s+\Z", re.IGNORECASE)
_COUNTED = re.compile(
    r"\s+(?:[a-zäöüß-]+(?:e|en|er)\s+)?(?:Mann|Soldat|Euro|Dollar|US-Dollar|Tonnen|Liter|Schuss|Stück|Kämpfer|Polizist"
    r"|Menschen|Flüchtling|Kilo|Meter|Millionen|Milliarden|Franken|Rubel|Pfund|Einwohner|Angehörige|Helfer|Granaten"
    r"|Raketen|Panzer|Blauhelm|Tote|Verletzte|Personen|Prozent)"
)


def _is_year(match: re.Match[str]) -> bool:
    """Whether four digits are a year: not "2000 Soldaten", not "etwa 1950", not "Panzerhaubitze 2000"."""
    text, start, end = match.string, match.start("number"), match.end("number")
    if start > match.start() or re.search(r"\bJahre?s?\s\Z", text[:start], re.IGNORECASE):
        return True
    if _COUNTS.search(text, max(0, start - 16), start) or text[max(0, start - 1) : start] in (
        "-",
        ".",
        ",",
        "/",
        "$",
        "€",
    ):
        return False
    if int(match["number"]) % 50 and _DATES.search(text, max(0, start - 12), start):
        return True
    if re.match(r"[\w%€$'’]|-\w|\s?(?:Uhr|%|€)", text[end:]) or _COUNTED.match(text, end):
        return False
    return not (int(match["number"]) % 50 == 0 and re.match(r"\s+(?:[a-zäöüß]+(?:e|en|er)\s+)?[A-ZÄÖÜ]", text[end:]))


def _decade(match: re.Match[str], reference: Reference) -> Period | None:
    word = match["decade"].lower()
    if digits := re.match(r"\d+", word):
        number = int(digits[0])
        first = number if number > 99 else (1900 if number >= 20 else 2000) + number
    else:
        first = _DECADES[word]
    # "in den dreißiger Jahren" of something still to come are those of the century at hand.
    if reference.lean == "future" and reference.published and first + 9 < reference.published.year:
        first += 100
    return part_of(match, Period(date(first, 1, 1), date(first + 9, 12, 31)))


def _century(match: re.Match[str], reference: Reference) -> Period | None:
    first = (int(match["century"]) - 1) * 100 + 1
    return part_of(match, Period(date(first, 1, 1), date(first + 99, 12, 31))) if first > 0 else None


def _on_weekday(number: int, published: date, lean: Lean, steps: int | None) -> date:
    back = (published.weekday() - number) % 7
    if steps == 0:
        return periods.week(published).first + timedelta(days=number)
    if steps == 1:
        return published + timedelta(days=7 - back)
    if steps == -1:
        return published - timedelta(days=back or 7)
    return published + timedelta(days=-back % 7) if lean == "future" else published - timedelta(days=back)


def _weekday(match: re.Match[str], reference: Reference) -> Period | None:
    if reference.published is None:
        return None
    number = WEEKDAYS[match["name"].lower()]
    within = frame(match, reference)
    if within and (within.last - within.first).days == 6:
        return periods.day(within.first + timedelta(days=number))
    near = (match["near"] or "").lower()
    lean: Lean = "future" if near.startswith("morgig") else "past" if near else reference.lean
    found = _on_weekday(number, reference.published, lean, direction(match))
    if match["night"]:
        return Period(found - timedelta(days=1), found)
    after_midnight = timedelta(days=1 if (match["daypart"] or "").lower() == "nacht" else 0)
    return Period(found, found + after_midnight)


_WEEKDAY = any_of(WEEKDAYS)
_DAY = (
    rf"(?P<day>0?[1-9]|[12]\d|3[01])\.\s?(?P<month>{any_of(MONTHS)}|(?:{any_of(SHORT_MONTHS)})\.|(?:0?[1-9]|1[0-2])\.)"
)
RULES = [
    Rule(r"(?P<iso>(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d))(?!\d)", _iso),
    Rule(
        rf"(?:(?:späten\s+|frühen\s+)?(?:Abend|Morgen|Mittag|Morgenstunden|Abendstunden)\s+des\s+)?{_NIGHT}"
        rf"(?:(?:{_WEEKDAY}),?\s+(?:de[nmr]\s+)?)?{_DAY}(?:\s?(?P<year>{YEAR})|{FRAME.replace('(?P<year>', '(?:')})",
        _date,
    ),
    Rule(r"(?P<only>[1-9]|[12]\d|3[01])\.", _day_of_month, holds=_starts_range),
    Rule(rf"{PART}(?:{relative()}\s+)?(?P<name>{MONTH})(?!\w|-\w){FRAME}", _month),
    Rule(rf"(?P<which>erste|zweite)[nr]?\s+(?P<name>{MONTH})hälfte{FRAME}", _half_month),
    Rule(
        rf"{PART}(?:{relative()}\s+)?(?:Laufe?\s+des\s+)?(?P<name>{any_of(periods.SEASONS)})(?:e?s)?(?!\w){FRAME}",
        _season,
    ),
    Rule(rf"(?P<name>{any_of(periods.HOLIDAYS).replace(' ', '[ ]')})(?!\w){FRAME}", _holiday),
    Rule(
        rf"{PART}(?P<which>(?:{'|'.join(ORDINALS)})[nrs]?|[1-4]\.)\s+(?P<name>Quartals?|Halbjahre?s?|Jahreshälfte){FRAME}",
        _part_of_year,
    ),
    Rule(rf"{PART}(?P<decade>\d{{2,4}}er|{any_of(_DECADES)})[-\s]?Jahren?", _decade),
    Rule(rf"{PART}(?P<century>\d{{1,2}})\.\s(?:Jahrhunderts?)", _century),
    Rule(rf"{PART}(?:Jahr(?:e|en|es)?\s+)?(?P<number>{YEAR})", _year, holds=_is_year),
    Rule(
        rf"(?:{relative()}\s+|(?P<near>heutigen|gestrigen|morgigen)\s+)?(?:späten\s+|frühen\s+)?{_NIGHT}"
        rf"(?P<name>{_WEEKDAY})(?:\s?(?P<daypart>{DAYPART}))?(?!\w){FRAME}",
        _weekday,
    ),
]
