"""Fit the detector's thresholds and confidences: `python -m training.calibrate models/de_lagebild`.

On the held-out fifth of the passages, with the int8 network as it is shipped, since int8 shifts what fp32 would say.
Per type: the verdict with the best F1, and how verdicts turn into shares of real events (isotonic regression: Zadrozny
and Elkan 2002, "Transforming Classifier Scores into Accurate Multiclass Probability Estimates"). Per field of the
record: the log odds with the best F1. Prints what was fitted and writes it into the pipeline.
"""

import argparse
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import spacy
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc

from services.extraction.language.chunks import Chunk, Span
from services.extraction.language.encoder import encoded
from services.extraction.learned.calibration import TYPES, Calibration
from services.extraction.learned.decoding import Candidate, best_of_neighbours
from services.extraction.learned.detector import Detector
from training import corpus

GRID = tuple(round(0.05 * step, 2) for step in range(1, 20))
ODDS = tuple(round(0.25 * step, 2) for step in range(-8, 9))
LEAST_FILLED = 40  # gold slots of a field, below which its threshold stays where it is
POINTS = 10  # of a confidence curve
# Of the held-out passages without events 4 of 11 had findings, 7 in all; where one must be as sure as this, 2 have,
# 4 in all, and 2 of the events in the others go. From 0.7 to 0.9 it is the same.
DOCUMENT = 0.8
EVERYTHING = dict.fromkeys(TYPES, 0.0)


@dataclass(frozen=True)
class Reading:
    """A candidate of an article, with its place in the text."""

    candidate: Candidate
    anchor: Span
    chunk: Chunk


@dataclass(frozen=True)
class Article:
    """The candidates of an article and its gold events."""

    parts: Sequence[Sequence[Reading]]  # by chunk
    gold: Sequence[Mapping[str, Any]]

    def kept(self, thresholds: Mapping[str, float]) -> list[Reading]:
        """The candidates that count as events under these thresholds."""
        result = []
        for part in self.parts:
            chosen = best_of_neighbours([reading.candidate for reading in part], thresholds)
            by_candidate = {id(reading.candidate): reading for reading in part}
            result += [by_candidate[id(candidate)] for candidate in chosen]
        return result


def read(nlp: Language, articles: Iterable[Mapping[str, Any]]) -> list[Article]:
    """Every article's candidates, by the pipeline's own components."""
    detector = nlp.get_pipe("lagebild_detector")
    assert isinstance(detector, Detector)
    result = []
    for article in articles:
        doc = _encoded(nlp, article["text"])
        text = encoded(doc)
        parts = [
            [
                Reading(candidate, part.chunk.words[candidate.word], part.chunk)
                for candidate in detector.candidates(text, part)
            ]
            for part in text.chunks
        ]
        result.append(Article(parts, article["events"]))
    return result


def _encoded(nlp: Language, text: str) -> Doc:
    doc = nlp.make_doc(text)
    for name in ("lagebild_sentences", "lagebild_encoder"):
        doc = nlp.get_pipe(name)(doc)
    return doc


def pairs(readings: Sequence[Reading], gold: Sequence[Mapping[str, Any]]) -> list[tuple[Reading, Mapping[str, Any]]]:
    """One to one, as score.py pairs: the same type, the anchor inside the gold evidence; equal anchors first."""
    possible = sorted(
        (-corpus.touches(reading.anchor, event["anchor"]), -reading.candidate.verdict, i, j)
        for i, reading in enumerate(readings)
        for j, event in enumerate(gold)
        if reading.candidate.type == event["type"] and corpus.touches(reading.anchor, event["evidence"])
    )
    used: tuple[set[int], set[int]] = (set(), set())
    result = []
    for _, _, i, j in possible:
        if i not in used[0] and j not in used[1]:
            used[0].add(i)
            used[1].add(j)
            result.append((readings[i], gold[j]))
    return result


def event_f1(articles: Sequence[Article], kind: str, threshold: float) -> float:
    """F1 of the events of one type under a threshold."""
    right = found = gold = 0
    for article in articles:
        kept = [r for r in article.kept(EVERYTHING | {kind: threshold}) if r.candidate.type == kind]
        events = [event for event in article.gold if event["type"] == kind]
        right += len(pairs(kept, events))
        found += len(kept)
        gold += len(events)
    return 2 * right / max(1, found + gold)


def steadiest(values: Sequence[float], score: Callable[[float], float]) -> float:
    """The value with the best mean score of itself and its neighbours, so that one lucky step does not decide."""
    scores = [score(value) for value in values]
    smooth = [float(np.mean(scores[max(0, i - 1) : i + 2])) for i in range(len(scores))]
    return values[int(np.argmax(smooth))]


