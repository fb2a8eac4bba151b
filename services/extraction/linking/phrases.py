"""What a noun phrase says by its own words: which named party it belongs to, before any look into the article."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from services.extraction.linking.lexicon import Lexicon, Match
from services.extraction.linking.words import Token, fold, key_of

_T = TypeVar("_T")


class _Once(Generic[_T]):
    """A property computed at first use: functools.cached_property without its lock, which costs more than most of these
    values do; a phrase lives in one thread."""

    def __init__(self, compute: Callable[[Any], _T]) -> None:
        self._compute = compute
        self._name = compute.__name__
        self.__doc__ = compute.__doc__

    def __get__(self, instance: Any, owner: Any = None) -> _T:
        value = self._compute(instance)
        instance.__dict__[self._name] = value
        return value


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
_AFFILIATING = frozenset(
    ("state", "adjective", "people", "capital", "seat", "body", "member", "organisation", "part", "region")
)
_NAMES = frozenset(("state", "people", "capital", "region", "organisation"))
_NATIONAL = frozenset(("adjective", "state", "people", "capital"))


@dataclass(frozen=True, eq=False)
class Phrase:
    """Tokens first..last (inclusive) of an article, with the names of the tables that lie wholly in them."""

    tokens: Sequence[Token]
    lexicon: Lexicon
    first: int
    last: int
    matches: tuple[Match, ...]

    @_Once
    def heads(self) -> list[tuple[int, frozenset[str]]]:
        """The role nouns with their groups, in order; "land" in "Russland" is none."""
        named = {i for m in self.matches if m.entry.sort in _NAMES and not m.head for i in range(m.first, m.last + 1)}
        return [
            (i, self.tokens[i].roles)
            for i in range(self.first, self.last + 1)
            if self.tokens[i].roles and i not in named
        ]

    @_Once
    def words(self) -> list[str]:
        """The folded words without a leading article."""
        keys = [t.key for t in self.tokens[self.first : self.last + 1]]
        while len(keys) > 1 and keys[0] in DETERMINERS:
            keys.pop(0)
        return keys

    @_Once
    def name(self) -> tuple[int, int] | None:
        """Token indices of a person's name at the end: capitalised words that are no role and no other name."""
        taken = {i: self._bears_name(m) for m in self.matches for i in range(m.first, m.last + 1)}
        first = self.last + 1
        while first > self.first and self._in_name(first - 1, taken.get(first - 1)):
            first -= 1
        while first <= self.last and self._particle(self.tokens[first]):
            first += 1
        return (first, self.last) if first <= self.last else None

    def _bears_name(self, match: Match) -> bool:
        """Whether a match is a person's name, and no genitive before a noun ("Ruttes Besuch")."""
        surname = self.tokens[match.last].key
        genitive = match.last < self.last and surname.endswith("s") and not key_of(match.entry.name).endswith("s")
        return match.entry.sort == "person" and not genitive

    def _in_name(self, index: int, person: bool | None) -> bool:
        token = self.tokens[index]
        if token.entity:
            return token.entity == "PER"
        if person is not None:
            return person
        if not token.capital:
            return token.key in _PARTICLES or token.key.startswith(_JOINED_PARTICLES)
        return not token.roles and token.key not in self.lexicon.not_names

    def _particle(self, token: Token) -> bool:
        return not token.capital and not token.key.startswith(_JOINED_PARTICLES)

    @_Once
    def affiliation(self) -> Match | None:
        """The match that says to whom the phrase belongs, or None.

        The first one, with these exceptions: an organisation outranks a nationality before it ("deutsche EU-Beamte"),
        unless an envoy is sent to it; a party after in, für, gegen ... is where or about whom, not whose, unless the
        phrase names no other and no envoy ("Außenministerium in Moskau").
        """
        candidates = [m for m in self.matches if m.entry.sort in _AFFILIATING]
        if not candidates:
            return None
        envoy = any("envoys" in groups for _, groups in self.heads)
        free = [m for m in candidates if self._before(m) not in _NOT_WHOSE]
        if free:
            return self._ranked(free, envoy)
        if envoy or self._before(candidates[0]) not in _PLACED:
            return None
        return candidates[0]

    def _before(self, match: Match) -> str:
        """The preposition that governs a match, or the capitalised word before it; "" at the phrase's beginning."""
        index = match.first - 1
        while index >= self.first and not self.tokens[index].capital:
            if self.tokens[index].key in _NOT_WHOSE:
                return self.tokens[index].key
            index -= 1
        return self.tokens[index].key if index >= self.first else ""

    def _ranked(self, matches: list[Match], envoy: bool) -> Match:
        first = matches[0]
        if first.entry.sort in _NATIONAL and first.entry.kind == "state" and not envoy:
            for match in matches[1:]:
                grouped = match.entry.kind in ("organisation", "armed_group") and match.entry.sort != "adjective"
                between = range(first.last + 1, match.first)
                owner = first.entry.sort == "adjective" and self._owner(match)
                if grouped and (owner or not any(self.tokens[i].capital for i in between)):
                    return match
        return first

    def _owner(self, match: Match) -> bool:
        """Whether a match is a genitive or stands after "von": "griechische Sektion von Ärzte ohne Grenzen"."""
        return self.tokens[match.first - 1].key in ("der", "des", "von", "vom")

    @property
    def open(self) -> bool:
        """Whether an adjective like "westlich" or "ausländisch" leaves it open who is meant."""
        return any(key in self.lexicon.unnamed_adjectives for key in self.words[:-1] or self.words)

    @property
    def nobody(self) -> bool:
        """Whether its first noun is a word for unnamed people only: "Experten", "Anwohner"."""
        return bool(self.heads) and self.heads[0][1] == {"unnamed"}

    @property
    def led(self) -> bool:
        """Whether the phrase names only who leads: "US-geführte Koalition", "von Saudi-Arabien geführt"."""
        return any("gefuehrt" in key for key in self.words)

    def base_form(self, text: str, gender: str) -> str:
        """Without article and in the nominative: "ukrainischen Präsidenten" gives "ukrainischer Präsident".

        gender: m, f, n or p of the head. Only a leading adjective and a genitive -s of the head are set back; the rest
        is copied.
        """
        first = self.first
        while first < self.last and self.tokens[first].key in DETERMINERS:
            first += 1
        words = text[self.tokens[first].start : self.tokens[self.last].end]
        ending = {"m": "er", "n": "es"}.get(gender, "e")
        if first < self.last and not self.tokens[first].capital:
            words = re.sub(r"^(\w[\w-]*?(?:isch|deutsch|lich|ig))(?:e|en|er|es|em)\b", rf"\1{ending}", words)
        return re.sub(
            r"(ministerium|präsidium|militär|parlament|amt|Heer|minister|sprecher|Bündnis)s(?:es)?$", r"\1", words
        )
