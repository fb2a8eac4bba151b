"""Parts of speech and morphology of every token, from the encoder."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc, MorphAnalysis, Token

from services.extraction.language.chunks import Span
from services.extraction.language.encoder import Encoded, encoded
from services.extraction.language.encoder_scheme import Scheme

# Universal Dependencies' names for what the network calls Particle (the separated prefix of "teilte … mit") and
# Passive (the auxiliary of "wurde verlegt").
_FEATURES = {("Particle", "Yes"): "PartType=Vbp", ("Passive", "Yes"): "Voice=Pass"}
_THIRD_SINGULAR = re.compile(r"Mood=Ind.*Number=Sing.*Person=3.*VerbForm=Fin")
_SUBJUNCTIVE = frozenset({"sei", "hätte", "könnte", "müsste", "dürfte", "möchte"})
_BARE = frozenset({"PUNCT", "SYM", "X", "SPACE"})


@Language.component("lagebild_tagger", assigns=["token.pos", "token.morph"], requires=["doc.sents"])
def tag_tokens(doc: Doc) -> Doc:
    """Set `token.pos_` and `token.morph` of every token.

    The network's words are finer than spaCy's tokens ("US-Soldaten" is three): a token is given what the mean of its
    words' logits says.
    """
    text = encoded(doc)
    tokens = [token for token in doc if not token.is_space]
    named: dict[tuple[int, ...], tuple[str, str]] = {}
    analyses: dict[str, MorphAnalysis] = {}
    for token, row in zip(tokens, _best(tokens, text).tolist(), strict=True):
        key = tuple(row)
        if key not in named:
            named[key] = _named(key, text.scheme)
        token.pos_, features = named[key]
        if _THIRD_SINGULAR.search(features) and _is_subjunctive(token.lower_):
            features = features.replace("Mood=Ind", "Mood=Sub")
        if features not in analyses:
            analyses[features] = MorphAnalysis(doc.vocab, features)
        token.morph = analyses[features]
    for token in doc:
        if token.is_space:
            token.pos_ = "SPACE"
    return doc


def _is_subjunctive(form: str) -> bool:
    """Whether a form of the third person singular can only be Konjunktiv.

    In the indicative that person ends in -e only in the weak past (-te) and in "wurde" (Duden, *Die Grammatik*,
    "Konjugation"); the treebanks have too few of "habe", "werde", "gebe" to teach it.
    """
    return form in _SUBJUNCTIVE or (form.endswith("e") and not form.endswith("te") and form != "wurde")


def _best(tokens: Sequence[Token], text: Encoded) -> NDArray[np.intp]:
    """tokens x tags: the index of the best value."""
    runs = _words_of([(token.idx, token.idx + len(token)) for token in tokens], text.words)
    if not runs:
        return np.zeros((0, len(text.scheme.tags)), np.intp)
    first, last = np.array(runs).T
    sums = np.concatenate([np.zeros((1, text.tags.shape[1])), text.tags.cumsum(0, dtype=np.float64)])
    logits = (sums[last] - sums[first]) / (last - first)[:, None]
    return np.stack(list(text.scheme.best_values(logits).values()), axis=1)


def _named(row: Sequence[int], scheme: Scheme) -> tuple[str, str]:
    """The part of speech and the features, as Universal Dependencies writes them, of a row of indices."""
    pairs = zip(scheme.tags.items(), row, strict=True)
    chosen = {name: values[index] for (name, values), index in pairs}
    pos = chosen.pop("upos")
    named = (_FEATURES.get((name, value), f"{name}={value}") for name, value in chosen.items() if value != "_")
    return pos, "" if pos in _BARE else "|".join(sorted(named))


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
