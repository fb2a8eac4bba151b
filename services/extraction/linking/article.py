"""One article: its names found once, and the parties and places of its spans resolved against them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from services.extraction.linking.gazetteer import Gazetteer
from services.extraction.linking.lexicon import Lexicon
from services.extraction.linking.model import LinkedParty, LinkedPlace
from services.extraction.linking.parties import PartyLinker
from services.extraction.linking.places import PlaceLinker
from services.extraction.linking.scene import build_scene
from services.extraction.linking.tables import load_tables
from services.extraction.linking.words import tokenise

_PLACES = frozenset(("state", "capital", "region"))
_PARTIES = frozenset(
    ("state", "adjective", "people", "capital", "seat", "body", "member", "organisation", "part", "person")
)


class ArticleContext:
    """The parties and places of one article. All offsets are code points of the article's text, end exclusive."""

    def __init__(
        self,
        text: str,
        title: str | None,
        sentences: Sequence[tuple[int, int]],
        entities: Sequence[tuple[int, int, str]],
        *,
        lexicon: Lexicon,
        gazetteer: Gazetteer,
    ) -> None:
        self._text = text
        self._scene = build_scene(text, title, sentences, entities, lexicon)
        self._places = PlaceLinker(self._scene, gazetteer)
        self._parties = PartyLinker(self._scene, self._places.town_country)

    def party(self, start: int, end: int) -> LinkedParty:
        """Link the mention text[start:end]: a name, a role, a nationality adjective, or a pronoun.

        A span without a word gives its own text as name and no code.
        """
        phrase = self._scene.phrase(start, end)
        if phrase is None:
            return LinkedParty(self._text[max(0, start) : max(0, end)], None, "unknown", "no word in the span")
        return self._parties.link(phrase)

    def place(self, start: int, end: int) -> LinkedPlace:
        """Link the place text[start:end]; country is None for seas, regions over several countries, unknown ones."""
        phrase = self._scene.phrase(start, end)
        if phrase is None:
            return LinkedPlace(self._text[max(0, start) : max(0, end)], None, None, None, None, "no word in the span")
        return self._places.link(phrase)

    def mentions(self) -> list[tuple[int, int, str]]:
        """Spans of the names and roles found in the article, in text order, each "party" or "place"; a town or country
        that may be either stands twice."""
        spans: set[tuple[int, int, str]] = set()
        tokens = self._scene.tokens
        for match in self._scene.matches:
            start, end = tokens[match.first].start, tokens[match.last].end
            if match.entry.sort in _PARTIES and match.entry.code:
                spans.add((start, end, "party"))
            if match.entry.sort in _PLACES and not match.head:
                spans.add((start, end, "place"))
        for mention in self._parties.mentions:
            if mention.code is None and not (mention.kind == "person" and mention.sure):
                continue
            spans.add((tokens[mention.first].start, tokens[mention.last].end, "party"))
        return sorted(spans)


class Linker:
    """Links mentions to parties and places; immutable and thread-safe, made by `load_linker`."""

    def __init__(self, lexicon: Lexicon, gazetteer: Gazetteer) -> None:
        self._lexicon = lexicon
        self._gazetteer = gazetteer

    def joint_names(self, text: str) -> list[tuple[int, int]]:
        """Where names of the tables stand that have an "und" of their own: "Bosnien und Herzegowina"."""
        tokens = tokenise(text, self._lexicon.describe)
        matches = [m for m in self._lexicon.scan(tokens) if any(t.key == "und" for t in tokens[m.first : m.last + 1])]
        return [(tokens[m.first].start, tokens[m.last].end) for m in matches]

    def article(
        self,
        text: str,
        title: str | None,
        sentences: Sequence[tuple[int, int]],
        entities: Sequence[tuple[int, int, str]] = (),
    ) -> ArticleContext:
        """Read an article: its text as received, its title, its sentences' offsets, and named entities where a
        recogniser gave any as (start, end, "PER" | "LOC" | "ORG" | "MISC")."""
        return ArticleContext(text, title, sentences, entities, lexicon=self._lexicon, gazetteer=self._gazetteer)


@lru_cache(maxsize=1)
def load_linker() -> Linker:
    """The linker over the tables that ship with Lagebild, read once in a process.

    Raises:
        UserError: a table is missing or an entry in it is wrong; the message names file and entry.
    """
    return Linker(Lexicon(load_tables()), Gazetteer())
