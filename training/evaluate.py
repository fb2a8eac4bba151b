"""Measure a checkpoint and choose its thresholds: `python -m training.evaluate CHECKPOINT`.

Prints events, slots and labels on the held-out passages, the held-out Wikinews articles and dev, entities on the 2,600
held-out GermEval sentences, tags on GSD test and on PUD's held-out news. The thresholds are chosen on held-out passages
and Wikinews alone, never on dev. `--raw FILE` writes every candidate as JSON lines, for the study of errors.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from training import corpus, measure, tagged
from training.measure import Read
from training.scheme import ENTITY_TYPES, LABELS, TYPES
from training.train import new_network

_FIRST = 0.05  # every candidate that could matter
_GRID = np.round(np.arange(0.05, 0.96, 0.025), 3)
_ODDS = np.round(np.arange(-2.0, 2.01, 0.25), 2)


def thresholds(reads: Sequence[Read], articles: Sequence[dict[str, Any]], first: float) -> dict[str, Any]:
    """The score's threshold of each type with the best F1, among candidates over the first stage's `first`."""
    candidates = [r for r in reads if r.probability > first]
    best = {}
    for i, kind in enumerate(TYPES):
        own = [r for r in candidates if r.type == i]
        scores = [measure.f1(_counts(own, articles, [t] * len(TYPES)), [kind]) for t in _GRID]
        best[kind] = float(_GRID[_middle(scores)])
    return {"first": first, "score": best}


def _middle(scores: Sequence[float]) -> int:
    """The middle of the best stretch: neighbours within half a point count as equal, a lucky peak does not win."""
    top = [i for i, score in enumerate(scores) if score >= max(scores) - 0.005]
    return top[len(top) // 2]


def _counts(
    reads: Sequence[Read], articles: Sequence[dict[str, Any]], limits: Sequence[float]
) -> Counter[tuple[str, str]]:
    return measure.event_counts(measure.kept(reads, limits), articles)


def slot_thresholds(pairs: Sequence[tuple[Read, dict[str, Any]]]) -> dict[str, dict[str, float]]:
    """Per type and record field: the log odds above which the slot counts as filled, by F1 over paired events."""
    best: dict[str, dict[str, float]] = {}
    for i, kind in enumerate(TYPES):
        own = [pair for pair in pairs if pair[0].type == i]
        fields = sorted({field for r, _ in own for field in r.slots})
        best[kind] = {}
        for field in fields:
            scores = [measure.f1(measure.slot_counts(own, {field: t}), [field]) for t in _ODDS]
            best[kind][field] = float(_ODDS[_middle(scores)])
    return best


def chosen(reads: Sequence[Read], limits: Mapping[str, Any]) -> list[Read]:
    """The candidates that count as events under the thresholds."""
    over = [r for r in reads if r.probability > limits["first"]]
    return measure.kept(over, [limits["score"][kind] for kind in TYPES])


def paired(events: Sequence[Read], articles: Sequence[dict[str, Any]]) -> list[tuple[Read, dict[str, Any]]]:
    """All events with their gold events."""
    return [
        pair
        for article in articles
        for pair in measure.pairs([e for e in events if e.article == article["id"]], article["events"])
    ]


def event_table(
    name: str, events: Sequence[Read], gold: Sequence[tuple[Read, dict[str, Any]]], articles: Sequence[dict[str, Any]]
) -> Iterable[str]:
    """Lines: events by type; slots and labels of the right events, and with gold anchors."""
    counts = measure.event_counts(events, articles)
    by_type = ", ".join(f"{kind} {measure.f1(counts, [kind]):.3f}" for kind in TYPES)
    quiet = [article["id"] for article in articles if not article["events"]]
    false = sum(event.article in quiet for event in events)
    yield f"{name}: events F1 {measure.f1(counts, TYPES):.3f} ({by_type}); {false} false in {len(quiet)} quiet articles"
    for title, pairs in (("of the right events", paired(events, articles)), ("gold anchors", gold)):
        slots = measure.slot_counts(pairs)
        fields = sorted({field for field, _ in slots})
        each = ", ".join(f"{field} {measure.f1(slots, [field]):.2f}" for field in fields)
        yield f"  slots, {title}: F1 {measure.f1(slots, fields):.3f} ({each})"
        accuracy = measure.label_accuracy(pairs)
        yield f"  labels, {title}: " + ", ".join(
            f"{label} {accuracy[label]:.3f}" for label in LABELS if label in accuracy
        )


def entity_table(counts: Counter[tuple[str, str]]) -> str:
    """One line."""
    each = ", ".join(f"{kind} {measure.f1(counts, [kind]):.3f}" for kind in ENTITY_TYPES)
    return f"entities, strict F1: {measure.f1(counts, ENTITY_TYPES):.4f} ({each})"


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line's options."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluate", description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--passages", type=Path, default=corpus.PASSAGES)
    parser.add_argument("--wikinews", type=Path)
    parser.add_argument("--germeval", type=Path)
    parser.add_argument("--treebanks", type=Path)
    parser.add_argument("--dev", type=Path)
    parser.add_argument("--thresholds", type=Path, help="write the chosen thresholds here")
    parser.add_argument("--raw", type=Path, help="write every candidate here, as JSON lines")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Print all figures; write thresholds and candidates where asked."""
    options = arguments(argv)
    torch.set_num_threads(1)
    network, vocabulary = new_network(options.checkpoint)
    pieces = vocabulary.segmenter()
    sets = {"held-out passages": corpus.split(corpus.read(options.passages), 5)[1]}
    if options.wikinews:
        sets["held-out Wikinews"] = corpus.split(corpus.read(options.wikinews), 10)[1]
    calibration = [article for articles in sets.values() for article in articles]
    if options.dev:
        sets["dev"] = corpus.read(options.dev)
    reads = {name: measure.read(network, articles, pieces, _FIRST) for name, articles in sets.items()}
    gold = {name: measure.read_gold(network, articles, pieces) for name, articles in sets.items()}
    known = [r for name in sets if name != "dev" for r in reads[name]]
    limits = thresholds(known, calibration, 0.15)
    limits["slots"] = slot_thresholds([pair for name in sets if name != "dev" for pair in gold[name]])
    print(json.dumps(limits, indent=1))
    for name, articles in sets.items():
        print("\n".join(event_table(name, chosen(reads[name], limits), gold[name], articles)), flush=True)
    if options.thresholds:
        options.thresholds.write_text(json.dumps(limits, indent=1) + "\n")
    if options.raw:
        lines = (json.dumps({"set": name, **asdict(r)}) for name in reads for r in reads[name])
        options.raw.write_text("\n".join(lines) + "\n")
    if options.germeval:
        _, sentences = tagged.germeval(options.germeval, pieces)
        print(entity_table(measure.entity_counts(network, sentences)), flush=True)
    if options.treebanks:
        for name, sentences in tagged.treebanks(options.treebanks, pieces)[1].items():
            accuracy = measure.tag_accuracy(network, sentences)
            print(f"{name}: " + ", ".join(f"{tag} {value:.4f}" for tag, value in accuracy.items()), flush=True)


if __name__ == "__main__":
    main()
