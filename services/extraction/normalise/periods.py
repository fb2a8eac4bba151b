"""Calendar arithmetic for German time expressions: periods as closed intervals of days.

Conventions, each with its source:

* weeks run from Monday to Sunday (ISO 8601);
* seasons are the meteorological ones (Deutscher Wetterdienst: spring is March to May, winter December to February);
* "Anfang", "Mitte", "Ende" are the thirds of their period (of a month: 1-10, 11-20, 21-end);
* "vor zwei Wochen" names a period of its unit, as TimeML's TIMEX3 has it (the ISO week two weeks ago, not a day).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from dateutil.easter import easter
from dateutil.relativedelta import relativedelta


@dataclass(frozen=True)
class Interval:
    """Days from ``earliest`` to ``latest``, both inclusive; ``None`` where that end is open or unknown."""

    earliest: date | None
    latest: date | None


@dataclass(frozen=True)
class Period:
    """An interval with both ends known."""

    first: date
    last: date


UNKNOWN = Interval(None, None)
Lean = Literal["past", "default", "future"]
# A month, season or day without its year is the last one if that began at most nine months ago, else the next:
# "im Februar", written in October, is the past February; "im Dezember", written in October, the coming one. After
# a word that looks ahead it is the next one on the same terms: "bis April", written in May, looked ahead once.
_REACH = timedelta(days=275)
# Between two leap days lie up to eight years (1896 to 1904).
_YEARS_AROUND = range(-8, 9)
SEASONS = {
    "frühling": (3, 3), "frühjahr": (3, 3), "frühsommer": (6, 1), "sommer": (6, 3), "hochsommer": (7, 1),
    "spätsommer": (8, 2), "herbst": (9, 3), "spätherbst": (11, 1), "winter": (12, 3),
}  # fmt: skip
_EASTER = {  # first and last day, counted from Easter Sunday
    "karfreitag": (-2, -2), "karsamstag": (-1, -1), "ostersonntag": (0, 0), "ostermontag": (1, 1), "ostern": (0, 1),
    "osterwochenende": (-2, 1), "christi himmelfahrt": (39, 39), "pfingsten": (49, 50),
    "pfingstsonntag": (49, 49), "pfingstmontag": (50, 50), "fronleichnam": (60, 60),
}  # fmt: skip
_FIXED = {  # month, day, number of days
    "weihnachten": (12, 24, 3), "heiligabend": (12, 24, 1), "heiligen abend": (12, 24, 1),
    "ersten weihnachtstag": (12, 25, 1), "zweiten weihnachtstag": (12, 26, 1), "weihnachtsfeiertage": (12, 25, 2),
    "weihnachtsfeiertagen": (12, 25, 2), "silvester": (12, 31, 1), "silvesternacht": (12, 31, 2),
    "jahreswechsel": (12, 31, 2), "neujahr": (1, 1, 1), "neujahrstag": (1, 1, 1), "dreikönigstag": (1, 6, 1),
    "tag der arbeit": (5, 1, 1), "tag der deutschen einheit": (10, 3, 1), "allerheiligen": (11, 1, 1),
    "nikolaus": (12, 6, 1),
}  # fmt: skip
HOLIDAYS = (*_EASTER, *_FIXED)


def day(value: date) -> Period:
    """One day."""
    return Period(value, value)


def month(year: int, number: int, count: int = 1) -> Period:
    """``count`` months from month ``number`` (1 to 12) of a year."""
    first = date(year, number, 1)
    return Period(first, first + relativedelta(months=count, days=-1))


def year(number: int) -> Period:
    """A calendar year."""
    return Period(date(number, 1, 1), date(number, 12, 31))


def week(containing: date) -> Period:
    """The week from Monday to Sunday around a day."""
    monday = containing - timedelta(days=containing.weekday())
    return Period(monday, monday + timedelta(days=6))


def season(name: str, of_year: int) -> Period:
    """A season by its name in ``SEASONS``; winter belongs to the year in which it begins."""
    return month(of_year, *SEASONS[name])


def holiday(name: str, of_year: int) -> Period:
    """A holiday by its name in ``HOLIDAYS``."""
    if name in _EASTER:
        first, last = _EASTER[name]
        sunday = easter(of_year)
        return Period(sunday + timedelta(days=first), sunday + timedelta(days=last))
    number, start, days = _FIXED[name]
    return Period(date(of_year, number, start), date(of_year, number, start) + timedelta(days=days - 1))


def unit(name: str, containing: date) -> Period:
    """The day, week, month, quarter … around a day."""
    decade, century = containing.year // 10 * 10, (containing.year - 1) // 100 * 100 + 1
    starts: dict[str, Callable[[], Period]] = {
        "day": lambda: day(containing),
        "week": lambda: week(containing),
        "weekend": lambda: Period(week(containing).first + timedelta(days=5), week(containing).last),
        "month": lambda: month(containing.year, containing.month),
        "quarter": lambda: month(containing.year, (containing.month - 1) // 3 * 3 + 1, 3),
        "half": lambda: month(containing.year, 1 if containing.month < 7 else 7, 6),
        "year": lambda: year(containing.year),
        "decade": lambda: Period(date(decade, 1, 1), date(decade + 9, 12, 31)),
        "century": lambda: Period(date(century, 1, 1), date(century + 99, 12, 31)),
    }
    return starts[name]()


def shifted(start: date, count: float, name: str) -> date:
    """``start`` moved by ``count`` units; half a year is six months, half a week three days.

    Raises ``OverflowError`` or ``ValueError`` where that leaves the years 1 to 9999.
    """
    days = {"hour": 1 / 24, "day": 1, "week": 7, "weekend": 7}
    if name in days:
        return start + timedelta(days=int(count * days[name]))
    months = {"month": 1, "quarter": 3, "half": 6, "year": 12, "decade": 120, "century": 1200}
    return start + relativedelta(months=round(count * months[name]))


def third(period: Period, which: Literal["Anfang", "Mitte", "Ende"]) -> Period:
    """The beginning, middle or end third of a period: whole months of years, ten days of months, years of decades."""
    span = (period.last - period.first).days + 1
    if span <= 7:
        cuts = [timedelta(days=2), timedelta(days=4)]
        edges = [period.first + cut for cut in cuts]
    elif span <= 31:
        edges = [period.first + timedelta(days=10), period.first + timedelta(days=20)]
    elif span <= 366:
        months = round(span / 30.5)
        edges = [period.first + relativedelta(months=-(-months * part // 3)) for part in (1, 2)]
    else:
        years = round(span / 365.25)
        edges = [period.first + relativedelta(years=-(-years * part // 3)) for part in (1, 2)]
    bounds = [period.first, *edges, period.last + timedelta(days=1)]
    index = ("Anfang", "Mitte", "Ende").index(which)
    return Period(bounds[index], bounds[index + 1] - timedelta(days=1))


def recurring(build: Callable[[int], Period | None], published: date, lean: Lean) -> Period | None:
    """Which year's month, season or holiday is meant: ``build`` makes it for a year (``None`` for 29 February)."""
    found = [period for near in _YEARS_AROUND if (period := build(published.year + near))]
    if not found:  # 30 February
        return None
    last = [period for period in found if period.first <= published][-1]
    coming = next(period for period in found if period.last >= published)
    if lean == "future":
        return last if coming.first - published > _REACH else coming
    return coming if lean == "default" and published - last.first > _REACH else last


def strictly(build: Callable[[int], Period | None], published: date, direction: int) -> Period | None:
    """The last one that is over ("vergangenen Herbst"), the next to begin ("kommenden"), this year's ("diesen")."""
    found = [period for near in _YEARS_AROUND if (period := build(published.year + near))]
    if direction == 0:
        return build(published.year)
    if direction < 0:
        return next((period for period in reversed(found) if period.last < published), None)
    return next((period for period in found if period.first > published), None)
