"""Gender and number of German phrases, by the endings of their head and the words before them."""

from __future__ import annotations

from services.extraction.linking.lexicon import Lexicon
from services.extraction.linking.words import fold

_FEMININE = (
    "ung", "heit", "keit", "schaft", "ion", "taet", "armee", "marine", "wehr", "behoerde", "polizei", "macht", "truppe", "miliz",
    "partei", "flotte", "wache", "garde", "brigade", "einheit", "division", "junta", "justiz", "allianz", "guerilla", "gruppe",
    "luftwaffe", "stelle", "agentur", "botschaft", "seite", "zentrale", "bank", "kammer", "spitze", "insel", "republik", "firma",
    "industrie", "monarchie", "liga", "infanterie", "kompanie",
)  # fmt: skip
_NEUTER = (
    "ium", "amt", "heer", "parlament", "militaer", "korps", "regime", "kommando", "buero", "gericht", "haus", "land", "buendnis",
    "bataillon", "regiment", "kontingent", "kabinett", "volk", "emirat", "reich", "gremium", "sekretariat", "werk", "konsulat",
    "netzwerk", "unternehmen",
)  # fmt: skip
_PLURAL = (
    "kraefte", "truppen", "soldaten", "rebellen", "milizen", "innen", "laender", "staaten", "kreise", "militaers", "streitkraefte",
    "separatisten", "terroristen", "extremisten", "dschihadisten", "beamte", "beamten", "kaempfern", "generaele", "infanteristen",
    "soeldnern", "aufstaendische", "aufstaendischen", "diplomaten", "experten", "politikern", "leute", "medien", "garden",
    "einheiten", "verbaende", "behoerden", "parteien", "abgeordneten", "senatoren", "minister der",
)  # fmt: skip


def head_gender(key: str, lexicon: Lexicon) -> str:
    """m, f, n or p (plural) of a role noun by its folded form; officials are m or, with -in, f."""
    if key.endswith(_PLURAL):
        return "p"
    if "officials" in lexicon.role(key) or "envoys" in lexicon.role(key):
        if key.endswith("in") and lexicon.role(key[:-2]):
            return "f"
    if key.endswith(_FEMININE):
        return "f"
    return "n" if key.endswith(_NEUTER) or key.endswith(tuple(e + "s" for e in _NEUTER)) else "m"


def person_gender(first_name: str, lexicon: Lexicon) -> frozenset[str]:
    """What a first name tells: {"f"}, {"m"}, or {"?"} for one that the tables do not know and that ends in no -a."""
    key = fold(first_name)
    if key in lexicon.feminine_names:
        return frozenset("f")
    if key in lexicon.masculine_names:
        return frozenset("m")
    return frozenset("f") if key.endswith("a") else frozenset("m")
