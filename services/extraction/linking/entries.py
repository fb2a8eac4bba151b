"""Turns the tables, Babel's country names and pycountry's codes into entries with all their written forms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import pycountry
from babel import Locale

from services.extraction.linking.model import Kind
from services.extraction.linking.tables import Organisation, State, Tables
from services.extraction.linking.words import adjective_forms, name_forms, noun_forms, person_forms

Sort = Literal["state", "adjective", "people", "capital", "seat", "body", "member", "organisation", "part", "person",
               "media", "generic", "region"]  # fmt: skip
Forms = tuple[set[str], "Entry"]


@dataclass(frozen=True, slots=True)
class Entry:
    """What a written form may stand for.

    code: the record's code, None for media, generic speakers and regions over several states.
    country: where a place of this name lies today (differs from code for former states).
    exact: spellings with their capitals, for abbreviations that would otherwise meet common words ("IS", "AU").
    """

    name: str
    code: str | None
    kind: Kind
    sort: Sort
    gender: str = "n"
    country: str | None = None
    position: tuple[float, float] | None = None
    exact: str | None = None
    stands_for: tuple[str, ...] = ()


def _exact(surface: str) -> str | None:
    """Abbreviations of two or three letters must be met as written: "IS", "AU", "IRA" are words or names otherwise."""
    return (
        surface if len(surface) <= 3 and surface.isalpha() and surface in (surface.upper(), surface.lower()) else None
    )


def all_entries(tables: Tables) -> Iterator[Forms]:
    """Every entry with the folded forms it is written in; earlier ones win where two mean the same."""
    names = _country_names(tables)
    for state in tables.states:
        yield from _state_entries(state, names[state.code])
    yield from _babel_entries(tables, names)
    for organisation in tables.organisations:
        yield from _organisation_entries(organisation)
    yield from _institution_entries(tables, names)
    for person in tables.persons:
        forms = person_forms(person.name) | person_forms(person.surname)
        yield forms, Entry(person.name, person.code, "person", "person", "m")
    for region in tables.regions:
        place = Entry(region.name, region.country, "state", "region", "n", region.country, region.position)
        yield name_forms(region.name), place
    for medium in tables.media:
        yield name_forms(medium), Entry(medium, None, "organisation", "media", exact=_exact(medium))
    for noun in tables.generic:
        if " " in noun:
            yield name_forms(noun), Entry(noun, None, "unknown", "generic")


def _alpha_2() -> dict[str, str]:
    return {country.alpha_3: country.alpha_2 for country in pycountry.countries} | {"XKX": "XK"}


def _country_names(tables: Tables) -> dict[str, str]:
    """The name a record carries for each code: the table's, else Babel's."""
    german = Locale("de").territories
    names = {code: german[short] for code, short in _alpha_2().items() if short in german}
    return names | {state.code: state.name for state in tables.states if state.name}


def _babel_entries(tables: Tables, names: dict[str, str]) -> Iterator[Forms]:
    """Babel's own name of every country, also where the table prefers another or has no line."""
    german = Locale("de").territories
    genders = {state.code: state.gender for state in tables.states}
    for code, short in _alpha_2().items():
        if short in german:
            yield name_forms(german[short]), Entry(names[code], code, "state", "state", genders.get(code, "n"), code)


def _state_entries(state: State, name: str) -> Iterator[Forms]:
    country = state.successor or state.code

    def entry(sort: Sort, surface: str = "") -> Entry:
        return Entry(name, state.code, "state", sort, state.gender, country, state.centre, _exact(surface))

    for surface in (name, *state.also):
        yield name_forms(surface), entry("state", surface)
    for adjective in state.adjectives:
        yield adjective_forms(adjective), entry("adjective")
    for noun in state.people:
        yield noun_forms(noun), entry("people")
    for place in (state.capital, *state.seats):
        if place:
            yield name_forms(place) | adjective_forms(place + "er"), entry("capital")


def _organisation_entries(organisation: Organisation) -> Iterator[Forms]:
    def entry(sort: Sort, surface: str, name: str = organisation.name) -> Entry:
        return Entry(name, organisation.code, organisation.kind, sort, organisation.gender, exact=_exact(surface),
                     stands_for=organisation.stands_for)  # fmt: skip

    for surface in (organisation.name, *organisation.also):
        yield name_forms(surface), entry("organisation", surface)
    for surface in organisation.parts:
        yield name_forms(surface), entry("part", surface, surface)
    for noun in organisation.people:
        yield noun_forms(noun), entry("people", "")
    for adjective in organisation.adjectives:
        yield adjective_forms(adjective), entry("adjective", "")
    for place in organisation.seats:
        yield name_forms(place) | adjective_forms(place + "er"), entry("capital", "")


def _institution_entries(tables: Tables, names: dict[str, str]) -> Iterator[Forms]:
    successors = {state.code: state.successor or state.code for state in tables.states}
    for institution in tables.institutions:
        code = institution.code
        country = successors[code]
        for surface in institution.seats:
            yield name_forms(surface), Entry(names[code], code, "state", "seat", "n", country, exact=_exact(surface))
        for surface, name in institution.bodies.items():
            yield name_forms(surface), Entry(name, code, "state", "body", "n", country, exact=_exact(surface))
        for noun in institution.people:
            yield noun_forms(noun), Entry(noun, code, "state", "member", "n", country)
