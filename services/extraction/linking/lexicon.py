"""The tables as one dictionary of folded word sequences, and its lookup in a text (longest match, one pass)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from services.extraction.linking.entries import Entry, all_entries
from services.extraction.linking.tables import Tables
from services.extraction.linking.words import Token, adjective_forms, fold, lower_ending, noun_forms

_DIRECTION = re.compile(r"(?:nord|sued|ost|west|zentral|mittel|nordost|nordwest|suedost|suedwest|inner)(?:-(?=.))?")
_PRO_ANTI = frozenset(("pro", "anti", "nicht", "ex", "noch", "vize", "gegen", "post"))
_SKIPPED_PREFIX = frozenset(("ex", "noch", "vize"))
_DOMESTIC = {"bundes": ("DEU", "AUT", "CHE")}


@dataclass(frozen=True, slots=True)
class Match:
    """Tokens first..last (inclusive) of a text that an entry fits.

    head: for a compound the folded rest that carries the grammar ("sprecherin" in Kremlsprecherin), else "".
    """

    first: int
    last: int
    entry: Entry
    head: str = ""


class Lexicon:
    """All names of the tables; immutable once built."""

    def __init__(self, tables: Tables) -> None:
        self._entries: dict[str, tuple[Entry, ...]] = {}
        self._longest: dict[str, int] = {}
        self.roles: dict[str, frozenset[str]] = _roles(tables)
        self._media_words = frozenset(form for word in tables.media_words for form in noun_forms(word))
        self.states: dict[str, Entry] = {}
        self.organisations: dict[str, Entry] = {}
        self.unnamed_adjectives = frozenset(f for stem in tables.unnamed_adjectives for f in adjective_forms(stem))
        self.epithets = {form: frozenset(names) for word, names in tables.epithets.items() for form in noun_forms(word)}
        self.certain_epithets = {form: tables.epithets[w][0] for w in tables.certain_epithets for form in noun_forms(w)}
        self.endings = {name: tuple(map(fold, words)) for name, words in tables.grammar.items()}
        self.not_names = frozenset(map(fold, tables.roles["not_names"]))
        self.feminine_names = frozenset(map(fold, tables.feminine_names))
        self.masculine_names = frozenset(map(fold, tables.masculine_names))
        self.by_name: dict[str, Entry] = {}
        for forms, entry in all_entries(tables):
            self.by_name.setdefault(entry.name, entry)
            if entry.sort == "state" and entry.code:
                self.states.setdefault(entry.code, entry)
            elif entry.sort == "organisation" and entry.code:
                self.organisations.setdefault(entry.code, entry)
            self._add(forms, entry)
        self.describe = lru_cache(maxsize=50_000)(self._describe)
        self.medium = lru_cache(maxsize=50_000)(self._medium)
        self.compound = lru_cache(maxsize=50_000)(self._compound)
        self.role = lru_cache(maxsize=50_000)(self._role)

    def _add(self, forms: Iterable[str], entry: Entry) -> None:
        for form in forms:
            known = self._entries.get(form, ())
            if not any(e.code == entry.code and e.name == entry.name and e.exact == entry.exact for e in known):
                self._entries[form] = (*known, entry)
            first, _, rest = form.partition(" ")
            self._longest[first] = max(self._longest.get(first, 0), 1 + (rest.count(" ") + 1 if rest else 0))

    def get(self, key: str) -> tuple[Entry, ...]:
        """All entries of a folded form."""
        return self._entries.get(key, ())

    def country_inside(self, word: str) -> Entry | None:
        """The country a closed compound begins with: "Afghanistankrieg", "Kongomission"."""
        key = fold(word)
        for cut in range(len(key) - 3, 4, -1):
            for entry in self._entries.get(key[:cut], ()):
                if entry.sort == "state" and word[0].isupper():
                    return entry
        return None

    def scan(self, tokens: list[Token]) -> list[Match]:
        """Every name in a text: longest first, none inside another, left to right; ambiguous ones once an entry."""
        found: list[Match] = []
        position = 0
        while position < len(tokens):
            token = tokens[position]
            longest = self._longest.get(token.key)
            matches = self._listed(tokens, position, longest) if longest else []
            if not matches and len(token.key) > 4 and (token.capital or "isch" in token.key or "-" in token.key):
                matches = [Match(position, position, entry, head) for entry, head in self.compound(token.text)]
            found += matches
            position = matches[0].last + 1 if matches else position + 1
        return found

    def _listed(self, tokens: list[Token], first: int, longest: int) -> list[Match]:
        for length in range(min(longest, len(tokens) - first), 0, -1):
            words = tokens[first : first + length]
            entries = self._entries.get(" ".join([word.key for word in words]), ())
            fitting = [e for e in entries if _written_so(e, words)]
            if fitting:
                return [Match(first, first + length - 1, entry) for entry in fitting]
        return []

    def _compound(self, word: str) -> tuple[tuple[Entry, str], ...]:
        """Entries inside a compound: "US-Außenministerium", "Kremlsprecher", "Ost-Russland", "südafghanisch"."""
        key = fold(word)
        first, hyphen, _ = key.partition("-")
        if hyphen and first in _SKIPPED_PREFIX:
            entries = self._single(word.partition("-")[2])
            return tuple((e, "") for e in entries) or self._compound(word.partition("-")[2])
        if hyphen and first in _PRO_ANTI:
            return ()
        return self._directed(key, word) or (self._hyphened(word) if hyphen else self._closed(word))

    def _single(self, word: str) -> list[Entry]:
        return [e for e in self._entries.get(fold(word), ()) if e.exact is None or e.exact == word]

    def _directed(self, key: str, word: str) -> tuple[tuple[Entry, str], ...]:
        direction = _DIRECTION.match(key)
        if not direction or direction.end() == len(key) or key in self.unnamed_adjectives:
            return ()
        entries = self._entries.get(key[direction.end() :], ())
        found = []
        for entry in entries:
            if entry.sort == "state" and word[0].isupper():
                found.append((_region_of(entry, word), ""))
            elif entry.sort == "adjective":
                found.append((entry, ""))
        return tuple(found)

    def _hyphened(self, word: str) -> tuple[tuple[Entry, str], ...]:
        parts = word.split("-")
        for cut in range(len(parts) - 1, 0, -1):
            entries = self._single("-".join(parts[:cut]))
            head = fold("-".join(parts[cut:]))
            if entries and (word[0].isupper() or entries[0].exact):
                return tuple((e, head) for e in entries)
        last = self._entries.get(fold(parts[-1]), ())
        if all(
            part[:1].islower() or lower_ending(fold(part)) or fold(part) + "e" in self._entries for part in parts[:-1]
        ):
            adjectives = tuple((e, "") for e in last if e.sort == "adjective")
            if adjectives:
                return adjectives
        closed = self._closed(parts[0]) if parts[0][:1].isupper() else ()
        return tuple((e, fold(parts[-1])) for e, _ in closed)

    def _closed(self, word: str) -> tuple[tuple[Entry, str], ...]:
        """Compounds written as one word whose first part is a body, seat, organisation or armed group."""
        key = fold(word)
        if not word[0].isupper() or len(key) < 8:
            return ()
        for cut in range(len(key) - 4, 3, -1):
            head = key[cut:]
            if not self.role(head):
                continue
            stem = key[:cut]
            for candidate in (stem, stem.removesuffix("s")):
                found = [e for e in self._entries.get(candidate, ()) if e.sort in _COMPOUNDING and _open_case(e, word)]
                if found:
                    return tuple((e, head) for e in found)
        if key.startswith("bundes") and self.role(key[6:]):
            return tuple((_domestic(self.states[code]), key[6:]) for code in _DOMESTIC["bundes"])
        return ()

    def _describe(self, word: str) -> tuple[str, frozenset[str], bool]:
        key = fold(word)
        return key, frozenset() if word[0].islower() else self.role(key), word[0].isupper()

    def _medium(self, key: str) -> bool:
        return (
            key in self._media_words
            or key.rpartition("-")[2] in self._media_words
            or key.endswith(self.endings["medium"])
        )

    def _role(self, key: str) -> frozenset[str]:
        """Groups of roles.yaml that a noun belongs to, by itself or by the last part of the compound."""
        groups = self.roles.get(key)
        if groups:
            return groups
        tail = key.rpartition("-")[2]
        if tail != key:
            return self._role(tail) if tail else frozenset()
        for cut in range(2, len(key) - 3):
            groups = self.roles.get(key[cut:])
            if groups and (len(key) - cut > 5 or "unnamed" not in groups):
                return groups
        return frozenset()


_COMPOUNDING = frozenset(("seat", "body", "member", "organisation", "part", "capital"))


def _open_case(entry: Entry, word: str) -> bool:
    return entry.exact is None or word.startswith(entry.exact)


def _written_so(entry: Entry, words: list[Token]) -> bool:
    if entry.exact is not None:
        return " ".join(word.text for word in words) in (entry.exact, entry.exact + "s")
    return (
        entry.sort in ("adjective", "generic") or words[0].capital or len(words) > 1 or words[0].key.startswith("al-")
    )


def _region_of(state: Entry, word: str) -> Entry:
    return Entry(word, state.code, "state", "region", state.gender, state.country, None)


def _domestic(state: Entry) -> Entry:
    return Entry(state.name, state.code, "state", "member", state.gender, state.country)


def _roles(tables: Tables) -> dict[str, frozenset[str]]:
    roles: dict[str, frozenset[str]] = {}
    for group, nouns in tables.roles.items():
        for noun in nouns if group != "not_names" else ():
            for form in noun_forms(noun):
                roles[form] = roles.get(form, frozenset()) | {group}
    for word in tables.epithets:
        for form in noun_forms(word):
            roles.setdefault(form, frozenset(("states",)))
    for noun in tables.generic:
        for form in noun_forms(noun):
            roles[form] = roles.get(form, frozenset()) | {"unnamed"}
    return roles
