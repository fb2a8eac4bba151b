"""A second opinion on labels: linear models over the words of an event's cue, of what it tells, and around the cue.

The network reads meaning and has seen few events of each wording; the linear models know nothing but wordings and
remember them all. They err at different events, so that the product of both is right more often than either.
"""

import io
import zlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Self
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from services.extraction.language.chunks import Span, words
from services.extraction.language.encoder_graph import Floats

BUCKETS = 1 << 16  # features are told apart by their hash alone; two that share a bucket share their weights
JUDGED: Mapping[str, tuple[str, ...]] = {
    "kind": ("statement",),
    "status": ("deployment", "supply"),
    "reported": ("deployment", "supply"),
}
"""The labels that have a model, and the types of event that it is for."""

# Of the linear models' logits beside the network's; docs/quality.md has the figures of other weights.
WEIGHT = 0.6

_PARTS = ("weights", "scale", "bias")
_QUOTES = frozenset('„“”"»«‚‘')
_READ = 60  # words of what is told that count, from its beginning
_NEAR = 60  # code points on each side of the cue
_BEFORE, _AFTER = 4, 5  # words of those that count
_STEMS = (4, 6)  # letters of a cue's word that stand for its stem
# What tells demand, plan, report, denial apart if one knows the cue: "sagte … müsse", "sagte … werde", "sagte … sei".
# fmt: off
_MOODS = frozenset({
    "muss", "müssen", "müsse", "müsste", "müssten", "soll", "sollen", "solle", "sollte", "sollten", "kann", "können",
    "könne", "könnte", "könnten", "darf", "dürfen", "dürfe", "dürfte", "dürften", "will", "wollen", "wolle",
    "wollte", "wollten", "sei", "seien", "wäre", "wären", "habe", "haben", "hätte", "hätten", "wird", "werde",
    "werden", "würde", "würden", "wurde", "wurden", "nicht", "nie", "niemals", "kein", "keine", "keinen", "keiner",
})
# fmt: on


@dataclass(frozen=True)
class Linear:
    """A linear model of one label.

    Attributes:
        weights: buckets x values of the label.
        scale: what one step of the weights of each value is worth.
        bias: of each value.
    """

    weights: NDArray[np.int8]
    scale: Floats
    bias: Floats

    def logits(self, features: Collection[int]) -> Floats:
        """The logits of the values for an event whose features fall into these buckets (those of `buckets`)."""
        return np.asarray(self.weights[list(features)].sum(0, dtype=np.int32) * self.scale + self.bias, np.float32)


@dataclass(frozen=True)
class Wording:
    """The linear models, by label; a label without one is left to the network."""

    models: Mapping[str, Linear] = field(default_factory=dict)

    def judges(self, label: str, event_type: str) -> bool:
        """Whether there is a model of this label for events of this type."""
        return label in self.models and event_type in JUDGED.get(label, ())

    def joined(self, label: str, values: Floats, features: Collection[int]) -> Floats:
        """The network's probabilities of a label's values, joined with the linear model's.

        Args:
            label: a label that a model judges.
            values: the network's probabilities.
            features: what `buckets` says of the event.

        Returns:
            `values` times the linear model's probabilities to the power of WEIGHT, summing to 1.
        """
        logits = self.models[label].logits(features)
        powers = values * np.exp(WEIGHT * (logits - logits.max()))
        return np.asarray(powers / powers.sum(), np.float32)

    def to_bytes(self) -> bytes:
        """The models as numpy's compressed archive; the same models give the same bytes."""
        out = io.BytesIO()
        np.savez_compressed(
            out,
            **{
                f"{label}.{part}": getattr(model, part)
                for label, model in sorted(self.models.items())
                for part in _PARTS
            },
        )
        return out.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Reads what `to_bytes` wrote.

        Raises:
            ValueError: the bytes are not such models.
        """
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as parts:
                labels = sorted({name.split(".")[0] for name in parts.files})
                return cls({label: _linear(*(parts[f"{label}.{part}"] for part in _PARTS)) for label in labels})
        except (
            KeyError,
            ValueError,
            TypeError,
            NotImplementedError,
            OSError,
            EOFError,
            BadZipFile,
            zlib.error,
        ) as error:
            raise ValueError(f"not models of wordings: {error!r}") from error


def _linear(weights: NDArray[np.int8], scale: Floats, bias: Floats) -> Linear:
    values = scale.shape
    if weights.dtype != np.int8 or weights.shape != (BUCKETS, *values) or bias.shape != values:
        raise ValueError(f"weights {weights.shape} of {weights.dtype}, scale {scale.shape}, bias {bias.shape}")
    return Linear(weights, scale, bias)


def buckets(event_type: str, text: str, anchor: Span, told: Span, *, addressed: bool = False) -> set[int]:
    """The buckets of an event's features.

    Args:
        event_type: the type of the event.
        text: the article's text.
        anchor: offsets of the cue's word in it (code points, from 0, end exclusive); not empty.
        told: offsets of a statement's content, of another event's sentence.
        addressed: whether a statement has an addressee.
    """
    cue = _words(text[slice(*anchor)])
    found = {f"type {event_type}", *_of_cue(cue), *_of_told(_words(text[slice(*told)])[:_READ], "_".join(cue))}
    found.add("noun" if text[anchor[0]].isupper() else "verb")
    found.update(f"before {word}" for word in _words(text[max(0, anchor[0] - _NEAR) : anchor[0]])[-_BEFORE:])
    after = _words(text[anchor[1] : anchor[1] + _NEAR])[:_AFTER]
    found.update(f"after {word}" for word in after)
    found.update(f"next {word}" for word in after[:1])
    if addressed:
        found.add("addressed")
    if _QUOTES.intersection(text[max(0, told[0] - 1) : told[1] + 1]):
        found.add("quoted")
    return {zlib.crc32(feature.encode()) % BUCKETS for feature in found}


def _of_cue(cue: list[str]) -> Iterator[str]:
    yield f"cue {'_'.join(cue)}"
    for word in cue:
        for size in _STEMS:
            yield f"cue {size} {word[:size]}"


def _of_told(told: list[str], cue: str) -> Iterator[str]:
    yield f"length {min(6, len(told) // 4)}"
    for word in set(told):
        yield f"word {word}"
        yield f"stem {word[:5]}"
        if word in _MOODS:
            yield f"mood {word} {cue}"
    for one, other in pairwise(told):
        yield f"pair {one} {other}"
    for word in told[:3]:
        yield f"first {word}"
    for word in told[-3:]:
        yield f"last {word}"


def _words(text: str) -> list[str]:
    return [text[start:end].lower() for start, end in words(text) if text[start].isalnum()]
