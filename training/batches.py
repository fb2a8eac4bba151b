"""From chunks, windows and packs to tensors."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

from services.extraction.language.chunks import Chunk, Window
from services.extraction.language.pieces import PADDING
from training.corpus import Target
from training.gold import IGNORED
from training.scheme import FIELDS, LABELS, SLOTS, TYPES
from training.tagged import Pack

Item = TypeVar("Item")

SLOTS_OF = tuple(tuple(SLOTS.index(slot) for slot in FIELDS[kind]) for kind in TYPES)


@dataclass
class Example:
    """A chunk with its events. `base`, once computed, is the frozen layers' output in half precision."""

    chunk: Chunk
    targets: tuple[Target, ...]
    base: Tensor | None = None


@dataclass(frozen=True)
class Candidate:
    """A word that may be the anchor of an event; `target` is None if it is none."""

    row: int  # of the chunk in the batch
    type: int
    word: int  # in the chunk
    target: Target | None
    window: Window


def padded(rows: Sequence[Sequence[int]], fill: int = 0) -> Tensor:
    """rows × longest row, int64."""
    length = max(map(len, rows))
    return torch.tensor([[*row, *[fill] * (length - len(row))] for row in rows], dtype=torch.long)


def mask(lengths: Sequence[int]) -> Tensor:
    """rows × longest, float: 1 up to each length."""
    return (torch.arange(max(lengths))[None] < torch.tensor(lengths)[:, None]).float()


def lower_inputs(items: Sequence[Chunk] | Sequence[Pack]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The inputs of `Lower`: ids, mask, word_start, word_end."""
    starts = [item.first[:-1] if isinstance(item, Chunk) else item.start for item in items]
    ends = [item.first[1:] if isinstance(item, Chunk) else item.end for item in items]
    ids = [item.ids for item in items]
    return padded(ids, PADDING), mask([len(i) for i in ids]), padded(starts), padded(ends)


def upper_inputs(hidden: Tensor, candidates: Sequence[Candidate]) -> tuple[Tensor, ...]:
    """The inputs of `Upper`, the windows cut from `hidden` (`Lower`'s output for the batch)."""
    windows = [candidate.window for candidate in candidates]
    cut = [hidden[c.row, c.window.subtokens[0] : c.window.subtokens[1]] for c in candidates]
    return (
        torch.nn.utils.rnn.pad_sequence(cut, batch_first=True),
        mask([len(row) for row in cut]),
        padded([w.start for w in windows]),
        padded([w.end for w in windows]),
        padded([w.relative for w in windows], 0),
        padded([w.sentence for w in windows], 0),
        torch.tensor([c.type for c in candidates]),
        torch.tensor([w.anchor for w in windows]),
    )


def anchor_targets(examples: Sequence[Example], words: int) -> tuple[Tensor, Tensor]:
    """Gold anchors (rows × words × types) and the mask of the words that each chunk answers for (rows × words × 1)."""
    gold = torch.zeros(len(examples), words, len(TYPES))
    core = torch.zeros(len(examples), words, 1)
    for row, example in enumerate(examples):
        core[row, example.chunk.core[0] : example.chunk.core[1]] = 1
        for target in example.targets:
            gold[row, target.word, target.type] = 1
    return gold, core


def slot_targets(candidates: Sequence[Candidate], words: int) -> tuple[Tensor, Tensor]:
    """Start and end words (events × slots) in the windows; `words` stands for "empty"; IGNORED: not to learn from."""
    start = torch.full((len(candidates), len(SLOTS)), IGNORED)
    end = start.clone()
    for row, candidate in enumerate(candidates):
        if candidate.target is None:
            continue
        start[row, list(SLOTS_OF[candidate.type])] = words
        for slot, (first, last) in candidate.target.slots.items():
            low, high = candidate.window.low, candidate.window.high - 1
            if last < low or first > high:
                start[row, slot] = IGNORED
            else:
                start[row, slot], end[row, slot] = max(first, low) - low, min(last, high) - low
    return start, end


def label_targets(candidates: Sequence[Candidate]) -> dict[str, Tensor]:
    """The index of each label of each event, IGNORED where it has none."""
    return {
        name: torch.tensor([c.target.labels.get(name, IGNORED) if c.target else IGNORED for c in candidates])
        for name in LABELS
    }


def by_length(
    items: Sequence[Item], sizes: Sequence[int], budget: int, rng: random.Random, pool: int = 64
) -> list[list[Item]]:
    """Shuffled batches of about equal lengths, each of at most `budget` subtokens with its padding (or one item)."""
    order = list(range(len(items)))
    rng.shuffle(order)
    result: list[list[Item]] = []
    for low in range(0, len(order), pool):
        batch: list[int] = []
        for i in sorted(order[low : low + pool], key=lambda i: sizes[i]):
            if batch and (len(batch) + 1) * sizes[i] > budget:
                result.append([items[j] for j in batch])
                batch = []
            batch.append(i)
        result.append([items[j] for j in batch])
    rng.shuffle(result)
    return result
