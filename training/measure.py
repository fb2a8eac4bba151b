"""Measuring a network: events with and without gold anchors, slots, labels, entities, tags.

Spans only: names, codes, countries and amounts are the linker's and are measured elsewhere.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from services.extraction.language.chunks import Chunk, Span, chunks, window
from services.extraction.language.entities import best_names, bio_spans
from services.extraction.language.pieces import PieceVocabulary
from services.extraction.learned.decoding import Limits, fillers
from training import corpus
from training.batches import Candidate, lower_inputs, upper_inputs
from training.gold import IGNORED
from training.model import Network
from training.scheme import ENTITY_TAGS, FIELDS, LABELS, LABELS_OF, SCHEME, TAGS, TYPES
from training.tagged import Sentence, pack, tokens_of

_TOGETHER = 24  # candidates that are run together


@dataclass(frozen=True)
class Held:
    """What is only measured on."""

    articles: Mapping[str, Sequence[dict[str, Any]]]
    entities: Sequence[Sentence]
    tags: Mapping[str, Sequence[Sentence]]


@dataclass(frozen=True)
class Read:
    """A candidate as the network reads it. Offsets in the article's text."""

    article: str
    type: int
    anchor: Span
    probability: float  # of the first stage
    verdict: float  # of the second stage
    slots: Mapping[str, tuple[int, int, float]]  # record field -> start, end, log odds that it is filled
    labels: Mapping[str, list[float]]  # label -> log probabilities

    @property
    def score(self) -> float:
        """Both stages' log odds added up, as a probability: the second one learned on what the first one proposes."""
        odds = sum(np.log(p) - np.log1p(-p) for p in np.clip([self.probability, self.verdict], 1e-6, 1 - 1e-6))
        return float(1 / (1 + np.exp(-odds)))

    def label(self, name: str) -> str:
        """The most probable value."""
        return LABELS[name][int(np.argmax(self.labels[name]))]


@torch.no_grad()
def read(network: Network, articles: Sequence[dict[str, Any]], pieces: PieceVocabulary, threshold: float) -> list[Read]:
    """Every candidate whose first-stage probability exceeds `threshold`."""
    network.eval()
    return [
        r
        for article in articles
        for chunk in chunks(article["text"], pieces.encode)
        for r in _read(network, article, chunk, threshold)
    ]


@torch.no_grad()
def read_gold(
    network: Network, articles: Sequence[dict[str, Any]], pieces: PieceVocabulary
) -> list[tuple[Read, dict[str, Any]]]:
    """The gold events' anchors as candidates, each with its gold event: what the second stage alone can do."""
    network.eval()
    result = []
    for article in articles:
        for chunk in chunks(article["text"], pieces.encode):
            events, found = [], []
            for event in article["events"]:
                span = corpus.word_span(chunk.words, (event["anchor"]["start"], event["anchor"]["end"]))
                if span and chunk.core[0] <= span[0] < chunk.core[1]:
                    events.append(event)
                    found.append((TYPES.index(event["type"]), corpus.anchor_word(chunk.words, span), 1.0))
            if found:
                lower = network.lower(*lower_inputs([chunk]))
                result += zip(_candidates(network, article, chunk, lower, found), events, strict=True)
    return result


def _read(network: Network, article: Mapping[str, Any], chunk: Chunk, threshold: float) -> Iterator[Read]:
    lower = network.lower(*lower_inputs([chunk]))
    probabilities = torch.sigmoid(lower[1])[0].numpy()
    found = [
        (kind, word, float(probabilities[word, kind]))
        for word in range(*chunk.core)
        for kind in range(len(TYPES))
        if probabilities[word, kind] > threshold
    ]
    yield from _candidates(network, article, chunk, lower, found)


