"""Quantities: bounds, units and spans of German quantity phrases."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from num2words import num2words

from services.extraction.normalise import measure
from services.extraction.normalise.quantities import Amount, find_quantities, parse_quantity


def _rows(name: str) -> list[dict[str, Any]]:
    path = Path(__file__).parent / "data" / name
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


CASES, SENTENCES = _rows("quantities.jsonl"), _rows("quantity_sentences.jsonl")
WORDS = st.sampled_from(
    [
        *("mindestens", "mehr als", "bis zu", "rund", "etwa", "knapp", "gut", "über", "unter", "gegen", "zwischen"),
        *("von", "auf", "und", "oder", "je", "jeweils", "weitere", "mehrere", "einige", "ein paar", "höchstens"),
        *("ein", "eine", "einem", "zwei", "drei", "fünf-", "bis", "sechstausend", "zwölf", "Dutzend", "halbes"),
        *("hundert", "Tausende", "Millionen", "Milliarden", "Mio.", "Mrd.", "1.500", "2,5", "120", "000", "7.", "2014"),
        *("28.10.", "Euro", "Dollar", "US-Dollar", "Tonnen", "Schuss", "Prozent", "Soldaten", "Bataillone", "Montag"),
        *(
            "am",
            "im",
            "Jahr",
            "Uhr",
            "F-16",
            ",",
            ".",
            "–",
            "-",
            "$",
            "€",
            "der",
            "Leopard",
            "2",
            "Drittel",
            "mehr",
            "\n",
        ),
    ]
)
GERMAN = st.lists(WORDS, max_size=14).map(" ".join)


def test_own_cases_reach_the_target() -> None:
    wrong = []
    for case in CASES:
        amount = parse_quantity(case["text"])
        if (amount and asdict(amount)) != case["amount"]:
            wrong.append(f"{case['text']!r}: expected {case['amount']}, got {amount}")
    right = 1 - len(wrong) / len(CASES)
    assert len(CASES) >= 300
    assert right >= 0.98, f"{right:.3f} of {len(CASES)} right:\n" + "\n".join(wrong)


def test_quantities_are_found_in_sentences_and_nothing_else() -> None:
    wrong = []
    for case in SENTENCES:
        found = [
            [case["sentence"][start:end], amount.min, amount.max, amount.approximate, amount.unit]
            for start, end, amount in find_quantities(case["sentence"])
        ]
        if found != case["found"]:
            wrong.append(f"{case['sentence']!r}:\n  expected {case['found']}\n  got      {found}")
    right = 1 - len(wrong) / len(SENTENCES)
    assert right >= 0.95, f"{right:.3f} of {len(SENTENCES)} sentences right:\n" + "\n".join(wrong)


@pytest.mark.parametrize(
    "sentence",
    [
        "Im Jahr 2014 sandte Moskau Truppen.",
        "2014 sandte Moskau Truppen auf die Insel.",
        "Am 28. Oktober um 14.30 Uhr traf er den Minister.",
        "Ein Sprecher nannte eine Zahl.",
        "Der zweite Zug erreichte die dritte Brigade.",
        "Die F-16 und der Leopard 2 fielen aus.",
        "Nach Artikel 5 gilt die 12. Brigade als Reserve.",
        "Der 45-jährige Oberst fuhr 300 Kilometer in drei Tagen.",
    ],
)
def test_what_only_looks_like_a_quantity_is_left_out(sentence: str) -> None:
    assert find_quantities(sentence) == []


def test_whole_numbers_are_ints_and_fractions_are_floats() -> None:
    whole, fraction = parse_quantity("1,5 Milliarden Euro"), parse_quantity("2,5 Tonnen")
    assert whole == Amount(1_500_000_000, 1_500_000_000, approximate=False, unit="Euro")
    assert isinstance(whole.min, int)
    assert fraction == Amount(2.5, 2.5, approximate=False, unit="Tonnen")


@settings(deadline=None)
@given(st.one_of(st.text(max_size=60), GERMAN))
def test_any_text_is_read_without_a_fault(text: str) -> None:
    amount = parse_quantity(text)
    if amount and amount.min is not None and amount.max is not None:
        assert amount.min <= amount.max


@settings(deadline=None)
@given(st.one_of(st.text(max_size=60), GERMAN))
def test_spans_lie_in_the_text_in_order_and_parse_to_the_same_amount(text: str) -> None:
    last = 0
    for start, end, amount in find_quantities(text):
        assert last <= start < end <= len(text)
        assert parse_quantity(text[start:end]) == amount
        last = end


@settings(deadline=None)
@given(st.integers(min_value=2, max_value=999_999_999))
def test_a_number_in_german_words_gives_the_number_back(value: int) -> None:
    assert parse_quantity(num2words(value, lang="de")) == Amount(value, value, approximate=False, unit=None)


@settings(deadline=None)
@given(st.integers(min_value=0, max_value=999_999_999), st.sampled_from([".", " ", "\u00a0", "\u202f", "'", "’", ""]))
def test_a_number_in_digits_gives_the_number_back(value: int, separator: str) -> None:
    amount = Amount(value, value, approximate=False, unit=None)
    assert parse_quantity(f"{value:,}".replace(",", separator)) == amount


@settings(deadline=None)
@given(
    st.integers(min_value=0, max_value=9999),
    st.integers(min_value=0, max_value=99),
    st.sampled_from([("Millionen", 10**6), ("Mio.", 10**6), ("Mrd.", 10**9), ("Milliarden", 10**9), ("Tonnen", 1)]),
)
def test_a_decimal_with_its_scale_gives_the_number_back(whole: int, hundredths: int, scale: tuple[str, int]) -> None:
    amount = parse_quantity(f"{whole},{hundredths:02} {scale[0]}")
    assert amount is not None
    assert amount.min == amount.max == pytest.approx((whole + hundredths / 100) * scale[1])
    assert amount.unit == ("Tonnen" if scale[1] == 1 else None)


def test_measure_prints_the_share_of_right_bounds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "Am Montag trafen rund 300 Soldaten ein. Zwei Schiffe liefen aus."
    quantity = {"text": "rund 300", "start": 17, "end": 25, "min": 300, "max": 300}
    wrong = {"text": "Zwei", "start": 40, "end": 44, "min": 5, "max": 5}
    time = {"text": "Am Montag", "start": 0, "end": 9}
    events = [
        {"evidence": {"start": 0, "end": 39}, "quantity": quantity, "time": time},
        {"evidence": {"start": 40, "end": 64}, "quantity": wrong, "time": None},
    ]
    gold = tmp_path / "gold.jsonl"
    gold.write_text(json.dumps({"text": text, "events": events}), encoding="utf-8")
    assert measure.main([str(gold), "--errors"]) == 0
    printed = capsys.readouterr().out
    assert "1 of     2  0.500" in printed
    assert "Zwei: 5 to 5" in printed
    assert "times found                       1 of     1  1.000" in printed


def test_measure_names_a_file_that_is_no_gold(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("kein JSON", encoding="utf-8")
    with pytest.raises(SystemExit) as stopped:
        measure.main([str(path)])
    assert stopped.value.code == 2
    assert str(path) in capsys.readouterr().err
