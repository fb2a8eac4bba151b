"""What the linker returns: a party or a place, with the rule that decided (for `explain`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["state", "organisation", "armed_group", "person", "unknown"]


@dataclass(frozen=True, slots=True)
class LinkedParty:
    """A party as the annotation guide ("Values") has it.

    name: the full name after resolving pronouns, roles and metonymy within the article.
    code: ISO 3166-1 alpha-3 of the state it belongs to (ISO 3166-3 for former states), an organisation's short
        name, or None (media, unnamed experts, private persons, unclear).
    rule: which rule and table decided.
    """

    name: str
    code: str | None
    kind: Kind
    rule: str


@dataclass(frozen=True, slots=True)
class LinkedPlace:
    """A place: base form of the name, country (ISO 3166-1 alpha-3; None for seas and regions over several countries).

    latitude, longitude: WGS 84 degrees of the place's middle; geonames_id: of geonames.org; None where not found.
    """

    name: str
    country: str | None
    latitude: float | None
    longitude: float | None
    geonames_id: int | None
    rule: str