def _candidates(
    network: Network,
    article: Mapping[str, Any],
    chunk: Chunk,
    lower: tuple[torch.Tensor, ...],
    found: Sequence[tuple[int, int, float]],
) -> Iterator[Read]:
    hidden, _, _, tags = lower
    limits = Limits.of(SCHEME, chunk, tags[0].numpy())
    for low in range(0, len(found), _TOGETHER):
        part = found[low : low + _TOGETHER]
        candidates = [Candidate(0, kind, word, None, window(chunk, word)) for kind, word, _ in part]
        start, end, null, verdict, labels = network.upper(*upper_inputs(hidden, candidates))
        logs = {name: torch.log_softmax(value, -1).numpy() for name, value in labels.items()}
        for i, (candidate, (kind, word, probability)) in enumerate(zip(candidates, part, strict=True)):
            view, name = candidate.window, TYPES[kind]
            size = view.high - view.low
            outputs = {"start": start[i : i + 1, :size].numpy(), "end": end[i : i + 1, :size].numpy()}
            found_spans = fillers(SCHEME, limits, view, name, {**outputs, "null": null[i : i + 1].numpy()})
            fields = {FIELDS[name][slot]: (*_offsets(chunk, f.words), f.odds) for slot, f in found_spans.items()}
            scores = {label: logs[label][i].tolist() for label in LABELS_OF[name]}
            judged = float(torch.sigmoid(verdict[i]))
            yield Read(article["id"], kind, chunk.words[word], probability, judged, fields, scores)


def _offsets(chunk: Chunk, words: Span) -> Span:
    return chunk.words[words[0]][0], chunk.words[words[1] - 1][1]


def kept(reads: Sequence[Read], thresholds: Sequence[float]) -> list[Read]:
    """The candidates that count as events: score over the type's threshold, the best of neighbours of one type."""
    result: list[Read] = []
    for r in sorted(reads, key=lambda r: (r.article, r.type, r.anchor)):
        if r.score <= thresholds[r.type]:
            continue
        last = result[-1] if result else None
        if last and (last.article, last.type) == (r.article, r.type) and r.anchor[0] - last.anchor[1] <= 1:
            if r.score > last.score:
                result[-1] = r
            continue
        result.append(r)
    return result


def event_counts(events: Sequence[Read], articles: Sequence[dict[str, Any]]) -> Counter[tuple[str, str]]:
    """Per type: predicted, gold and right, by `pairs`."""
    counts: Counter[tuple[str, str]] = Counter()
    by_article: dict[str, list[Read]] = {}
    for event in events:
        by_article.setdefault(event.article, []).append(event)
        counts[TYPES[event.type], "predicted"] += 1
    for article in articles:
        for event in article["events"]:
            counts[event["type"], "gold"] += 1
        counts.update((TYPES[r.type], "right") for r, _ in pairs(by_article.get(article["id"], []), article["events"]))
    return counts


def pairs(events: Sequence[Read], gold: Sequence[dict[str, Any]]) -> list[tuple[Read, dict[str, Any]]]:
    """One-to-one pairs of an article's events with its gold events.

    Same type, the anchor inside the gold event's evidence; the same anchor first, then the surer event.
    """
    possible = [
        (-_touching(r.anchor, g["anchor"]), -r.score, i, j)
        for i, r in enumerate(events)
        for j, g in enumerate(gold)
        if TYPES[r.type] == g["type"] and _touching(r.anchor, g["evidence"])
    ]
    used_events: set[int] = set()
    used_gold: set[int] = set()
    result = []
    for _, _, i, j in sorted(possible):
        if i not in used_events and j not in used_gold:
            used_events.add(i)
            used_gold.add(j)
            result.append((events[i], gold[j]))
    return result


def _touching(span: Span, gold: Mapping[str, Any]) -> bool:
    return bool(span[0] < gold["end"] and gold["start"] < span[1])


def f1(counts: Counter[tuple[str, str]], types: Sequence[str]) -> float:
    """F1 over the types together."""
    right, predicted, gold = (sum(counts[t, k] for t in types) for k in ("right", "predicted", "gold"))
    return 2 * right / max(1, predicted + gold)


