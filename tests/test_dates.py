"""Time expressions: the days they mean and where they stand in a sentence."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.extraction.normalise.dates import Interval, find_dates, resolve_date

MONDAY = date(2024, 10, 28)
MONTHS = (
    *("Januar", "Februar", "März", "April", "Mai", "Juni"),
    *("Juli", "August", "September", "Oktober", "November", "Dezember"),
)
DAYS = st.dates(min_value=date(1900, 1, 1), max_value=date(2199, 12, 31))
WORDS = st.sampled_from(
    [
        *(
            "am",
            "im",
            "in",
            "der",
            "den",
            "des",
            "dem",
            "bis",
            "zum",
            "seit",
            "ab",
            "vor",
            "nach",
            "zwischen",
            "und",
            "von",
        ),
        *(
            "an",
            "noch",
            "erst",
            "für",
            "Anfang",
            "Mitte",
            "Ende",
            "Laufe",
            "letzte",
            "vergangenen",
            "kommenden",
            "dieser",
        ),
        *(
            "Montag",
            "Freitagabend",
            "Nacht",
            "Woche",
            "Wochen",
            "Monats",
            "Jahres",
            "Jahren",
            "Januar",
            "Februar",
            "29.",
        ),
        *(
            "31.",
            "2024",
            "28.10.",
            "2014",
            "zwei",
            "einem",
            "wenigen",
            "Tagen",
            "Sommer",
            "Winter",
            "Ostern",
            "Silvester",
        ),
        *(
            "heute",
            "gestern",
            "morgen",
            "Morgen",
            "Vortag",
            "Jahresende",
            "90er",
            "Jahrhundert",
            "19.",
            "Quartal",
            "ersten",
        ),
        *("später", "Soldaten", "binnen", "10000", "derzeit", "Truppen", ",", ".", "bis", "\n"),
    ]
)
GERMAN = st.lists(WORDS, max_size=12).map(" ".join)


def _rows(name: str) -> list[dict[str, Any]]:
    path = Path(__file__).parent / "data" / name
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _iso(interval: Interval) -> tuple[str | None, str | None]:
    earliest, latest = interval.earliest, interval.latest
    return earliest and earliest.isoformat(), latest and latest.isoformat()


def test_own_cases_reach_the_target() -> None:
    cases, wrong = _rows("dates.jsonl"), []
    for case in cases:
        published = case["published"] and date.fromisoformat(case["published"])
        interval = _iso(resolve_date(case["text"], published))
        if interval != (case["earliest"], case["latest"]):
            wrong.append(
                f"{case['text']!r} ({published}): expected {case['earliest']}..{case['latest']}, got {interval}"
            )
    right = 1 - len(wrong) / len(cases)
    assert len(cases) >= 300
    assert right >= 0.97, f"{right:.3f} of {len(cases)} right:\n" + "\n".join(wrong)


def test_time_expressions_are_found_in_sentences_and_nothing_else() -> None:
    cases, wrong = _rows("date_sentences.jsonl"), []
    for case in cases:
        found = [case["sentence"][start:end] for start, end in find_dates(case["sentence"])]
        if found != case["found"]:
            wrong.append(f"{case['sentence']!r}: expected {case['found']}, got {found}")
    right = 1 - len(wrong) / len(cases)
    assert right >= 0.95, f"{right:.3f} of {len(cases)} sentences right:\n" + "\n".join(wrong)


@pytest.mark.parametrize(
    "text", ["am Montag", "gestern", "Ende Januar", "seit Februar", "vor zwei Wochen", "im Sommer"]
)
def test_what_is_relative_stays_unknown_without_a_publication_date(text: str) -> None:
    assert resolve_date(text, None) == Interval(None, None)


def test_a_day_that_does_not_exist_is_unknown() -> None:
    assert resolve_date("am 30. Februar 2024", MONDAY) == Interval(None, None)
    assert resolve_date("am 31.11.2024", None) == Interval(None, None)
    assert resolve_date("am 30. Februar", MONDAY) == Interval(None, None)


def test_29_february_without_a_year_is_the_last_leap_day() -> None:
    assert resolve_date("am 29. Februar", date(2024, 5, 1)).earliest == date(2024, 2, 29)
    assert resolve_date("seit dem 29. Februar", date(2026, 5, 1)).earliest == date(2024, 2, 29)
    assert resolve_date("seit dem 29. Februar", date(1903, 5, 1)).earliest == date(1896, 2, 29)


def test_an_end_just_passed_is_not_put_off_for_a_year() -> None:
    assert resolve_date("bis April", date(2024, 5, 28)) == Interval(None, date(2024, 4, 30))
    assert resolve_date("bis April", date(2024, 10, 28)) == Interval(None, date(2025, 4, 30))


@pytest.mark.parametrize(
    ("text", "earliest", "latest"),
    [
        ("am Samstag", "2024-11-02", "2024-11-02"),
        ("im Frühjahr", "2025-03-01", "2025-05-31"),
        ("Ende Januar", "2025-01-21", "2025-01-31"),
        ("am vergangenen Samstag", "2024-10-26", "2024-10-26"),
        ("seit Februar", "2024-02-01", None),
        ("gestern", "2024-10-27", "2024-10-27"),
        ("in den dreißiger Jahren", "2030-01-01", "2039-12-31"),
    ],
)
def test_what_is_planned_lies_ahead_unless_the_words_say_otherwise(
    text: str, earliest: str, latest: str | None
) -> None:
    assert _iso(resolve_date(text, MONDAY, ahead=True)) == (earliest, latest)


@settings(deadline=None)
@given(st.one_of(st.text(max_size=60), GERMAN), st.one_of(st.none(), st.dates()), st.booleans())
def test_any_text_is_resolved_without_a_fault(text: str, published: date | None, ahead: bool) -> None:
    interval = resolve_date(text, published, ahead=ahead)
    if interval.earliest and interval.latest:
        assert interval.earliest <= interval.latest


@settings(deadline=None)
@given(st.one_of(st.text(max_size=60), GERMAN))
def test_spans_lie_in_the_text_in_order(text: str) -> None:
    last = 0
    for start, end in find_dates(text):
        assert last <= start < end <= len(text)
        assert text[start:end].strip() == text[start:end]
        last = end


@settings(deadline=None)
@given(DAYS)
def test_a_written_date_gives_the_day_back(day: date) -> None:
    for text in (
        f"{day:%d.%m.%Y}",
        f"am {day.day}. {MONTHS[day.month - 1]} {day.year}",
        f"{day.day}.{day.month}.{day.year}",
    ):
        assert resolve_date(text, None) == Interval(day, day)
        assert find_dates(f"Das geschah {text} nahe der Grenze.") == [(12, 12 + len(text))]


@settings(deadline=None)
@given(DAYS, st.sampled_from(["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"]))
def test_a_weekday_is_within_the_week_before_or_after_publication(published: date, weekday: str) -> None:
    past, ahead = resolve_date(f"am {weekday}", published).latest, resolve_date(f"bis {weekday}", published).latest
    assert past is not None
    assert ahead is not None
    assert published - timedelta(days=6) <= past <= published <= ahead <= published + timedelta(days=6)
    assert past.weekday() == ahead.weekday()


@settings(deadline=None)
@given(DAYS, st.integers(min_value=1, max_value=400))
def test_days_ago_and_days_ahead_mirror_each_other(published: date, days: int) -> None:
    before, after = resolve_date(f"vor {days} Tagen", published), resolve_date(f"in {days} Tagen", published)
    assert before.earliest == published - timedelta(days=days)
    assert after.latest == published + timedelta(days=days)
