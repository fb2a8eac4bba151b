"""Named entities from the encoder: persons, places, organisations and other names, as `doc.ents`."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.util import filter_spans

from services.extraction.language.encoder import encoded
from services.extraction.language.encoder_graph import Floats

# GermEval 2014 calls the rest OTH, spaCy's models MISC.
LABELS = {"PER": "PER", "LOC": "LOC", "ORG": "ORG", "OTH": "MISC"}
_IMPOSSIBLE = -1e9


@Language.component("lagebild_entities", assigns=["doc.ents"], requires=["doc.sents"])
def name_entities(doc: Doc) -> Doc:
    """Set `doc.ents`: PER, LOC, ORG and MISC, each of whole tokens."""
    text = encoded(doc)
    found: list[Span] = []
    for first, last in _sentence_runs(text.sentence):
        for start, end, kind in best_names(text.entities[first:last], text.scheme.entity_tags):
            span = doc.char_span(
                text.words[first + start][0],
                text.words[first + end - 1][1],
                label=LABELS.get(kind, kind),
                alignment_mode="expand",
            )
            if span is not None:
                found.append(span)
    doc.ents = filter_spans(found)
    return doc


def _sentence_runs(sentence: Sequence[int]) -> list[tuple[int, int]]:
    """The words of each sentence, end exclusive."""
    inner = [i for i in range(1, len(sentence)) if sentence[i] != sentence[i - 1]]
    return list(pairwise([0, *inner, len(sentence)])) if sentence else []


def best_names(logits: Floats, tags: Sequence[str]) -> list[tuple[int, int, str]]:
    """The names (first word, end exclusive, type) of the most probable valid BIO sequence.

    Viterbi search: an I- tag may follow only a tag of its own type.

    Args:
        logits: words x tags.
        tags: "O", "B-PER", "I-PER" ….
    """
    if not len(logits):
        return []
    scores = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    allowed = _allowed(tags)
    best = np.where([tag[0] != "I" for tag in tags], scores[0], _IMPOSSIBLE)
    back: list[NDArray[np.intp]] = []
    for row in scores[1:]:
        steps = np.where(allowed, best[:, None], _IMPOSSIBLE)
        back.append(steps.argmax(0))
        best = steps.max(0) + row
    path = [int(best.argmax())]
    for pointers in reversed(back):
        path.append(int(pointers[path[-1]]))
    return bio_spans([tags[index] for index in reversed(path)])


def _allowed(tags: Sequence[str]) -> NDArray[np.bool_]:
    return np.array(
        [[after[0] != "I" or (before != "O" and before[2:] == after[2:]) for after in tags] for before in tags]
    )


def bio_spans(tags: Sequence[str]) -> list[tuple[int, int, str]]:
    """The spans (first, end exclusive, type) of a BIO sequence; an I- that continues nothing begins one."""
    spans: list[tuple[int, int, str]] = []
    begin: int | None = None
    for i, tag in enumerate([*tags, "O"]):
        if begin is not None and (tag[0] != "I" or tag[2:] != tags[begin][2:]):
            spans.append((begin, i, tags[begin][2:]))
            begin = None
        if tag != "O" and begin is None:
            begin = i
    return spans
