"""From the network's numbers to spans and tags; numpy only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.scheme import ENTITY_TAGS, FIELDS, SLOTS, TYPES
from training.segment import Chunk, Span, Window

Floats = NDArray[np.float32]

_LONGEST = {"content": 120, "object": 25}  # words
_LONGEST_OTHER = 12
_STARTS = 8  # start words tried for each slot


@dataclass(frozen=True)
class Filler:
    """The best span of a slot.

    words: of the chunk, end exclusive; odds: log odds that the slot is filled at all.
    """

    words: Span
    odds: float


def slots(chunk: Chunk, window: Window, type_index: int, scores: tuple[Floats, Floats, Floats]) -> dict[str, Filler]:
    """The best span of every slot of the type, filled or not (`odds` > 0: rather filled).

    scores: start and end (words × slots) and null (slots), the logits that `Upper` gives for one candidate. A span
    other than the content stays within one sentence.
    """
    start, end, null = scores
    size = window.high - window.low
    sentence = np.array(chunk.sentence[window.low : window.high])
    result = {}
    for name in FIELDS[TYPES[type_index]]:
        slot = SLOTS.index(name)
        begin = _log_softmax(np.append(start[:size, slot], null[slot]))
        finish = _log_softmax(end[:size, slot])
        first, last = _best(
            begin[:size], finish, None if name == "content" else sentence, _LONGEST.get(name, _LONGEST_OTHER)
        )
        empty = float(begin[size])
        odds = float(np.log1p(-min(0.999999, np.exp(empty))) - empty)
        result[name] = Filler((window.low + first, window.low + last + 1), odds)
    return result


def _best(begin: Floats, finish: Floats, sentence: NDArray[np.int64] | None, longest: int) -> Span:
    best, found = -np.inf, (0, 0)
    for first in np.argsort(-begin, kind="stable")[:_STARTS]:
        limit = min(len(begin), int(first) + longest)
        if sentence is not None:
            other = np.nonzero(sentence[first:limit] != sentence[first])[0]
            limit = int(first + other[0]) if len(other) else limit
        last = int(first + np.argmax(finish[first:limit]))
        if begin[first] + finish[last] > best:
            best, found = begin[first] + finish[last], (int(first), last)
    return found


def _log_softmax(x: Floats) -> Floats:
    shifted = x - x.max()
    return shifted - np.log(np.exp(shifted).sum())


_ALLOWED = np.array(
    [[b[0] != "I" or (a != "O" and a[2:] == b[2:]) for b in ENTITY_TAGS] for a in ENTITY_TAGS], dtype=bool
)


def entities(logits: Floats) -> list[tuple[int, int, str]]:
    """The named entities of the most probable valid BIO sequence: first word, end exclusive, type.

    logits: words × ENTITY_TAGS.
    """
    if not len(logits):
        return []
    scores = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    best = np.where([tag[0] != "I" for tag in ENTITY_TAGS], scores[0], -1e9)
    back: list[NDArray[np.int64]] = []
    for row in scores[1:]:
        steps = np.where(_ALLOWED, best[:, None], -1e9)
        back.append(steps.argmax(0))
        best = steps.max(0) + row
    path = [int(best.argmax())]
    for pointers in reversed(back):
        path.append(int(pointers[path[-1]]))
    return bio_spans([ENTITY_TAGS[i] for i in reversed(path)])


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


def tokens_of(spans: Sequence[tuple[int, int, str]], tokens: Sequence[Span]) -> set[tuple[int, int, str]]:
    """The spans over words as spans over tokens (each a span of words): every token that is touched belongs."""
    starts: Mapping[int, int] = {w: i for i, (a, b) in enumerate(tokens) for w in range(a, b)}
    return {(starts[a], starts[b - 1] + 1, kind) for a, b, kind in spans}
