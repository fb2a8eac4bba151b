"""Reads the linker's tables (data/*.yaml), checks them, and says in words what is wrong with an entry."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import pycountry
import yaml

from services.common.errors import UserError
from services.extraction.linking.model import Kind

DATA = Path(__file__).parent / "data"
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
_ISO = {country.alpha_3 for country in pycountry.countries} | {"XKX"}
_FORMER = {country.alpha_3 for country in pycountry.historic_countries if hasattr(country, "alpha_3")}
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class State:
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
    code: str
    name: str
    surname: str


@dataclass(frozen=True)
class Region:
    name: str
    country: str | None
    position: tuple[float, float] | None


@dataclass(frozen=True)
class Tables:
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
    feminine_names: tuple[str, ...]
    masculine_names: tuple[str, ...]


@dataclass
class _Entry:
    """One entry of a table, read field by field; every complaint names file and entry."""

    file: str
    label: str
    values: dict[str, Any]
    known: set[str] = field(default_factory=set)

    def fail(self, problem: str, remedy: str) -> UserError:
        return UserError(f"{self.file}, entry {self.label}: {problem}", remedy=remedy)

    def text(self, name: str, default: str | None = None) -> str | None:
        self.known.add(name)
        value = self.values.get(name, default)
        if value is not None and not (isinstance(value, str) and value.strip()):
            raise self.fail(f"`{name}` is {value!r}, not a text", f"write {name}: some words, in quotes if needed")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        self.known.add(name)
        value = self.values.get(name, [])
        if not isinstance(value, list) or not all(isinstance(x, str) and x.strip() for x in value):
            raise self.fail(f"`{name}` is not a list of texts", f"write {name}: [one, two]; numbers and `no` in quotes")
        return tuple(value)

    def choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        value = self.text(name, default) or default
        if value not in allowed:
            raise self.fail(f"`{name}` is {value!r}", f"use one of {', '.join(allowed)}")
        return value

    def flag(self, name: str) -> bool:
        self.known.add(name)
        value = self.values.get(name, False)
        if not isinstance(value, bool):
            raise self.fail(f"`{name}` is {value!r}", f"write {name}: true or leave it out")
        return value

    def position(self, name: str) -> tuple[float, float] | None:
        self.known.add(name)
        return _position(self, self.values.get(name))

    def done(self) -> None:
        unknown = sorted(set(self.values) - self.known)
        if unknown:
            raise self.fail(f"unknown field `{unknown[0]}`", f"known fields are {', '.join(sorted(self.known))}")


def load_tables(folder: Path = DATA) -> Tables:
    """Read and check all tables.

    Raises:
        UserError: a file is missing or no YAML, or an entry is not as the head of its file says.
    """
    speakers = _mapping(folder, "speakers.yaml")
    roles = _mapping(folder, "roles.yaml")
    epithets = _mapping(folder, "epithets.yaml")
    first_names = _word_lists("first_names.yaml", _mapping(folder, "first_names.yaml"), ("feminine", "masculine"))
    return Tables(
        states=tuple(_state(code, values) for code, values in _mapping(folder, "states.yaml").items()),
        organisations=_organisations(_sequence(folder, "organisations.yaml")),
        institutions=tuple(_institution(c, v) for c, v in _mapping(folder, "institutions.yaml").items()),
        persons=tuple(p for c, v in _mapping(folder, "persons.yaml").items() for p in _persons(c, v)),
        regions=tuple(r for c, v in _mapping(folder, "regions.yaml").items() for r in _regions(c, v)),
        roles=_word_lists("roles.yaml", roles, ROLE_GROUPS),
        epithets=_epithets(epithets),
        certain_epithets=frozenset(word for word, meant in epithets.items() if isinstance(meant, str)),
        feminine_names=first_names["feminine"],
        masculine_names=first_names["masculine"],
        **_word_lists("speakers.yaml", speakers, ("media", "media_words", "generic", "unnamed_adjectives")),
    )


def _read(folder: Path, file: str) -> Any:
    try:
        return yaml.load((folder / file).read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 (a safe loader)
    except FileNotFoundError as error:
        raise UserError(f"the linker's table {file} is missing", remedy="reinstall Lagebild or restore it") from error
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = f" near line {where.line + 1}" if where else ""
        raise UserError(
            f"{file} is no valid YAML{line}", remedy="look for a missing bracket, comma or quote"
        ) from error


def _mapping(folder: Path, file: str) -> dict[str, Any]:
    content = _read(folder, file)
    if not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
        raise UserError(f"{file} is not a table of `key: entry` lines", remedy="put keys like NO or ON in quotes")
    return content


def _sequence(folder: Path, file: str) -> list[Any]:
    content = _read(folder, file)
    if not isinstance(content, list):
        raise UserError(f"{file} is not a list", remedy="start each entry with `- {`")
    return content


def _entry(file: str, label: str, values: Any) -> _Entry:
    if not isinstance(values, dict):
        raise UserError(
            f"{file}, entry {label}: not of the form {{field: value}}", remedy="compare with its neighbours"
        )
    return _Entry(file, label, values)


def _state(code: str, values: Any) -> State:
    entry = _entry("states.yaml", code, values)
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
    entry = _entry("organisations.yaml", label, values)
    code, name = entry.text("code"), entry.text("name")
    if code is None or name is None:
        raise entry.fail("`code` or `name` is missing", "every organisation needs both")
    entry.label = name
    kind = entry.choice("kind", get_args(Kind), "organisation")
    organisation = Organisation(
        code, name, kind, entry.texts("also"), entry.texts("parts"), entry.texts("people"),  # type: ignore[arg-type]  # checked by choice()
        entry.texts("seats"), entry.texts("adjectives"), entry.choice("gender", GENDERS, "f"), entry.texts("stands_for"),
    )  # fmt: skip
    entry.done()
    return organisation


def _institution(code: str, values: Any) -> Institution:
    entry = _entry("institutions.yaml", code, values)
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
    entry = _Entry("persons.yaml", code, {"persons": values})
    persons = []
    for text in entry.texts("persons"):
        name, _, surname = (part.strip() for part in text.partition("/"))
        persons.append(Person(code, name, surname or name.split()[-1]))
    return persons


def _regions(country: str, values: Any) -> list[Region]:
    entry = _entry("regions.yaml", country, values)
    if country != "none" and country not in _ISO:
        raise entry.fail("not a country", "use an ISO 3166-1 alpha-3 code, or none for seas and larger regions")
    code = None if country == "none" else country
    return [Region(str(name), code, _position(entry, position)) for name, position in entry.values.items()]


def _epithets(content: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    entry = _Entry("epithets.yaml", "the whole file", content)
    single = {word: value for word, value in content.items() if isinstance(value, str)}
    return {word: (value,) for word, value in single.items()} | {w: entry.texts(w) for w in content if w not in single}


def _position(entry: _Entry, value: Any) -> tuple[float, float] | None:
    if value is None:
        return None
    if isinstance(value, list) and len(value) == 2 and all(isinstance(x, int | float) for x in value):
        latitude, longitude = float(value[0]), float(value[1])
        if -90 <= latitude <= 90 and -180 <= longitude <= 180:
            return latitude, longitude
    raise entry.fail(f"{value!r} is no position", "write [latitude, longitude] in degrees, or ~")


def _word_lists(file: str, content: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    entry = _Entry(file, "the whole file", content)
    lists = {name: entry.texts(name) for name in names}
    entry.done()
    return lists
