"""German cardinal numbers, in words and digits, found in a text.

Covers what a German newsroom writes: ``1.500``, ``40 000``, ``1'000`` (Swiss), ``2,5``, compounds such as
``zweihundertfünfzig`` and ``zweieinhalb``, and scales (``Dutzend``, ``tausend``, ``Mio.``, ``Milliarden``).
Word formation follows Duden, *Die Grammatik*, "Zahladjektive". Ordinals are not cardinals and are not found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

_DIGIT_WORDS = {
    "zwei": 2, "zwo": 2, "drei": 3, "vier": 4, "fünf": 5, "sechs": 6, "sieben": 7, "acht": 8, "neun": 9,
}  # fmt: skip
_TEENS = {
    "zehn": 10, "elf": 11, "zwölf": 12, "dreizehn": 13, "vierzehn": 14, "fünfzehn": 15, "sechzehn": 16,
    "siebzehn": 17, "achtzehn": 18, "neunzehn": 19,
}  # fmt: skip
_TENS = {
    "zwanzig": 20, "dreißig": 30, "vierzig": 40, "fünfzig": 50, "sechzig": 60, "siebzig": 70, "achtzig": 80,
    "neunzig": 90,
}  # fmt: skip
_ATOMS = {"ein": 1, "eins": 1, "eine": 1, **_DIGIT_WORDS, **_TEENS, **_TENS}
_INFLECTED = {
    "null": 0, "beide": 2, "beiden": 2, "beider": 2, "zweier": 2, "zweien": 2, "dreier": 3, "dreien": 3,
    "vieren": 4, "fünfen": 5,
}  # fmt: skip
ARTICLES = frozenset({"ein", "eine", "einen", "einem", "einer", "eines"})
SCALES = {
    "dutzend": 12, "hundert": 100, "tausend": 1000, "tsd": 1000, "viertelmillion": 250_000,
    "million": 10**6, "millionen": 10**6, "mio": 10**6, "mill": 10**6,
    "milliarde": 10**9, "milliarden": 10**9, "mrd": 10**9, "billion": 10**12, "billionen": 10**12,
}  # fmt: skip
# GUIDE, "Values": a bare plural counts as two of its kind ("Tausende": 2000, "Dutzende": 24).
_PLURALS = {"dutzend": 12, "hundert": 100, "tausend": 1000, "zehntausend": 10_000, "hunderttausend": 100_000,
            "aberhundert": 100, "abertausend": 1000}  # fmt: skip
_PLURAL = re.compile(r"(dutzend|(?:zehn|hundert|aber)?tausend|(?:aber)?hundert)(?:e|er|en)")

_ABBREVIATED = ("mio", "mrd", "tsd", "mill")
_SPACE = "\u0020\u00a0\u2009\u202f"
_DIGITS = re.compile(
    rf"(?<![\w.,:/])(?<![^\W\d]-)(?<!\w['’])(?:\d{{1,3}}(?P<sep>[.'’{_SPACE}])\d{{3}}(?:(?P=sep)\d{{3}})*(?!\d)|\d+)(?:,\d+|\.\d{{1,2}}(?![\d.]))?"
    r"(?![\d:/]|[.,]\d)"
)
_GAP = re.compile(rf"[{_SPACE}-]+")
_OF = re.compile(rf"[{_SPACE}]+(?:von[{_SPACE}]+)?")  # "Hunderte von Millionen"
_WORD = re.compile(r"[^\W\d_]+")
_HALF = re.compile(rf"(?:anderthalb|(?P<whole>{'|'.join(_ATOMS)})einhalb)(?P<thousand>tausend)?")


def _alternatives(words: dict[str, int]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_UNITS = _alternatives({"ein": 1, "eins": 1, "eine": 1, **_DIGIT_WORDS})
_BELOW_100 = rf"(?:(?:(?:{_UNITS})und)?(?:{_alternatives(_TENS)})|{_alternatives(_TEENS)}|{_UNITS})"
_BELOW_1000 = rf"(?:(?:{_alternatives(_TEENS)}|{_UNITS})?hundert(?:und)?{_BELOW_100}?|{_BELOW_100})"
_COMPOUND = re.compile(rf"(?:(?P<thousands>{_BELOW_1000})?(?P<mille>tausend)(?:und)?)?(?P<rest>{_BELOW_1000})?")
_HUNDREDS = re.compile(
    rf"(?:(?P<hundreds>{_alternatives(_TEENS)}|{_UNITS})?(?P<cent>hundert)(?:und)?)?"
    rf"(?:(?:(?P<unit>{_UNITS})und)?(?P<tens>{_alternatives(_TENS)})|(?P<small>{_alternatives(_TEENS)}|{_UNITS}))?"
)


@dataclass(frozen=True)
class Number:
    """A cardinal in a text: offsets in code points, end exclusive."""

    start: int
    end: int
    value: float
    scale: int = 1
    """The last scale word in it (1 without one): "drei Millionen" has 1,000,000, "sechstausend" 1,000."""
    inner: int = 1
    """The scale inside the word before that: "vierhundert Millionen" has 100."""
    plural: bool = False
    """A bare plural ("Tausende"), whose value is one of its kind."""
    digits: bool = False
    article: bool = False
    """Nothing but an indefinite article ("ein", "einem"), which counts only where the context says so."""


def word_value(word: str) -> float | None:
    """The value of one German cardinal word, ``None`` for any other word.

    Case and the spellings ``ue``, ``oe``, ``ss`` of ``ü``, ``ö``, ``ß`` do not matter.
    """
    plain = word.lower().replace("fuenf", "fünf").replace("zwoelf", "zwölf").replace("dreissig", "dreißig")
    if plain in _INFLECTED:
        return _INFLECTED[plain]
    if half := _HALF.fullmatch(plain):
        return (_ATOMS[half["whole"] or "ein"] + 0.5) * (1000 if half["thousand"] else 1)
    if not plain or not (match := _COMPOUND.fullmatch(plain)):
        return None
    thousands = _below_1000(match["thousands"]) if match["thousands"] else 1
    return (thousands * 1000 if match["mille"] else 0) + (_below_1000(match["rest"]) if match["rest"] else 0)


def _below_1000(word: str) -> int:
    match = _HUNDREDS.fullmatch(word)
    if match is None:
        raise ValueError(f"not a number word below 10,000: {word!r}")
    hundreds = _ATOMS[match["hundreds"]] if match["hundreds"] else 1
    value = hundreds * 100 if match["cent"] else 0
    return value + sum(_ATOMS[part] for part in (match["unit"], match["tens"], match["small"]) if part)


def digits_value(text: str) -> float:
    """The value of digits with German grouping and decimal comma (``12.400``, ``2,5``; ``1.5`` is 1.5)."""
    plain = re.sub(rf"['’{_SPACE}]", "", text)
    whole, comma, fraction = plain.partition(",")
    if not comma and re.fullmatch(r"\d+\.\d{1,2}", whole):
        return float(whole)
    return whole_if_whole(float(f"{whole.replace('.', '')}.{fraction or 0}"))


def whole_if_whole(value: float) -> float:
    """``value`` as an ``int`` where it has no fraction: amounts of people and things read better so."""
    rounded = round(value, 6)
    return int(rounded) if rounded == int(rounded) else rounded


def find_numbers(text: str) -> Iterator[Number]:
    """Every cardinal in ``text``, from left to right, scale words joined ("1,5 Milliarden" is one number)."""
    atoms = sorted(_atoms(text), key=lambda number: number.start)
    position = 0
    while position < len(atoms):
        number, position = _joined(text, atoms, position)
        yield number


def _atoms(text: str) -> Iterator[Number]:
    for match in _DIGITS.finditer(text):
        yield Number(match.start(), match.end(), digits_value(match[0]), digits=True)
    for match in _WORD.finditer(text):
        word = match[0].lower()
        if number := _word(word):
            abbreviated = word in _ABBREVIATED and text[match.end() : match.end() + 1] == "."
            yield replace(number, start=match.start(), end=match.end() + abbreviated)


@lru_cache(maxsize=1 << 16)
def _word(word: str) -> Number | None:
    """The number that a lower-case word is, at offset 0; cached, for most words of a text come again."""
    if word in SCALES:
        return Number(0, 0, SCALES[word], scale=SCALES[word], plural=word in ("millionen", "milliarden", "billionen"))
    if plural := _PLURAL.fullmatch(word):
        return Number(0, 0, _PLURALS[plural[1]], scale=_PLURALS[plural[1]], plural=True)
    if word in ARTICLES:
        return Number(0, 0, 1, article=True)
    if word in ("halb", "halbe", "halben", "halber", "halbes"):
        return Number(0, 0, 0.5)
    value = word_value(word)
    scale = next((SCALES[tail] for tail in ("tausend", "hundert") if word.endswith(tail)), 1)
    return None if value is None else Number(0, 0, value, scale=scale)


def _joined(text: str, atoms: list[Number], position: int) -> tuple[Number, int]:
    """The number that begins at ``atoms[position]`` and the position after it."""
    current, total = atoms[position], 0.0
    for following in atoms[position + 1 :]:
        gap = _OF if current.plural and following.plural else _GAP
        if not gap.fullmatch(text, current.end, following.start):
            break
        if current.article and following.value == 0.5:
            current = replace(current, end=following.end, value=0.5, article=False)
        elif _scales(current, following):
            value = current.value * following.value
            inner = 1 if current.digits else current.scale
            current = replace(
                current, end=following.end, value=value, scale=following.scale, inner=inner, article=False
            )
        elif _adds(current, following):
            total += current.value
            current = replace(following, start=current.start)
        else:
            break
        position += 1
    return replace(current, value=whole_if_whole(total + current.value)), position + 1


def _scales(current: Number, following: Number) -> bool:
    """Whether ``following`` multiplies ``current``: "zwei | Millionen", "Hunderte | Millionen"."""
    if following.plural and following.scale < 10**6:
        return False
    return following.value == following.scale > current.scale


def _adds(current: Number, following: Number) -> bool:
    """Whether ``following`` is the rest of a long number: "eine Million | zweihunderttausend"."""
    spelled = not (following.digits or following.article or following.plural)
    return current.scale >= 10**6 and spelled and following.value < current.scale