def slot_thresholds(articles: Sequence[Article], fields: Mapping[str, Mapping[str, str]]) -> dict[str, float]:
    """For each field the log odds over which a slot is best filled, on candidates that are gold events."""
    cases: dict[str, list[tuple[float, bool, bool]]] = defaultdict(list)
    for article in articles:
        for reading, event in pairs(article.kept(EVERYTHING), article.gold):
            for slot, filler in reading.candidate.fillers.items():
                field = fields[reading.candidate.type][slot]
                gold = event.get(field)
                wanted = gold if isinstance(gold, list) else [gold] if gold else []
                words = reading.chunk.words
                span = words[filler.words[0]][0], words[filler.words[1] - 1][1]
                cases[field].append((filler.odds, bool(wanted), any(_agree(span, one) for one in wanted)))
    return {
        field: steadiest(ODDS, lambda odds, rows=rows: _slot_f1(rows, odds))  # type: ignore[misc]
        for field, rows in sorted(cases.items())
        if sum(filled for _, filled, _ in rows) >= LEAST_FILLED
    }


def _agree(span: Span, gold: Mapping[str, Any]) -> bool:
    shared = min(span[1], gold["end"]) - max(span[0], gold["start"])
    return bool(shared >= 0.5 * (max(span[1], gold["end"]) - min(span[0], gold["start"])))


def _slot_f1(rows: Sequence[tuple[float, bool, bool]], threshold: float) -> float:
    found = sum(odds > threshold for odds, _, _ in rows)
    right = sum(odds > threshold and good for odds, _, good in rows)
    return 2 * right / max(1, found + sum(filled for _, filled, _ in rows))


def curve(articles: Sequence[Article], kind: str) -> tuple[tuple[float, float], ...]:
    """Points (verdict, share of events), both rising, from the candidates of all verdicts."""
    rows = []
    for article in articles:
        kept = [reading for reading in article.kept(EVERYTHING) if reading.candidate.type == kind]
        real = {id(reading) for reading, _ in pairs(kept, article.gold)}
        rows += [(reading.candidate.verdict, float(id(reading) in real)) for reading in kept]
    rows.sort()
    parts = [part for part in np.array_split(np.array(rows), POINTS) if len(part)]
    verdicts = [float(part[:, 0].mean()) for part in parts]
    shares = isotonic(np.array([part[:, 1].mean() for part in parts]))
    return tuple((round(x, 4), round(float(y), 4)) for x, y in zip(verdicts, shares, strict=True))


def isotonic(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rising sequence nearest to `values` in squares: pool adjacent violators (Ayer et al. 1955)."""
    blocks: list[list[float]] = []
    for value in values:
        blocks.append([float(value), 1.0])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            mean, size = blocks.pop()
            before, count = blocks.pop()
            blocks.append([(mean * size + before * count) / (size + count), size + count])
    return np.repeat([mean for mean, _ in blocks], [int(size) for _, size in blocks])


def fit(articles: Sequence[Article], fields: Mapping[str, Mapping[str, str]], first: float) -> Calibration:
    """The calibration with the best figures on these articles; `first`: the first stage's threshold."""
    thresholds = {kind: steadiest(GRID, lambda t, kind=kind: event_f1(articles, kind, t)) for kind in TYPES}  # type: ignore[misc]
    for kind, threshold in thresholds.items():
        print(f"{kind}: verdict over {threshold}, events F1 {event_f1(articles, kind, threshold):.3f}")
    curves = {kind: curve(articles, kind) for kind in TYPES}
    return Calibration(dict.fromkeys(TYPES, first), thresholds, slot_thresholds(articles, fields), curves, DOCUMENT)


def main(argv: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m training.calibrate", description=__doc__)
    parser.add_argument("pipeline", type=Path)
    parser.add_argument("--first", type=float, default=0.2, help="probability of an anchor over which it is read again")
    options = parser.parse_args(argv)
    nlp = spacy.load(options.pipeline)
    detector = nlp.get_pipe("lagebild_detector")
    assert isinstance(detector, Detector)
    detector.calibration = Calibration(candidates=dict.fromkeys(TYPES, options.first))
    _, held = corpus.split(corpus.read(corpus.PASSAGES), 5)
    fields = encoded(_encoded(nlp, held[0]["text"])).scheme.fields
    detector.calibration = fit(read(nlp, held), fields, options.first)
    print(detector.calibration.to_bytes().decode())
    nlp.to_disk(options.pipeline)


if __name__ == "__main__":
    main()
