"""The category of goods, by the words that name them (``data/goods.yaml``)."""

import re
from functools import lru_cache
from typing import cast

from schemas import Category
from services.extraction.tables import read_table

_WORD = re.compile(r"[^\W_]+(?:[-/][^\W_]+)*")


class _Categories:
    def __init__(self) -> None:
        table = read_table("goods")
        self.stems = _by_word(table["stems"])
        self.vague = _by_word(table["vague"])
        self.adjectives = _by_word(table["adjectives"])
        self.types = _by_word(table["types"])
        self.events = _by_word(table["events"])
        self.currencies = frozenset(table["currencies"])


@lru_cache(maxsize=1)
def _categories() -> _Categories:
    return _Categories()


# A sentence of many supplies asks for the same words once for each of them: seconds for 2 KB, found by fuzzing.
@lru_cache(maxsize=4096)
def category_of(goods: str, *, event: str = "", unit: str | None = None) -> Category | None:
    """The category of what is supplied, or None where the words do not tell.

    The first of the goods that is known decides; without any, the word for the event ("Ausbildung") or the unit
    (money), and last vague words such as "Hilfe".

    Args:
        goods: a noun phrase, or a coordinated list of them, as written.
        event: the word that expresses the supply.
        unit: of the amount supplied.
    """
    known, words = _categories(), _WORD.findall(goods)
    for word in words:
        if category := _of_word(word, known.stems, known):
            return category
    for stem, category in known.events.items():
        if event.lower().startswith(stem):
            return category
    if unit is not None and unit.split()[-1] in known.currencies:
        return "money"
    named = (_of_word(word, known.stems | known.vague, known) for word in [*words, *_WORD.findall(event)])
    return next(filter(None, named), None)


def _of_word(word: str, stems: dict[str, Category], known: _Categories) -> Category | None:
    for designation, category in known.types.items():
        if word == designation or word.startswith(designation + "-"):
            return _of_compound(word.rpartition("-")[2].lower(), stems) or category
    if word[:1].islower():
        return next((category for stem, category in known.adjectives.items() if word.startswith(stem)), None)
    return _of_compound(word.lower(), stems)


def _of_compound(word: str, stems: dict[str, Category]) -> Category | None:
    """The category of the stem that ends last in the word; of two that end there, of the longer one."""
    places = [(word.rfind(stem) + len(stem), len(stem), category) for stem, category in stems.items() if stem in word]
    fitting = [place for place in places if place[1] > 4 or len(word) - place[0] <= 3]
    return max(fitting)[2] if fitting else None


def _by_word(table: dict[str, list[str]]) -> dict[str, Category]:
    return {word: cast("Category", category) for category, words in table.items() for word in words}
