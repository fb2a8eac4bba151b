"""Fit the second opinion on labels: `python -m training.wording models/de_lagebild [--wikinews …] [--wikinews-raw …]`.

Multinomial logistic regression with an L2 penalty over the training articles' events, by L-BFGS from zero on one
thread: the same articles give the same models. Writes them into the pipeline and prints how often each alone is right
about the held-out passages' events, given their gold spans.
"""

import argparse
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import spacy
import torch
from torch import Tensor
from torch.nn import functional

from services.extraction.language.chunks import Span, words
from services.extraction.language.sentences import split_sentences
from services.extraction.learned.detector import Detector
from services.extraction.learned.wording import BUCKETS, JUDGED, Linear, Wording, buckets
from training import corpus
from training.scheme import LABELS
from training.train import corpus_options, training_articles

_PENALTY = 2.0  # on the halved squares of the weights, against the summed loss
_STEPS = 80


def examples(articles: Iterable[Mapping[str, Any]]) -> dict[str, list[tuple[set[int], int]]]:
    """By label, the buckets of every event judged for it, as the detector sees it, and the index of its value."""
    found: dict[str, list[tuple[set[int], int]]] = {label: [] for label in JUDGED}
    for article in articles:
        text = article["text"]
        known, sentences = words(text), split_sentences(text)
        for event in article["events"]:
            anchor = _anchor(known, (event["anchor"]["start"], event["anchor"]["end"]))
            around = sentences[max(0, bisect_right(sentences, (anchor[0], len(text))) - 1)]
            content = event.get("content")
            told = (content["start"], content["end"]) if content else around
            features = buckets(event["type"], text, anchor, told, addressed=bool(event.get("addressee")))
            for label, types in JUDGED.items():
                if event["type"] in types:
                    found[label].append((features, corpus.label_index(event, label)))
    return found


def _anchor(known: Sequence[Span], span: Span) -> Span:
    """The word that stands for an anchor."""
    touched = corpus.word_span(known, span)
    return known[corpus.anchor_word(known, touched)] if touched else span


def fit(events: Sequence[tuple[set[int], int]], values: int) -> Linear:
    """The model of these events for a label with so many values.

    Raises:
        ValueError: there are no events.
    """
    if not events:
        raise ValueError("no events to fit a model of wordings to")
    torch.set_num_threads(1)
    features = torch.tensor([bucket for found, _ in events for bucket in sorted(found)])
    starts = torch.tensor([0, *np.cumsum([len(found) for found, _ in events])[:-1].tolist()])
    gold = torch.tensor([value for _, value in events])
    weights = torch.zeros(BUCKETS, values, requires_grad=True)
    bias = torch.zeros(values, requires_grad=True)
    optimiser = torch.optim.LBFGS([weights, bias], max_iter=_STEPS, history_size=10, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimiser.zero_grad()
        logits = functional.embedding_bag(features, weights, starts, mode="sum") + bias
        value = functional.cross_entropy(logits, gold, reduction="sum") + _PENALTY / 2 * weights.square().sum()
        value.backward()
        return value

    optimiser.step(loss)
    scale = weights.detach().abs().amax(0).clamp(min=1e-6) / 127
    small = (weights.detach() / scale).round().to(torch.int8)
    return Linear(small.numpy(), scale.numpy(), bias.detach().numpy())


def main(argv: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m training.wording", description=__doc__)
    parser.add_argument("pipeline", type=Path)
    corpus_options(parser)
    options = parser.parse_args(argv)
    nlp = spacy.load(options.pipeline)
    detector = nlp.get_pipe("lagebild_detector")
    assert isinstance(detector, Detector)
    articles, held = training_articles(options)
    models, tests = {}, examples(held)
    for label, events in examples(articles).items():
        models[label] = fit(events, len(LABELS[label]))
        hits = [int(models[label].logits(found).argmax()) == value for found, value in tests[label]]
        print(f"{label}: {len(events)} events; right alone on the held-out passages: {np.mean(hits):.3f}")
    detector.wording = Wording(models)
    nlp.to_disk(options.pipeline)


if __name__ == "__main__":
    main()
