"""What a noun phrase says by its own words: which named party it belongs to, before any look into the article."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from services.extraction.linking.lexicon import Lexicon, Match
from services.extraction.linking.words import Token, fold

DETERMINERS = frozenset(
    fold(w)
    for w in "der die das den dem des ein eine einen einem einer eines dieser diese dieses diesen diesem jener jene jenes "
    "mehrere mehrerer alle aller beide beider viele einige keine kein keiner auch sogar selbst".split()
)
_NOT_SENDER = frozenset(fold(w) for w in "in im für gegen über nach zu zum zur an am bei beim aus nahe vor".split())
_PARTICLES = frozenset("von van de der den zu zur vom al el bin ibn da di du le la del dos das".split())
_ENVOY_PLACE = frozenset(("in", "im", "bei", "beim", "aus", "zu", "an"))
AFFILIATING = frozenset(
    ("state", "adjective", "people", "capital", "seat", "body", "member", "organisation", "part", "region")
)


@dataclass(frozen=True, slots=True)
class Phrase:
    """A span's tokens (indices first..last, inclusive) with the names found in it."""

    first: int
    last: int
    matches: tuple[Match, ...]


def person_name(tokens: Sequence[Token], phrase: Phrase, lexicon: Lexicon) -> tuple[int, int] | None:
    """Token indices of a person's name at the end of the phrase: capitalised words that are no role and no other name."""
    taken = {i for m in phrase.matches if m.entry.sort != "person" for i in range(m.first, m.last + 1)}
    last = phrase.last
    first = last + 1
    while first > phrase.first and _name_word(tokens[first - 1], first - 1 in taken, lexicon):
        first -= 1
    while first <= last and tokens[first].text[0].islower():
        first += 1
    return (first, last) if first <= last and tokens[last].text[0].isupper() else None


def _name_word(token: Token, taken: bool, lexicon: Lexicon) -> bool:
    if token.text[0].islower():
        return token.key in _PARTICLES or token.key.startswith(("al-", "el-", "az-"))
    return not taken and not lexicon.role(token.key) and token.text[0].isupper() and token.key not in DETERMINERS


def heads(tokens: Sequence[Token], phrase: Phrase, lexicon: Lexicon) -> list[tuple[int, frozenset[str]]]:
    """The role nouns of a phrase with their groups, in order."""
    found = []
    for index in range(phrase.first, phrase.last + 1):
        token = tokens[index]
        if token.text[0].isupper():
            groups = lexicon.role(token.key)
            if groups:
                found.append((index, groups))
    return found


def affiliation(tokens: Sequence[Token], phrase: Phrase, lexicon: Lexicon) -> Match | None:
    """The match that says to whom the phrase belongs, or None.

    The first one, with these exceptions: an organisation outranks a nationality before it ("deutsche EU-Beamte"), unless an
    envoy is sent to it; a party after in/für/gegen ... is where or about whom, not whose, unless the phrase has no
    envoy and names no other ("Außenministerium in Moskau").
    """
    candidates = [m for m in phrase.matches if m.entry.sort in AFFILIATING]
    if not candidates:
        return None
    role_groups = {group for _, groups in heads(tokens, phrase, lexicon) for group in groups}
    free = [m for m in candidates if m.first == phrase.first or tokens[m.first - 1].key not in _NOT_SENDER
            and not (tokens[m.first - 1].key in DETERMINERS and m.first - 2 >= phrase.first
                     and tokens[m.first - 2].key in _NOT_SENDER)]  # fmt: skip
    if free:
        return _ranked(free, tokens, "envoys" in role_groups)
    preposition = tokens[candidates[0].first - 1].key
    if "envoys" in role_groups or preposition not in ("in", "im", "aus", "bei"):
        return None
    return candidates[0]


def _ranked(matches: list[Match], tokens: Sequence[Token], envoy: bool) -> Match:
    first = matches[0]
    if first.entry.sort in ("adjective", "state", "people", "capital") and first.entry.kind == "state" and not envoy:
        for match in matches[1:]:
            if match.entry.kind in ("organisation", "armed_group") and match.entry.sort != "adjective":
                between = [tokens[i] for i in range(first.last + 1, match.first)]
                if all(t.text[0].islower() for t in between):
                    return match
    return first


def base_form(text: str, tokens: Sequence[Token], phrase: Phrase, gender: str) -> str:
    """A phrase without article and in the nominative: "ukrainischen Präsidenten" gives "ukrainischer Präsident".

    Only a leading adjective and a genitive -s of the head are set back; the rest is copied.
    """
    first = phrase.first
    while first < phrase.last and tokens[first].key in DETERMINERS:
        first += 1
    words = text[tokens[first].start : tokens[phrase.last].end]
    ending = {"m": "er", "f": "e", "n": "es", "pl": "e"}.get(gender, "e")
    if first < phrase.last and tokens[first].text[0].islower():
        words = re.sub(r"^(\w[\w-]*?(?:isch|deutsch|lich|ig))(?:e|en|er|es|em)\b", rf"\1{ending}", words)
    return re.sub(
        r"(ministerium|präsidium|militär|parlament|amt|Heer|minister|sprecher|Bündnis)s(?:es)?$", r"\1", words
    )
