"""Whether a change of the contract breaks somebody who was written against an earlier release of it.

Kept are the JSON Schemas of every release of this major version: `schemas/json/v1/` as they were in 1.0, `v1.1/` as
they were in 1.1, and so on. Each is held against the models of today in both directions:

- a consumer reads with the kept schema what is written today: whatever today's schema allows, the kept one must
  allow, and no field may be gone;
- a producer, or a message that still lies in a topic, was written by the kept schema: whatever that allows, must be
  read today.

The comparison knows the keywords that pydantic writes. One that it does not know counts as a break where it differs.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas import generate
from schemas.base import SCHEMA_VERSION

Schema = Mapping[str, Any]

ANNOTATIONS = {"$schema", "$defs", "title", "description", "default", "examples", "discriminator", "deprecated"}
LOWER = {"minimum", "exclusiveMinimum", "minLength", "minItems"}
UPPER = {"maximum", "exclusiveMaximum", "maxLength", "maxItems"}
STRUCTURE = {"type", "enum", "const", "properties", "required", "items", "prefixItems", "anyOf", "oneOf", "$ref"}
MISSING = object()


@dataclass(frozen=True)
class Break:
    """What a change breaks.

    Attributes:
        release: the kept release, as its folder is called.
        record: "event", "article" …
        who: "consumers" or "producers".
        where: path of the field, "goods.text".
        what: the change, in words.
    """

    release: str
    record: str
    who: str
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.record} ({self.where or 'whole record'}): {self.what}; breaks {self.who} of {self.release}"


def breaks(kept: Mapping[str, Mapping[str, Schema]] | None = None) -> list[Break]:
    """What today's models break of the kept releases; empty where all is well.

    Args:
        kept: for each release the schema of each record; None takes the files.
    """
    found = []
    for release, schemas in (releases() if kept is None else kept).items():
        for record, old in schemas.items():
            found += [Break(release, record, *rest) for rest in _both_ways(record, old)]
    return found


def releases(folder: Path = generate.HERE / "json") -> dict[str, dict[str, Schema]]:
    """The kept schemas, by release and record: `v1/event.json` is the event of 1.0."""
    return {
        kept.name: {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(kept.glob("*.json"))}
        for kept in sorted(folder.glob(f"v{SCHEMA_VERSION.split('.')[0]}*"))
    }


def _both_ways(record: str, old: Schema) -> Iterator[tuple[str, str, str]]:
    if record not in generate.MODELS:
        yield "consumers", "", "the record is gone"
        return
    written, read = (generate.json_schema(record, mode) for mode in ("serialization", "validation"))
    for where, what in compare(written, old, fields_stay=True):
        yield "consumers", where, what
    for where, what in compare(old, read):
        yield "producers", where, what


def compare(narrow: Schema, wide: Schema, *, fields_stay: bool = False) -> list[tuple[str, str]]:
    """Why a value that `narrow` allows may be one that `wide` does not: pairs of a path and a reason.

    Args:
        narrow: a whole JSON Schema, references included.
        wide: likewise.
        fields_stay: whether `narrow` must have each field that `wide` names, those that may be missing too.
    """
    return list(_Comparison(narrow, wide, fields_stay).walk(narrow, wide, ""))


@dataclass
class _Comparison:
    narrow_root: Schema
    wide_root: Schema
    fields_stay: bool

    def walk(self, narrow: Schema, wide: Schema, path: str) -> Iterator[tuple[str, str]]:
        choices = _alternatives(wide, self.wide_root)
        for one in _alternatives(narrow, self.narrow_root):
            yield from self._fits_one(one, choices, path)

    def _fits_one(self, narrow: Schema, choices: list[Schema], path: str) -> Iterator[tuple[str, str]]:
        reasons = [list(self._leaf(narrow, choice, path)) for choice in choices]
        if any(not reason for reason in reasons):
            return
        if len(reasons) == 1:
            yield from reasons[0]
            return
        # Of several alternatives the one that comes nearest says what has changed, unless none is of this kind.
        near = [reason for choice, reason in zip(choices, reasons, strict=True) if _of_a_kind(narrow, choice)]
        yield from min(near, key=len) if near else [(path, f"{_name(narrow)} is an alternative that was not foreseen")]

    def _leaf(self, narrow: Schema, wide: Schema, path: str) -> Iterator[tuple[str, str]]:
        if "type" in wide and not _type_fits(narrow, wide):
            yield path, f"the type {_name(narrow)} where {_name(wide)} is known"
            return
        yield from ((path, reason) for reason in (*_values(narrow, wide), *_limits(narrow, wide)))
        yield from self._object(narrow, wide, path)
        yield from self._array(narrow, wide, path)

    def _object(self, narrow: Schema, wide: Schema, path: str) -> Iterator[tuple[str, str]]:
        here, there = narrow.get("properties", {}), wide.get("properties", {})
        for name in wide.get("required", ()):
            if name not in narrow.get("required", ()):
                yield _join(path, name), "the field may be missing where it is needed"
        for name in there.keys() - here.keys() if self.fields_stay else ():
            yield _join(path, name), "the field is gone"
        for name in sorted(here.keys() & there.keys()):
            yield from self.walk(here[name], there[name], _join(path, name))
            if name not in narrow.get("required", ()) and name != "schema_version":
                yield from _default(here[name], there[name], _join(path, name))

    def _array(self, narrow: Schema, wide: Schema, path: str) -> Iterator[tuple[str, str]]:
        if "items" in wide:
            yield from self.walk(narrow.get("items", {}), wide["items"], path + "[]")
        here, there = narrow.get("prefixItems", []), wide.get("prefixItems", [])
        if len(here) != len(there):
            yield path, f"{len(here)} parts where {len(there)} are known"
            return
        for index, (one, other) in enumerate(zip(here, there, strict=True)):
            yield from self.walk(one, other, f"{path}[{index}]")


def _alternatives(schema: Schema, root: Schema) -> list[Schema]:
    """What a schema allows, one by one, references followed."""
    while "$ref" in schema:
        target: Any = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        schema = target
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            return [leaf for choice in schema[keyword] for leaf in _alternatives(choice, root)]
    return [schema]


def _of_a_kind(one: Schema, other: Schema) -> bool:
    tags = [schema.get("properties", {}).get("type", {}).get("const") for schema in (one, other)]
    return one.get("type") == other.get("type") and tags[0] == tags[1]


def _default(old: Schema, new: Schema, path: str) -> Iterator[tuple[str, str]]:
    if old.get("default", MISSING) != new.get("default", MISSING):
        yield path, "a message without the field means something else"


def _type_fits(narrow: Schema, wide: Schema) -> bool:
    return narrow.get("type") == wide["type"] or (narrow.get("type"), wide["type"]) == ("integer", "number")


def _values(narrow: Schema, wide: Schema) -> Iterator[str]:
    known, possible = _listed(wide), _listed(narrow)
    if known is None:
        return
    if possible is None:
        yield f"any value where only {known} are known"
    elif new := [value for value in possible if value not in known]:
        yield f"the value {', '.join(map(repr, new))} where only {', '.join(map(repr, known))} are known"


def _listed(schema: Schema) -> list[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _limits(narrow: Schema, wide: Schema) -> Iterator[str]:
    for keyword in sorted(wide.keys() - ANNOTATIONS - STRUCTURE):
        limit, own = wide[keyword], narrow.get(keyword, MISSING)
        if own == limit or (own is not MISSING and _stricter(keyword, own, limit)):
            continue
        yield f"{keyword} {limit!r} is counted on, and {'none' if own is MISSING else repr(own)} is promised"


def _stricter(keyword: str, own: Any, limit: Any) -> bool:
    return bool((keyword in LOWER and own > limit) or (keyword in UPPER and own < limit))


def _name(schema: Schema) -> str:
    return str(schema.get("title") or schema.get("type") or schema.get("const") or "anything")


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