def slot_counts(
    pairs_: Sequence[tuple[Read, dict[str, Any]]], limits: Mapping[str, float] | None = None
) -> Counter[tuple[str, str]]:
    """Per record field: predicted, gold and right (overlapping the gold span, or one of several, as `_agree` says).

    A slot is filled if its log odds exceed its limit, 0 where `limits` has none.
    """
    counts: Counter[tuple[str, str]] = Counter()
    limits = limits or {}
    for r, event in pairs_:
        for field, (start, end, odds) in r.slots.items():
            gold = event.get(field)
            gold = gold if isinstance(gold, list) else [gold] if gold else []
            filled = odds > limits.get(field, 0.0)
            counts[field, "predicted"] += filled
            counts[field, "gold"] += bool(gold)
            counts[field, "right"] += filled and any(_agree((start, end), g) for g in gold)
    return counts


def _agree(span: Span, gold: Mapping[str, Any]) -> bool:
    shared = min(span[1], gold["end"]) - max(span[0], gold["start"])
    return shared >= 0.5 * min(span[1] - span[0], gold["end"] - gold["start"]) and shared >= 0.3 * (
        max(span[1], gold["end"]) - min(span[0], gold["start"])
    )


def label_accuracy(pairs_: Sequence[tuple[Read, dict[str, Any]]]) -> dict[str, float]:
    """Share of right labels over the pairs."""
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for r, event in pairs_:
        for name in r.labels:
            total[name] += 1
            right[name] += r.label(name) == str(event[name]).lower()
    return {name: right[name] / total[name] for name in LABELS if total[name]}


@torch.no_grad()
def entity_counts(network: Network, sentences: Sequence[Sentence]) -> Counter[tuple[str, str]]:
    """Strict: the same tokens and the same type."""
    network.eval()
    counts: Counter[tuple[str, str]] = Counter()
    for sentence in sentences:
        logits = network.lower(*lower_inputs([pack([sentence])]))[2][0].numpy()
        found = tokens_of(best_names(logits, ENTITY_TAGS), sentence.tokens)
        tags = [ENTITY_TAGS[row[0]] for row in sentence.gold]
        gold = tokens_of(bio_spans(tags), sentence.tokens)
        for name, spans in (("predicted", found), ("gold", gold), ("right", found & gold)):
            counts.update((kind, name) for _, _, kind in spans)
    return counts


@torch.no_grad()
def tag_accuracy(network: Network, sentences: Sequence[Sentence]) -> dict[str, float]:
    """Accuracy of each tag set over tokens (punctuation counted); a token's logits are the mean of its words'."""
    network.eval()
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for sentence in sentences:
        logits = network.lower(*lower_inputs([pack([sentence])]))[3][0]
        parts = logits.split([len(values) for values in TAGS.values()], -1)
        for i, (name, part) in enumerate(zip(TAGS, parts, strict=True)):
            for a, b in sentence.tokens:
                if sentence.gold[a][i] != IGNORED:
                    total[name] += 1
                    right[name] += int(part[a:b].mean(0).argmax()) == sentence.gold[a][i]
    return {name: right[name] / total[name] for name in TAGS}


def quick(network: Network, held: Held, pieces: PieceVocabulary) -> dict[str, Any]:
    """A few figures for the log of a training run: on the last set of articles and some of the sentences."""
    figures: dict[str, Any] = {}
    for name, articles in list(held.articles.items())[-1:]:
        reads = read(network, articles, pieces, 0.15)
        gold = read_gold(network, articles, pieces)
        for judge in (0.5, 0.7):
            counts = event_counts(kept(reads, [judge] * 3), articles)
            figures[f"{name} events {judge}"] = [round(f1(counts, ts), 3) for ts in (TYPES, *([t] for t in TYPES))]
        slots = slot_counts(gold)
        figures[f"{name} slots"] = {field: round(f1(slots, [field]), 2) for field in sorted({f for f, _ in slots})}
        figures[f"{name} slots"]["all"] = round(f1(slots, sorted({f for f, _ in slots})), 3)
        figures[f"{name} labels"] = {k: round(v, 3) for k, v in label_accuracy(gold).items()}
    if held.entities:
        counts = entity_counts(network, held.entities[:400])
        figures["entities"] = round(f1(counts, sorted({k for k, _ in counts})), 3)
    for name, sentences in held.tags.items():
        figures[name] = {k: round(v, 3) for k, v in tag_accuracy(network, sentences[:100]).items()}
    return figures
