"""What a noun phrase says by its own words: which named party it belongs to, before any look into the article."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from services.extraction.linking.lexicon import Lexicon, Match
from services.extraction.linking.words import Token, fold


def _words(text: str) -> frozenset[str]:
    return frozenset(map(fold, text.split()))


DETERMINERS = _words(
    "der die das den dem des ein eine einen einem einer eines dieser diese dieses diesen diesem jener jene jenes "
    "mehrere mehrerer alle aller beide beider viele einige keine kein keiner auch sogar selbst"
)
_NOT_WHOSE = _words("in im für gegen über nach zu zum zur an am bei beim aus nahe vor mit")
_PLACED = _words("in im aus bei beim")
_PARTICLES = _words("von van de der den zu zur vom al el bin ibn da di du le la del dos das")
_JOINED_PARTICLES = ("al-", "el-", "az-", "as-")
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
    """Token indices of a person's name at the end of a phrase: capitalised words that are no role and no other name."""
    taken = {i for m in phrase.matches if m.entry.sort != "person" for i in range(m.first, m.last + 1)}
    persons = {i for m in phrase.matches if m.entry.sort == "person" for i in range(m.first, m.last + 1)}
    first = phrase.last + 1
    while first > phrase.first and (first - 1 in persons or _name_word(tokens[first - 1], first - 1 in taken, lexicon)):
        first -= 1
    while (
        first <= phrase.last and tokens[first].text[0].islower() and not tokens[first].key.startswith(_JOINED_PARTICLES)
    ):
        first += 1
    return (first, phrase.last) if first <= phrase.last else None


def _name_word(token: Token, taken: bool, lexicon: Lexicon) -> bool:
    if token.text[0].islower():
        return token.key in _PARTICLES or token.key.startswith(_JOINED_PARTICLES)
    return not (taken or token.text[0].isdigit() or token.key in lexicon.not_names or lexicon.role(token.key))


def heads(tokens: Sequence[Token], phrase: Phrase, lexicon: Lexicon) -> list[tuple[int, frozenset[str]]]:
    """The role nouns of a phrase with their groups, in order."""
    found = []
    for index in range(phrase.first, phrase.last + 1):
        token = tokens[index]
        if not token.text[0].islower():
            groups = lexicon.role(token.key)
            if groups:
                found.append((index, groups))
    return found


def affiliation(tokens: Sequence[Token], phrase: Phrase, lexicon: Lexicon) -> Match | None:
    """The match that says to whom the phrase belongs, or None.

    The first one, with these exceptions: an organisation outranks a nationality before it ("deutsche EU-Beamte"), unless an
    envoy is sent to it; a party after in/für/gegen ... is where or about whom, not whose, unless the phrase names no other
    and no envoy ("Außenministerium in Moskau"); "US-geführt" names the leader, not the party.
    """
    candidates = [m for m in phrase.matches if m.entry.sort in AFFILIATING]
    if not candidates:
        return None
    envoy = any("envoys" in groups for _, groups in heads(tokens, phrase, lexicon))
    free = [m for m in candidates if _before(tokens, phrase, m) not in _NOT_WHOSE]
    if free:
        return _ranked(free, tokens, envoy)
    if envoy or _before(tokens, phrase, candidates[0]) not in _PLACED:
        return None
    return candidates[0]


def _before(tokens: Sequence[Token], phrase: Phrase, match: Match) -> str:
    """The word before a match, an article skipped; "" at the phrase's beginning."""
    index = match.first - 1
    while index >= phrase.first and (tokens[index].key in DETERMINERS or tokens[index].text[0].islower()):
        if tokens[index].key in _NOT_WHOSE:
            return tokens[index].key
        index -= 1
    return tokens[index].key if index >= phrase.first else ""


def _ranked(matches: list[Match], tokens: Sequence[Token], envoy: bool) -> Match:
    first = matches[0]
    if first.entry.sort in ("adjective", "state", "people", "capital") and first.entry.kind == "state" and not envoy:
        for match in matches[1:]:
            if match.entry.kind in ("organisation", "armed_group") and match.entry.sort != "adjective":
                if all(tokens[i].text[0].islower() for i in range(first.last + 1, match.first)):
                    return match
    return first


def nobody_in_particular(tokens: Sequence[Token], phrase: Phrase, lexicon: Lexicon) -> bool:
    """Whether an adjective like "westlich" or "ausländisch" leaves open who is meant."""
    return any(
        t.key in lexicon.unnamed_adjectives and t.text[0].islower() for t in tokens[phrase.first : phrase.last + 1]
    ) or (tokens[phrase.first].key in lexicon.unnamed_adjectives and phrase.first < phrase.last)


def led_by(tokens: Sequence[Token], phrase: Phrase) -> bool:
    """Whether the phrase names only who leads: "US-geführte Koalition", "von Saudi-Arabien geführt"."""
    return any("gefuehrt" in t.key for t in tokens[phrase.first : phrase.last + 1])


def base_form(text: str, tokens: Sequence[Token], phrase: Phrase, gender: str) -> str:
    """A phrase without article and in the nominative: "ukrainischen Präsidenten" gives "ukrainischer Präsident".

    gender: m, f, n or p of the head. Only a leading adjective and a genitive -s of the head are set back; the rest is
    copied.
    """
    first = phrase.first
    while first < phrase.last and tokens[first].key in DETERMINERS:
        first += 1
    words = text[tokens[first].start : tokens[phrase.last].end]
    ending = {"m": "er", "n": "es"}.get(gender, "e")
    if first < phrase.last and tokens[first].text[0].islower():
        words = re.sub(r"^(\w[\w-]*?(?:isch|deutsch|lich|ig))(?:e|en|er|es|em)\b", rf"\1{ending}", words)
    return re.sub(
        r"(ministerium|präsidium|militär|parlament|amt|Heer|minister|sprecher|Bündnis)s(?:es)?$", r"\1", words
    )
