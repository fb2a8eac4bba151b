"""YAML files read with checks that name the file and the entry, in words for a person who does not know Python."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from services.common.errors import UserError
from services.extraction.tables import LOADER


@dataclass
class CheckedEntry:
    """One entry of a table, read field by field; every complaint names file and entry."""

    file: str
    label: str
    values: dict[str, Any]
    known: set[str] = field(default_factory=set)

    def fail(self, problem: str, remedy: str) -> UserError:
        """The error to raise about this entry."""
        return UserError(f"{self.file}, entry {self.label}: {problem}", remedy=remedy)

    def text(self, name: str, default: str | None = None) -> str | None:
        """An optional text field."""
        self.known.add(name)
        value = self.values.get(name, default)
        if value is not None and not (isinstance(value, str) and value.strip()):
            raise self.fail(f"`{name}` is {value!r}, not a text", f"write {name}: some words, in quotes if needed")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; empty where the field is left out."""
        self.known.add(name)
        value = self.values.get(name, [])
        if not isinstance(value, list) or not all(isinstance(x, str) and x.strip() for x in value):
            raise self.fail(f"`{name}` is not a list of texts", f"write {name}: [one, two]; numbers and `no` in quotes")
        return tuple(value)

    def choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        """A text field with a fixed set of values."""
        value = self.text(name, default) or default
        if value not in allowed:
            raise self.fail(f"`{name}` is {value!r}", f"use one of {', '.join(allowed)}")
        return value

    def flag(self, name: str) -> bool:
        """A field that is true or left out."""
        self.known.add(name)
        value = self.values.get(name, False)
        if not isinstance(value, bool):
            raise self.fail(f"`{name}` is {value!r}", f"write {name}: true or leave it out")
        return value

    def position(self, name: str) -> tuple[float, float] | None:
        """A [latitude, longitude] field in degrees."""
        self.known.add(name)
        return position_of(self, self.values.get(name))

    def done(self) -> None:
        """Complain about a field that nobody asked for, such as a misspelt one."""
        unknown = sorted(set(self.values) - self.known)
        if unknown:
            raise self.fail(f"unknown field `{unknown[0]}`", f"known fields are {', '.join(sorted(self.known))}")


def _read(folder: Path, file: str) -> Any:
    try:
        return yaml.load((folder / file).read_text(encoding="utf-8"), Loader=LOADER)  # noqa: S506 (a safe loader)
    except FileNotFoundError as error:
        raise UserError(f"the linker's table {file} is missing", remedy="reinstall Lagebild or restore it") from error
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = f" near line {where.line + 1}" if where else ""
        raise UserError(
            f"{file} is no valid YAML{line}", remedy="look for a missing bracket, comma or quote"
        ) from error


def mapping(folder: Path, file: str) -> dict[str, Any]:
    """A file of `key: entry` lines.

    Raises:
        UserError: the file is missing, no YAML, or something else than such lines.
    """
    content = _read(folder, file)
    if not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
        raise UserError(f"{file} is not a table of `key: entry` lines", remedy="put keys like NO or ON in quotes")
    return content


def sequence(folder: Path, file: str) -> list[Any]:
    """A file that is a list of entries.

    Raises:
        UserError: the file is missing, no YAML, or no list.
    """
    content = _read(folder, file)
    if not isinstance(content, list):
        raise UserError(f"{file} is not a list", remedy="start each entry with `- {`")
    return content


def entry_of(file: str, label: str, values: Any) -> CheckedEntry:
    """One entry's fields, ready to be read.

    Raises:
        UserError: the entry is no {field: value} table.
    """
    if not isinstance(values, dict):
        raise UserError(
            f"{file}, entry {label}: not of the form {{field: value}}", remedy="compare with its neighbours"
        )
    return CheckedEntry(file, label, values)


def position_of(entry: CheckedEntry, value: Any) -> tuple[float, float] | None:
    """[latitude, longitude] as a pair, None for ~.

    Raises:
        UserError: it is neither, or out of range.
    """
    if value is None:
        return None
    if isinstance(value, list) and len(value) == 2 and all(isinstance(x, int | float) for x in value):
        latitude, longitude = float(value[0]), float(value[1])
        if -90 <= latitude <= 90 and -180 <= longitude <= 180:
            return latitude, longitude
    raise entry.fail(f"{value!r} is no position", "write [latitude, longitude] in degrees, or ~")
