"""Annotated articles: reading them, the held-out part, and the targets the network learns from a chunk."""

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.extraction.language.chunks import Chunk, Span
from training.scheme import FIELDS, LABELS, LABELS_OF, SLOTS, TYPES

PASSAGES = Path(__file__).parent / "corpus" / "passages.jsonl"

# Parties joined in one slot ("Frankreich und Griechenland") are learned as one span and parted again by the linker.
_JOINED = re.compile(
    r"[\s,]*(und|sowie|oder|,)?\s*((der|die|das|den|dem|des|von|seine[rm]?|ihre[rm]?|mit|an|für)\s+){0,2}"
)


def read(path: Path) -> list[dict[str, Any]]:
    """The articles of a JSON lines file."""
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def split(articles: Iterable[dict[str, Any]], parts: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Training and held-out articles: one of `parts`, chosen by the hash of the id within each leading letter.

    The same ids give the same split on any machine; adding articles moves few of the others.
    """
    groups = defaultdict(list)
    for article in articles:
        groups[article["id"][0]].append(article)
    train, held = [], []
    for _, group in sorted(groups.items()):
        group.sort(key=lambda article: hashlib.sha256(article["id"].encode()).digest())
        size = round(len(group) / parts)
        held += group[:size]
        train += group[size:]
    return train, held


def touches(span: Span, part: Mapping[str, Any]) -> bool:
    """Whether a stretch (start, end exclusive) and an annotated one have a character in common."""
    return bool(span[0] < part["end"] and part["start"] < span[1])


@dataclass(frozen=True)
class Target:
    """One event in a chunk, in indices of the scheme and of the chunk's words."""

    type: int
    word: int  # the anchor's head word
    slots: Mapping[int, Span]  # slot -> first and last word (inclusive)
    labels: Mapping[str, int]


def targets(chunk: Chunk, text: str, events: Sequence[Mapping[str, Any]]) -> list[Target]:
    """The events whose anchor lies in the chunk's core; one for each type and anchor word."""
    low, high = chunk.words[chunk.core[0]][0], chunk.words[chunk.core[1] - 1][1]
    found: dict[tuple[int, int], Target] = {}
    for event in events:
        anchor = (event["anchor"]["start"], event["anchor"]["end"])
        span = word_span(chunk.words, anchor)
        if not low <= anchor[0] < high or span is None:
            continue
        kind, word = TYPES.index(event["type"]), anchor_word(chunk.words, span)
        found.setdefault((kind, word), Target(kind, word, _slots(chunk, text, event), _labels(event)))
    return list(found.values())


def word_span(words: Sequence[Span], span: Span) -> Span | None:
    """First and last of the words (inclusive) that the characters `span` touch, or None if it touches none."""
    touched = [i for i, (a, b) in enumerate(words) if a < span[1] and b > span[0]]
    return (touched[0], touched[-1]) if touched else None


def anchor_word(words: Sequence[Span], span: Span) -> int:
    """The word that stands for an anchor: the longest of a short phrase, the first of "teilte … mit"."""
    first, last = span
    if last - first >= 3:
        return first
    return max(range(first, last + 1), key=lambda i: words[i][1] - words[i][0])


def _slots(chunk: Chunk, text: str, event: Mapping[str, Any]) -> dict[int, Span]:
    slots = {}
    for slot, field in FIELDS[event["type"]].items():
        value = event.get(field)
        if field == "attribution" and value:
            value = [min(value, key=lambda party: abs(party["start"] - event["anchor"]["start"]))]
        span = _merged(text, value) if isinstance(value, list) else value and (value["start"], value["end"])
        found = word_span(chunk.words, span) if span else None
        if found:
            slots[SLOTS.index(slot)] = found
    return slots


def _merged(text: str, parties: Sequence[Mapping[str, Any]]) -> Span | None:
    """The span over joined parties; of parties that stand apart only the first."""
    spans = sorted((party["start"], party["end"]) for party in parties)
    if not spans:
        return None
    start, end = spans[0]
    for a, b in spans[1:]:
        if _JOINED.fullmatch(text[end:a]):
            end = b
    return start, end


def label_index(event: Mapping[str, Any], label: str) -> int:
    """The place of an event's label among the label's values."""
    value = event[label]
    return LABELS[label].index(str(value).lower() if isinstance(value, bool) else value)


def _labels(event: Mapping[str, Any]) -> dict[str, int]:
    return {label: label_index(event, label) for label in LABELS_OF[event["type"]]}
