"""The baseline that the shipped pipeline is set beside: spaCy's CNN, trained on the same gold from nothing.

What a team has that takes spaCy's German defaults and no pretrained weights: HashEmbedCNN of spaCy's small models
(width 96, depth 4), an entity recogniser and a morphologizer of their own. The same sentences train it that train
the project's network: `training.train`'s README names them.
"""

import random
from collections.abc import Callable, Iterable, Sequence

import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.util import minibatch

from services.extraction.language.entities import LABELS, bio_spans

EPOCHS = 12
_BATCH = 32
_DROP = 0.2

Tokens = Sequence[str]


def entity_recogniser(sentences: Iterable[tuple[Tokens, Sequence[str]]], epochs: int = EPOCHS) -> Language:
    """A pipeline with a trained `ner`. `sentences`: tokens and BIO tags."""

    def annotate(doc: Doc, tags: Sequence[str]) -> None:
        doc.ents = [Span(doc, first, last, label=LABELS[kind]) for first, last, kind in bio_spans(tags)]

    return _trained("ner", sentences, annotate, epochs)


def tagger(sentences: Iterable[tuple[Tokens, Sequence[str]]], epochs: int = EPOCHS) -> Language:
    """A pipeline with a trained `morphologizer`. `sentences`: tokens and universal parts of speech."""

    def annotate(doc: Doc, tags: Sequence[str]) -> None:
        for token, tag in zip(doc, tags, strict=True):
            token.pos_ = tag

    return _trained("morphologizer", sentences, annotate, epochs)


def _trained(
    component: str,
    sentences: Iterable[tuple[Tokens, Sequence[str]]],
    annotate: Callable[[Doc, Sequence[str]], None],
    epochs: int,
) -> Language:
    spacy.util.fix_random_seed(0)
    rng = random.Random(0)
    nlp = spacy.blank("de")
    nlp.add_pipe(component)
    examples = []
    for tokens, tags in sentences:
        gold = Doc(nlp.vocab, words=list(tokens))
        annotate(gold, tags)
        examples.append(Example(Doc(nlp.vocab, words=list(tokens)), gold))
    nlp.initialize(lambda: examples)
    for _ in range(epochs):
        rng.shuffle(examples)
        for batch in minibatch(examples, _BATCH):
            nlp.update(batch, drop=_DROP)
    return nlp
