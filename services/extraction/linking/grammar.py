"""Gender and number of German phrases, by the endings of their head and the words before them."""

from __future__ import annotations

from services.extraction.linking.lexicon import Lexicon
from services.extraction.linking.words import fold


def head_gender(key: str, lexicon: Lexicon) -> str:
    """m, f, n or p (plural) of a role noun by its folded form; officials are m or, with -in, f."""
    if key.endswith(lexicon.endings["plural"]):
        return "p"
    if lexicon.role(key) & {"officials", "envoys"} and key.endswith("in") and lexicon.role(key[:-2]):
        return "f"
    if key.endswith(lexicon.endings["feminine"]):
        return "f"
    return "n" if key.removesuffix("s").endswith(lexicon.endings["neuter"]) else "m"


def person_gender(first_name: str, lexicon: Lexicon) -> frozenset[str]:
    """What a first name tells: {"f"}, {"m"}, or {"?"} for one that the tables do not know and that ends in no -a."""
    key = fold(first_name)
    if key in lexicon.feminine_names:
        return frozenset("f")
    if key in lexicon.masculine_names:
        return frozenset("m")
    return frozenset("f") if key.endswith("a") else frozenset("m")
