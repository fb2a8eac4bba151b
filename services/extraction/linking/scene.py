"""An article as the linker sees it: tokens, sentences, the names of the tables in it, and its noun phrases."""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from services.extraction.linking.entries import Entry
from services.extraction.linking.lexicon import Lexicon, Match
from services.extraction.linking.phrases import DETERMINERS, Phrase
from services.extraction.linking.words import Token, lower_ending, tokenise

_TRANSPARENT = " \u00a0„“\"»«‚‘'"
_LINKS = frozenset(("der", "des", "von", "vom", "in", "im", "bei", "beim", "fuer"))
_NAMELY = frozenset(("von", "van", "de", "der", "den", "zu", "al", "bin", "ibn", "el", "du", "da", "la", "le"))


@dataclass(frozen=True, slots=True)
class Scene:
    """All of one article that is looked up and not decided: made once, never changed."""

    text: str
    tokens: list[Token]
    matches: list[Match]
    sentences: list[int]
    joins: list[bool]
    counts: Counter[str]
    countries: Counter[str]
    lexicon: Lexicon
    starts: list[int]
    by_token: dict[int, list[Match]]

    def sentence(self, token: int) -> int:
        """Number of the sentence a token stands in."""
        return self.sentences[token]

    def phrase(self, start: int, end: int) -> Phrase | None:
        """The tokens and names of text[start:end], None where no word lies in it."""
        first = max(0, bisect.bisect_right(self.starts, start) - 1)
        if first < len(self.tokens) and self.tokens[first].end <= start:
            first += 1
        last = bisect.bisect_left(self.starts, end) - 1
        return self.of_tokens(first, last) if first <= last else None

    def of_tokens(self, first: int, last: int) -> Phrase:
        """The phrase of tokens first..last with the names that lie wholly in it, one entry for each."""
        inside = []
        for index in range(first, last + 1):
            options = [m for m in self.by_token.get(index, ()) if m.last <= last]
            if options:
                inside.append(self.preferred(options))
        return Phrase(self.tokens, self.lexicon, first, last, tuple(inside))

    def preferred(self, options: Sequence[Match]) -> Match:
        """Of several entries for one written form, the one whose party the article names most; former states only
        where the article names them."""
        if len(options) == 1:
            return options[0]
        return max(options, key=lambda m: (self.counts[m.entry.code or ""], -options.index(m)))

    def joined(self, left: int, right: int) -> bool:
        """Whether only white space stands between two neighbouring tokens."""
        return right == left + 1 and self.joins[left]

    def matches_ending(self, last: int) -> list[Match]:
        """The names whose last word is a token."""
        return [
            m for first in range(max(0, last - 3), last + 1) for m in self.by_token.get(first, ()) if m.last == last
        ]

    def left(self, index: int) -> Token | None:
        """The word right before a token, None after punctuation."""
        return self.tokens[index - 1] if index > 0 and self.joined(index - 1, index) else None

    def preposition(self, index: int) -> str:
        """The word before a noun phrase that begins at a token, an article skipped; "" after punctuation."""
        for _ in range(2):
            if index == 0 or not self.joined(index - 1, index):
                return ""
            index -= 1
            if self.tokens[index].key not in DETERMINERS:
                break
        return self.tokens[index].key

    def chunk(self, first: int) -> int:
        """Last token of the noun phrase that begins at `first`: names, roles, capitalised words, adjectives between."""
        last = first
        while last + 1 < len(self.tokens) and self.joined(last, last + 1) and self._continues(last + 1):
            last += 1
        while last > first and not self.tokens[last].capital and last not in self.by_token:
            last -= 1
        return last

    def _continues(self, index: int) -> bool:
        token = self.tokens[index]
        if token.capital or token.text[0].isdigit():
            return True
        if token.key in _NAMELY or token.key.startswith("al-"):
            return self._in_name(index)
        before = self.tokens[index - 1]
        genitive = before.key.endswith("s") and bool(self.matches_ending(index - 1))
        return _adjective(token) and (not before.capital or genitive) and self._capital_at(index + 1)

    def _in_name(self, index: int) -> bool:
        """Whether a particle is part of a name: "von Storch", and "von der Leyen" after a word of no table."""
        before = self.tokens[index - 1]
        unknown = before.capital and not before.roles and not self.matches_ending(index - 1)
        if self._capital_at(index + 1):
            return self.tokens[index].key not in DETERMINERS or (before.key == "von" and not before.capital)
        after = index + 1 < len(self.tokens) and self.tokens[index + 1].key in _NAMELY and self.joined(index, index + 1)
        return unknown and after and self._capital_at(index + 2)

    def _capital_at(self, index: int) -> bool:
        return index < len(self.tokens) and self.tokens[index].capital and self.joined(index - 1, index)

    def with_attributes(self, first: int, last: int) -> int:
        """Last token when genitives and "in <capital>" after a noun phrase are taken in, at most three."""
        if not (self.tokens[last].roles or self.matches_ending(last)):
            return last
        end = last
        for _ in range(3):
            further = self._attribute(end)
            if further == end:
                break
            if self._known(end + 1, further):
                last = further
            end = further
        return last

    def _attribute(self, last: int) -> int:
        index = last + 1
        while (
            index < len(self.tokens)
            and self.joined(index - 1, index)
            and self.tokens[index].key in _LINKS | DETERMINERS
        ):
            index += 1
        if index == last + 1 or index >= len(self.tokens) or not self.joined(index - 1, index):
            return last
        token = self.tokens[index]
        named = token.capital or (_adjective(token) and index in self.by_token)
        return self.chunk(index) if named and self.tokens[last + 1].key in _LINKS else last

    def _known(self, first: int, last: int) -> bool:
        """Whether a role or a name of the tables, media apart, stands in tokens first..last."""
        return any(
            self.tokens[i].roles or any(m.entry.sort != "media" for m in self.by_token.get(i, ()))
            for i in range(first, last + 1)
        )


