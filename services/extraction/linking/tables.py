"""Reads the linker's tables (data/*.yaml), checks them, and says in words what is wrong with an entry."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pycountry

from services.extraction.linking.checked import CheckedEntry, entry_of, mapping, position_of, sequence
from services.extraction.linking.model import Kind

DATA = Path(__file__).parent / "data"
_KINDS = ("organisation", "armed_group")
GENDERS = ("m", "f", "n", "pl")
ROLE_GROUPS = (
    "officials",
    "envoys",
    "bodies",
    "forces",
    "fighters",
    "organisations",
    "alliances",
    "unions",
    "states",
    "places",
    "documents",
    "not_names",
)
GRAMMAR = ("speech", "medium", "feminine", "neuter", "plural")
_ISO = {country.alpha_3 for country in pycountry.countries} | {"XKX"}
_FORMER = {country.alpha_3 for country in pycountry.historic_countries if hasattr(country, "alpha_3")}


@dataclass(frozen=True)
class State:
    """One line of states.yaml; the head of that file explains the fields."""

    code: str
    name: str | None
    also: tuple[str, ...]
    adjectives: tuple[str, ...]
    people: tuple[str, ...]
    capital: str | None
    seats: tuple[str, ...]
    gender: str
    centre: tuple[float, float] | None
    former: bool
    successor: str | None


@dataclass(frozen=True)
class Organisation:
    """One line of organisations.yaml; the head of that file explains the fields."""

    code: str
    name: str
    kind: Kind
    also: tuple[str, ...]
    parts: tuple[str, ...]
    people: tuple[str, ...]
    seats: tuple[str, ...]
    adjectives: tuple[str, ...]
    gender: str
    stands_for: tuple[str, ...]


@dataclass(frozen=True)
class Institution:
    """Bodies of one state: `bodies` maps the written name to the name a record carries."""

    code: str
    seats: tuple[str, ...]
    bodies: dict[str, str]
    people: tuple[str, ...]


@dataclass(frozen=True)
class Person:
    """A well-known person; surname: the part that stands for the person alone."""

    code: str
    name: str
    surname: str


@dataclass(frozen=True)
class Region:
    """A place of regions.yaml; position: latitude and longitude in degrees, None where unknown."""

    name: str
    country: str | None
    position: tuple[float, float] | None


@dataclass(frozen=True)
class Tables:
    """All tables of data/, checked."""

    states: tuple[State, ...]
    organisations: tuple[Organisation, ...]
    institutions: tuple[Institution, ...]
    persons: tuple[Person, ...]
    regions: tuple[Region, ...]
    roles: dict[str, tuple[str, ...]]
    media: tuple[str, ...]
    media_words: tuple[str, ...]
    generic: tuple[str, ...]
    unnamed_adjectives: tuple[str, ...]
    epithets: dict[str, tuple[str, ...]]
    certain_epithets: frozenset[str]
    grammar: dict[str, tuple[str, ...]]
    feminine_names: tuple[str, ...]
    masculine_names: tuple[str, ...]


def load_tables(folder: Path = DATA) -> Tables:
    """Read and check all tables.

    Raises:
        UserError: a file is missing or no YAML, or an entry is not as the head of its file says.
    """
    speakers = mapping(folder, "speakers.yaml")
    roles = mapping(folder, "roles.yaml")
    epithets = mapping(folder, "epithets.yaml")
    first_names = _word_lists("first_names.yaml", mapping(folder, "first_names.yaml"), ("feminine", "masculine"))
    return Tables(
        states=tuple(_state(code, values) for code, values in mapping(folder, "states.yaml").items()),
        organisations=_organisations(sequence(folder, "organisations.yaml")),
        institutions=tuple(_institution(c, v) for c, v in mapping(folder, "institutions.yaml").items()),
        persons=tuple(p for c, v in mapping(folder, "persons.yaml").items() for p in _persons(c, v)),
        regions=tuple(r for c, v in mapping(folder, "regions.yaml").items() for r in _regions(c, v)),
        roles=_word_lists("roles.yaml", roles, ROLE_GROUPS),
        epithets=_epithets(epithets),
        certain_epithets=frozenset(word for word, meant in epithets.items() if isinstance(meant, str)),
        grammar=_word_lists("grammar.yaml", mapping(folder, "grammar.yaml"), GRAMMAR),
        feminine_names=first_names["feminine"],
        masculine_names=first_names["masculine"],
        **_word_lists("speakers.yaml", speakers, ("media", "media_words", "generic", "unnamed_adjectives")),
    )


def _state(code: str, values: Any) -> State:
    entry = entry_of("states.yaml", code, values)
    former = entry.flag("former")
    if code not in (_FORMER if former else _ISO):
        raise entry.fail("not a code of ISO 3166", "use the alpha-3 code; former states take `former: true`")
    successor = entry.text("successor")
    if former and successor not in _ISO:
        raise entry.fail("no `successor`", "name the country its land lies in today, by alpha-3 code")
    state = State(
        code, entry.text("name"), entry.texts("also"), entry.texts("adjectives"), entry.texts("people"),
        entry.text("capital"), entry.texts("seats"), entry.choice("gender", GENDERS, "n"), entry.position("centre"),
        former, successor,
    )  # fmt: skip
    entry.done()
    return state


def _organisations(items: list[Any]) -> tuple[Organisation, ...]:
    return tuple(_organisation(f"number {n}", item) for n, item in enumerate(items, 1))


def _organisation(label: str, values: Any) -> Organisation:
    entry = entry_of("organisations.yaml", label, values)
    code, name = entry.text("code"), entry.text("name")
    if code is None or name is None:
        raise entry.fail("`code` or `name` is missing", "every organisation needs both")
    entry.label = name
    kind: Kind = "armed_group" if entry.choice("kind", _KINDS, "organisation") == "armed_group" else "organisation"
    organisation = Organisation(
        code, name, kind, entry.texts("also"), entry.texts("parts"), entry.texts("people"), entry.texts("seats"),
        entry.texts("adjectives"), entry.choice("gender", GENDERS, "f"), entry.texts("stands_for"),
    )  # fmt: skip
    entry.done()
    return organisation


def _institution(code: str, values: Any) -> Institution:
    entry = entry_of("institutions.yaml", code, values)
    entry.known.add("bodies")
    bodies: dict[str, str] = {}
    for group in entry.values.get("bodies", []):
        names = group if isinstance(group, dict) else {n: n for n in group} if isinstance(group, list) else None
        if names is None or not all(isinstance(x, str) for pair in names.items() for x in pair):
            raise entry.fail("`bodies` has something that is no name", "write lists of names or {written: name}")
        bodies.update(names)
    institution = Institution(code, entry.texts("seats"), bodies, entry.texts("people"))
    entry.done()
    return institution


def _persons(code: str, values: Any) -> list[Person]:
    entry = CheckedEntry("persons.yaml", code, {"persons": values})
    persons = []
    for text in entry.texts("persons"):
        name, _, surname = (part.strip() for part in text.partition("/"))
        persons.append(Person(code, name, surname or name.split()[-1]))
    return persons


def _regions(country: str, values: Any) -> list[Region]:
    entry = entry_of("regions.yaml", country, values)
    if country != "none" and country not in _ISO:
        raise entry.fail("not a country", "use an ISO 3166-1 alpha-3 code, or none for seas and larger regions")
    code = None if country == "none" else country
    return [Region(str(name), code, position_of(entry, position)) for name, position in entry.values.items()]


def _epithets(content: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    entry = CheckedEntry("epithets.yaml", "the whole file", content)
    single = {word: value for word, value in content.items() if isinstance(value, str)}
    return {word: (value,) for word, value in single.items()} | {w: entry.texts(w) for w in content if w not in single}


def _word_lists(file: str, content: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    entry = CheckedEntry(file, "the whole file", content)
    lists = {name: entry.texts(name) for name in names}
    entry.done()
    return lists
