"""What a detector found: the seam between finding events and making records of them.

A detector is a spaCy component that leaves a tuple of `Finding` on ``doc._.findings``. It says which words are
what, and nothing about whom they mean: names, codes, amounts, dates, attribution and ids are made from the
findings by `services.extraction.records`, the same way for every detector.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from spacy.tokens import Doc

Offsets: TypeAlias = tuple[int, int]
"""Code points of the article's text, end exclusive."""

PARTY_SLOTS: Mapping[str, tuple[str, ...]] = {
    "deployment": ("actor", "beneficiary"),
    "supply": ("supplier", "recipient"),
    "statement": ("speaker", "addressee"),
}
"""Slots filled by parties, for each type of event."""

SLOTS: Mapping[str, tuple[str, ...]] = {
    "deployment": (*PARTY_SLOTS["deployment"], "force", "quantity", "origin", "destination", "time", "attribution"),
    "supply": (*PARTY_SLOTS["supply"], "goods", "quantity", "time", "attribution"),
    "statement": (*PARTY_SLOTS["statement"], "content", "time", "attribution"),
}
"""All slots that a finding of each type may fill.

`attribution` is for sources that no statement of the article's findings explains ("zählte 20 Schiffe"); of others,
the statement's speaker is taken.
"""


@dataclass(frozen=True)
class Finding:
    """One event as spans and labels.

    `anchor` is the word or phrase that expresses the event, `evidence` the sentence or sentences that tell it.
    `slots` maps a slot of the record to the spans that fill it; a party slot may hold several spans, or one span
    over several joined parties. `labels` are the record's `status`, `reported` and, by type, `movement`,
    `category`, `kind`, `quoted`. `score` is the detector's own estimate, from 0 to 1, that the finding is an event.
    `reasons` maps a slot or label to the rule or component that gave it, for `lagebild explain`. `firsthand` says that
    the detector is sure of the article itself vouching for the event, even where a statement's content holds it.
    """

    type: Literal["deployment", "supply", "statement"]
    anchor: Offsets
    evidence: Offsets
    slots: Mapping[str, tuple[Offsets, ...]] = field(default_factory=dict)
    labels: Mapping[str, str | bool] = field(default_factory=dict)
    score: float = 1.0
    reasons: Mapping[str, str] = field(default_factory=dict)
    firsthand: bool = False

    def slot(self, name: str) -> Offsets | None:
        """The first span of a slot, or None where it is empty."""
        return next(iter(self.slots.get(name, ())), None)


def register_extensions() -> None:
    """Give spaCy's documents the attributes that the pipeline's components pass to each other.

    ``doc._.findings``: the findings. ``doc._.title``: the article's headline. ``doc._.context``: the article as
    the linker knows it (`services.extraction.linking.ArticleContext`).
    """
    for name, default in (("findings", ()), ("title", None), ("context", None)):
        if not Doc.has_extension(name):
            Doc.set_extension(name, default=default)


register_extensions()
