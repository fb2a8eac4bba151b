"""Where forces went, as a key that records of different articles share."""

from typing import Final

from schemas import Place
from services.claims.goods import stem

WATERS: Final = (
    *("meer", "golf", "kanal", "strass", "ozean", "ostse", "nordse"),
    *("karibik", "pazifik", "atlantik", "arkti"),
)
"""Ends of the names of seas and straits, without inflection: they lie in no country and yet are one place."""
VAGUE: Final = frozenset(
    (
        *("region", "grenzregion", "grenz", "grenzgebiet", "gebiet", "ort", "stadt", "dorf", "front", "schlachtfeld"),
        *("ost", "west", "nord", "süd", "küst", "land", "inland", "provinz", "oblast", "bezirk", "dorthi", "heim"),
        *("hauptstadt", "insel", "lag", "stützpunkt", "haf", "flughaf"),
    )
)
"""Stems of words that name a place only together with what stands around them."""


def place_key(place: Place | None, *, home: str | None) -> str | None:
    """The country; within the actor's own country, and at sea, the place itself. None where it is not known.

    Args:
        place: the place.
        home: key of the actor.
    """
    if place is None:
        return None
    if place.country and place.country != home:
        return place.country
    waters = _waters(place.name)
    if place.country is None and waters:
        return waters
    spot = _spot(place)
    if place.country:
        return f"{place.country}:{spot}" if spot else None
    return spot if place.latitude is not None else None


def _waters(name: str) -> str | None:
    """A sea or strait by all words of its name: "im Roten Meer" and "Rotes Meer" are one."""
    stems = [stem(word) for word in name.split()]
    return " ".join(stems) if any(word.endswith(WATERS) for word in stems) else None


def _spot(place: Place) -> str | None:
    """The place by its number at GeoNames, its coordinates, or the last word of its name."""
    if place.geonames_id is not None:
        return f"#{place.geonames_id}"
    if place.latitude is not None and place.longitude is not None:
        return f"{place.latitude:.1f},{place.longitude:.1f}"
    last = stem(place.name.split()[-1]) if place.name.split() else ""
    return last if last and last not in VAGUE else None
