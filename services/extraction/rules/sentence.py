"""A sentence as the rules see it: words with closed-class tags, clauses and noun phrases.

Without a tagger, German spelling does the work: nouns and names are capitalised, the other classes are closed, and
what is left and ends like an adjective is taken for one.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import lru_cache

from spacy.tokens import Doc, Span, Token

from services.extraction.findings import Offsets
from services.extraction.tables import read_table

_TAGS = {
    "genitive": "G",
    "determiner": "D",
    "pronoun": "R",
    "preposition": "P",
    "linking": "F",
    "auxiliary": "V",
    "other": "O",
}
_ADJECTIVE = re.compile(r"[a-zäöüß-]+(?:e|en|er|es|em)$")
_PHRASE = re.compile(r"[DG]?A*N+(?:[FO][DG]?A*N+(?=[,.VOPQR]|$)|GA*N+|PN+(?=V|$))*|R")
_SIMPLE = re.compile(r"[DG]?A*N+(?:F[DG]?A*N+|GA*N+)*")
_MARKS = re.compile(r"[,;:–—]|-$")
QUOTES = '„“”"»«'


@lru_cache(maxsize=1)
def _classes() -> dict[str, str]:
    grammar = read_table("rules_grammar")
    tags: dict[str, str] = {}
    for name, tag in _TAGS.items():
        for word in grammar[name]:
            tags.setdefault(word, tag)
    return tags


class Sentence:
    """One sentence of a document.

    `words` are its tokens without white space and `tags` one letter for each of them: D determiner, A adjective,
    N noun or name, R pronoun, P preposition, F "von" and "für", V auxiliary or known verb, # number, "," mark that
    separates clauses, Q quotation mark, T time expression, O other.
    """

    def __init__(self, span: Span, verbs: frozenset[str]) -> None:
        self.words: list[Token] = [token for token in span if not token.is_space]
        self.lower = [word.lower_ for word in self.words]
        self.tags = "".join(self._tag(word, verbs) for word in self.words)
        self._ends = [_end(word) for word in self.words]
        self.start, self.end = (self.words[0].idx, _end(self.words[-1])) if self.words else (0, 0)

    def _tag(self, word: Token, verbs: frozenset[str]) -> str:
        text, lower = word.text, word.lower_
        if word.is_punct or text in QUOTES:
            return "Q" if text in QUOTES else "," if _MARKS.match(text) else "."
        if tag := "#" if text[0].isdigit() else _classes().get(lower):
            return tag
        if text[0].isupper():
            return "N"
        return "V" if lower in verbs else "A" if _ADJECTIVE.match(text) else "O"

    def without_dates(self, dates: Iterable[Offsets]) -> "Sentence":
        """This sentence, the words of time expressions tagged T: "Letzte Woche" is no subject."""
        for start, end in dates:
            first, after = self.index(start), self.index(end)
            self.tags = self.tags[:first] + "T" * (after - first) + self.tags[after:]
        return self

    def span(self, first: int, end: int) -> Offsets:
        """Offsets of the words from number `first` to before number `end`."""
        return self.words[first].idx, _end(self.words[end - 1])

    def index(self, position: int) -> int:
        """Number of the word that holds or follows the text's `position`."""
        return bisect_right(self._ends, position)

    def clause(self, at: int) -> tuple[int, int]:
        """The stretch between separating marks around word number `at`, as word numbers, end exclusive."""
        first = max(self.tags.rfind(",", 0, at), self.tags.rfind("Q", 0, at)) + 1
        ends = [place for mark in ",Q" if (place := self.tags.find(mark, at + 1)) >= 0]
        last = len(self.words) - (1 if self.tags.endswith(".") else 0)
        return first, max(at + 1, min([*ends, last]))

    def phrase_at(self, first: int, end: int) -> tuple[int, int] | None:
        """The noun phrase or pronoun that begins at word `first`, its determiner left out, ending before `end`."""
        match = _PHRASE.match(self.tags, first, end)
        if match is None:
            return None
        start = match.start()
        while match.end() - start > 1 and self.tags[start] in "DG":
            start += 1
        return start, match.end()

    def phrases(self, first: int, end: int) -> Iterator[tuple[int, int]]:
        """The simple noun phrases between two words, determiners left out."""
        for match in _SIMPLE.finditer(self.tags, first, end):
            start = match.start() + (1 if self.tags[match.start()] in "DG" else 0)
            yield start, match.end()


def sentences(doc: Doc, verbs: frozenset[str]) -> list[Sentence]:
    """The document's sentences that hold any words."""
    return [sentence for span in doc.sents if (sentence := Sentence(span, verbs)).words]


def _end(word: Token) -> int:
    return word.idx + len(word)
