"""From the upper network's logits to spans and labels of one candidate. Arithmetic on numpy arrays, no text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.extraction.language.chunks import Chunk, Span, Window
from services.extraction.language.encoder_graph import Floats
from services.extraction.language.encoder_scheme import Scheme

_LONGEST = {"content": 120, "object": 25}  # words
_LONGEST_OTHER = 12
_STARTS = 8  # start words tried for each slot


@dataclass(frozen=True)
class Limits:
    """For each word of a chunk two numbers: `sentence` changes where a sentence ends, `phrase` at finite verbs too.

    No noun phrase runs over a finite verb ("die NATO gab bekannt, dass nordkoreanische Truppen …").
    """

    sentence: NDArray[np.int64]
    phrase: NDArray[np.int64]

    @classmethod
    def of(cls, scheme: Scheme, chunk: Chunk, tags: Floats) -> "Limits":
        """The limits in a chunk; `tags` are the logits of its words' tags."""
        sentence = np.array(chunk.sentence, np.int64)
        forms = scheme.tags.get("VerbForm", ())
        verb = np.zeros(len(tags), np.bool_)
        if "Fin" in forms:
            verb = scheme.best_values(tags)["VerbForm"] == forms.index("Fin")
        edge = verb | (np.diff(sentence, prepend=0) != 0)
        edge[1:] |= verb[:-1]
        return cls(sentence, edge.cumsum())


@dataclass(frozen=True)
class Filler:
    """The best span of a slot: words of the chunk, end exclusive, and the log odds that the slot is filled."""

    words: Span
    odds: float


@dataclass(frozen=True)
class Candidate:
    """A word that may be the anchor of an event, as the upper network reads it."""

    type: str
    word: int  # of the chunk
    verdict: float  # probability that it is an event
    fillers: Mapping[str, Filler]  # by slot of the scheme
    labels: Mapping[str, Floats]  # probabilities of the values, by label


def sigmoid(logits: Floats) -> Floats:
    """Probabilities of independent logits."""
    return np.asarray(1.0 / (1.0 + np.exp(-logits)), np.float32)


def softmax(logits: Floats) -> Floats:
    """Probabilities of the last axis."""
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(powers / powers.sum(-1, keepdims=True), np.float32)


def decode(scheme: Scheme, limits: Limits, view: Window, kind: int, outputs: Mapping[str, Floats]) -> Candidate:
    """The candidate at the window's anchor from the upper network's outputs for it."""
    name = scheme.types[kind]
    return Candidate(
        type=name,
        word=view.low + view.anchor,
        verdict=float(sigmoid(outputs["verdict"])[0, 0]),
        fillers=fillers(scheme, limits, view, name, outputs),
        labels={label: softmax(outputs[label][0]) for label in scheme.labels_of[name]},
    )


def fillers(
    scheme: Scheme, limits: Limits, view: Window, name: str, outputs: Mapping[str, Floats]
) -> dict[str, Filler]:
    """The best span of every slot of the type, filled or not: `odds` over 0 say rather filled.

    A span is the pair of start and end word with the highest product of probabilities. All but the content stay
    within one sentence, and all but the time ("seit er im Amt ist") hold no finite verb beside other words.
    """
    sentence, phrase = (numbers[view.low : view.high] for numbers in (limits.sentence, limits.phrase))
    result = {}
    for slot in scheme.fields[name]:
        column = scheme.slots.index(slot)
        start = np.append(outputs["start"][0, :, column], outputs["null"][0, column])
        begin, finish = _log_softmax(start), _log_softmax(outputs["end"][0, :, column])
        bounds = {"content": None, "time": sentence}.get(slot, phrase)
        first, last = _best(begin[:-1], finish, bounds, _LONGEST.get(slot, _LONGEST_OTHER))
        empty = float(begin[-1])
        odds = float(np.log1p(-min(0.999999, np.exp(empty))) - empty)
        result[slot] = Filler((view.low + first, view.low + last + 1), odds)
    return result


def _best(begin: Floats, finish: Floats, bounds: NDArray[np.int64] | None, longest: int) -> Span:
    best, found = -np.inf, (0, 0)
    for first in np.argsort(-begin, kind="stable")[:_STARTS].tolist():
        limit = min(len(begin), first + longest)
        if bounds is not None:
            limit = first + int((bounds[first:limit] == bounds[first]).argmin() or limit - first)
        last = first + int(np.argmax(finish[first:limit]))
        if begin[first] + finish[last] > best:
            best, found = begin[first] + finish[last], (first, last)
    return found


def _log_softmax(logits: Floats) -> Floats:
    shifted = logits - logits.max()
    return np.asarray(shifted - np.log(np.exp(shifted).sum()), np.float32)


def best_of_neighbours(candidates: Sequence[Candidate], thresholds: Mapping[str, float]) -> list[Candidate]:
    """The candidates that count as events: over their type's threshold, and the surest of words next to each other."""
    result: list[Candidate] = []
    for candidate in sorted(candidates, key=lambda one: (one.type, one.word)):
        if candidate.verdict <= thresholds[candidate.type]:
            continue
        last = result[-1] if result else None
        if last is None or last.type != candidate.type or candidate.word - last.word > 1:
            result.append(candidate)
        elif candidate.verdict > last.verdict:
            result[-1] = candidate
    return sorted(result, key=lambda one: (one.word, one.type))