def _adjective(token: Token) -> bool:
    return lower_ending(token.key) and len(token.key) > 4 and token.key not in DETERMINERS


def build_scene(
    text: str,
    title: str | None,
    sentences: Sequence[tuple[int, int]],
    entities: Sequence[tuple[int, int, str]],
    lexicon: Lexicon,
) -> Scene:
    """Look up a whole article; the title only adds to what counts as the article's parties."""
    tokens = _labelled(tokenise(text, lexicon.describe), entities)
    matches = lexicon.scan(tokens)
    by_token: dict[int, list[Match]] = {}
    for match in matches:
        by_token.setdefault(match.first, []).append(match)
    titled = lexicon.scan(tokenise(title, lexicon.describe)) if title else []
    counts = Counter(m.entry.code for m in matches + titled if m.entry.code and _speaks_for(m.entry))
    countries = Counter(m.entry.country for m in matches + titled if m.entry.country)
    borders = sorted(start for start, _ in sentences)
    numbers = [bisect.bisect_right(borders, token.start) for token in tokens]
    starts = [token.start for token in tokens]
    return Scene(text, tokens, matches, numbers, _joins(text, tokens), counts, countries, lexicon, starts, by_token)


def _joins(text: str, tokens: list[Token]) -> list[bool]:
    """For each token but the last whether only white space or quotation marks part it from the next."""
    gaps = (text[left.end : right.start] for left, right in pairwise(tokens))
    return [gap == " " or not gap.strip(_TRANSPARENT) for gap in gaps]


def _labelled(tokens: list[Token], entities: Sequence[tuple[int, int, str]]) -> list[Token]:
    """The tokens with the label of the entity that each begins in."""
    starts = [token.start for token in tokens]
    for start, end, label in entities:
        for index in range(bisect.bisect_left(starts, start), bisect.bisect_left(starts, end)):
            tokens[index] = tokens[index]._replace(entity=label)
    return tokens


def _speaks_for(entry: Entry) -> bool:
    return entry.sort in ("state", "adjective", "people", "organisation", "body", "member", "part")
