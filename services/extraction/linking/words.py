"""German words for lookup: tokens with offsets, a folding that evens out spellings, inflected forms of names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from itertools import product
from typing import NamedTuple

_TOKEN = re.compile(r"\w+(?:[-'’‑]\w+)*")
_FOLD = str.maketrans({"ß": "ss", "ä": "ae", "ö": "oe", "ü": "ue", "’": "'", "‑": "-", "ı": "i", "ł": "l", "ø": "o"})
_ADJECTIVE_ENDINGS = ("", "e", "en", "er", "es", "em")
_UNINFLECTED = frozenset(
    (
        "der",
        "die",
        "das",
        "des",
        "den",
        "dem",
        "von",
        "vom",
        "zu",
        "zur",
        "im",
        "in",
        "für",
        "und",
        "ohne",
        "al",
        "el",
        "bin",
        "de",
        "du",
    )
)


class Token(NamedTuple):
    """A word of the text; start and end are code points, end exclusive; key is its folded form.

    roles: the groups of roles.yaml that a capitalised word belongs to; capital: it begins with a capital letter;
    entity: PER, LOC, ORG or MISC where a recogniser said so, else "".
    """

    text: str
    start: int
    end: int
    key: str
    roles: frozenset[str]
    capital: bool
    entity: str = ""


@lru_cache(maxsize=50_000)
def fold(word: str) -> str:
    """One key for the spellings of a word: lower case, ss for ß, ae/oe/ue for umlauts, no other diacritics."""
    lowered = word.casefold().translate(_FOLD)
    if lowered.isascii():
        return lowered
    decomposed = unicodedata.normalize("NFD", unicodedata.normalize("NFC", lowered).translate(_FOLD))
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def tokenise(text: str, describe: Callable[[str], tuple[str, frozenset[str], bool]]) -> list[Token]:
    """The words of a text; hyphens and apostrophes inside a word belong to it.

    describe: key, roles and capital of a word.
    """
    return [Token(m.group(), m.start(), m.end(), *describe(m.group())) for m in _TOKEN.finditer(text)]


def key_of(phrase: str) -> str:
    """The lookup key of a phrase: its folded words, joined by single spaces."""
    return " ".join(fold(m.group()) for m in _TOKEN.finditer(phrase))


def name_forms(phrase: str) -> set[str]:
    """Keys of a name as it stands in a text: adjectives in it inflected, genitive and dative plural of its last word.

    "Weißes Haus" gives the keys of "Weiße Haus", "Weißen Hauses" and so on. Forms that no German writes do no harm.
    """
    words = [fold(m.group()) for m in _TOKEN.finditer(phrase)]
    if not words:
        return set()
    choices = [_inner_forms(word) for word in words[:-1]] + [_last_forms(words[-1])]
    return {" ".join(combination) for combination in product(*choices)}


def person_forms(name: str) -> set[str]:
    """Keys of a person's name: as it is, and with a genitive -s."""
    key = key_of(name)
    return {key, key if key.endswith(("s", "x", "z")) else key + "s"}


def adjective_forms(stem: str) -> set[str]:
    """Keys of an adjective's inflected forms, from its stem ("russisch")."""
    return {key_of(stem) + ending for ending in _ADJECTIVE_ENDINGS}


def noun_forms(noun: str) -> set[str]:
    """Keys of a noun for people or bodies in every case and number, with the feminine in -in."""
    key = key_of(noun)
    forms = {key, key + "s", key + "es", key + "n", key + "en", key + "e", key + "in", key + "innen"}
    if key.endswith("e"):
        forms |= {key[:-1] + "in", key[:-1] + "innen"}
    if key.endswith("er"):  # "Vorsitzender" is inflected like an adjective
        forms |= {key[:-2] + ending for ending in ("e", "en", "em")}
    if key.endswith("um"):
        forms |= {key[:-2] + "en"}
    return forms | _umlaut_plurals(key)


def _umlaut_plurals(key: str) -> set[str]:
    """Plurals with umlaut of heads that have one: Generäle, Länder, Ämter, Staatsanwälte."""
    for singular, plural in (
        ("general", "generael"),
        ("land", "laend"),
        ("anwalt", "anwaelt"),
        ("stadt", "staedt"),
        ("rat", "raet"),
        ("hof", "hoef"),
        ("haus", "haeus"),
        ("verband", "verbaend"),
        ("hafen", "haefen"),
        ("admiral", "admirael"),
        ("volk", "voelk"),
        ("dorf", "doerf"),
        ("mann", "maenn"),
        ("marschall", "marschaell"),
        ("buendnis", "buendniss"),
        ("vorstand", "vorstaend"),
        ("blatt", "blaett"),
    ):
        if key.endswith(singular):
            stem = key[: -len(singular)] + plural
            return {stem, stem + "e", stem + "en", stem + "er", stem + "ern", stem + "es"}
    return set()


def _inner_forms(word: str) -> list[str]:
    if word not in _UNINFLECTED and len(word) > 3 and word.endswith(("e", "er", "es", "en")):
        stem = word[:-1] if word.endswith("e") else word[:-2]
        return [stem + ending for ending in _ADJECTIVE_ENDINGS]
    return [word]


def _last_forms(word: str) -> list[str]:
    forms = [word]
    if not word.endswith(("s", "x", "z")):
        forms.append(word + "s")
    if word.endswith("e"):  # "die Grünen", "der Regime"
        forms.append(word + "n")
    elif word.endswith("er"):
        forms += [word[:-2] + "e", word[:-2] + "en", word + "n"]
    if word.endswith(("haus", "amt", "kreuz", "rat", "bund", "heer", "staat", "pakt", "fonds", "gericht", "buero")):
        forms += [word + "es", word + "e"]
    if word.endswith(("staat", "soldat")):
        forms += [word + "en"]
    return forms


def lower_ending(key: str) -> bool:
    """Whether a folded word may be an inflected adjective."""
    return key.endswith(("e", "en", "er", "es", "em"))
