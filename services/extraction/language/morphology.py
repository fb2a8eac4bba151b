"""Parts of speech and morphology of every token, from the encoder."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc, MorphAnalysis, Token

from services.extraction.language.chunks import Span
from services.extraction.language.encoder import Encoded, encoded

# Universal Dependencies' names for what the network calls Particle (the separated prefix of "teilte … mit") and
# Passive (the auxiliary of "wurde verlegt").
_FEATURES = {("Particle", "Yes"): "PartType=Vbp", ("Passive", "Yes"): "Voice=Pass"}
_BARE = frozenset({"PUNCT", "SYM", "X", "SPACE"})


@Language.component("lagebild_tagger", assigns=["token.pos", "token.morph"], requires=["doc.sents"])
def tag_tokens(doc: Doc) -> Doc:
    """Set `token.pos_` and `token.morph` of every token.

    The network's words are finer than spaCy's tokens ("US-Soldaten" is three): a token is given what the mean of its
    words' logits says.
    """
    text = encoded(doc)
    names = list(text.scheme.tags)
    for token, values in zip(_visible(doc), _values(doc, text), strict=True):
        chosen = dict(zip(names, values, strict=True))
        token.pos_ = chosen.pop("upos")
        token.morph = MorphAnalysis(doc.vocab, "" if token.pos_ in _BARE else _features(chosen))
    for token in doc:
        if token.is_space:
            token.pos_ = "SPACE"
    return doc


def _visible(doc: Doc) -> Iterator[Token]:
    return (token for token in doc if not token.is_space)


def _values(doc: Doc, text: Encoded) -> Iterator[list[str]]:
    """For every visible token the values of all tags."""
    spans = [(token.idx, token.idx + len(token)) for token in _visible(doc)]
    runs = _words_of(spans, text.words)
    logits = np.array([text.tags[first:last].mean(0) for first, last in runs])
    columns: list[tuple[tuple[str, ...], NDArray[np.intp]]] = []
    low = 0
    for values in text.scheme.tags.values():
        part = logits[:, low : low + len(values)] if len(runs) else np.zeros((0, len(values)))
        columns.append((values, part.argmax(1)))
        low += len(values)
    for row in range(len(runs)):
        yield [values[int(best[row])] for values, best in columns]


def _words_of(tokens: Sequence[Span], words: Sequence[Span]) -> list[Span]:
    """For each token the words that it touches (end exclusive), at least one; both in the order of the text."""
    runs = []
    first = 0
    for start, end in tokens:
        while first < len(words) - 1 and words[first][1] <= start:
            first += 1
        last = first + 1
        while last < len(words) and words[last][0] < end:
            last += 1
        runs.append((first, last))
    return runs


def _features(chosen: dict[str, str]) -> str:
    named = (_FEATURES.get((name, value), f"{name}={value}") for name, value in chosen.items() if value != "_")
    return "|".join(sorted(named))
