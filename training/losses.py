"""What is minimised: anchors, slots, labels and the verdict of the events; entities; tags."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

from services.extraction.language.chunks import window
from training.batches import (
    Candidate,
    Example,
    anchor_targets,
    label_targets,
    lower_inputs,
    slot_targets,
    upper_inputs,
)
from training.corpus import Target
from training.gold import IGNORED
from training.model import Network, WordHead
from training.scheme import LABELS, TAGS
from training.tagged import Pack

_WORDS_DROPPED = 0.08  # subtokens of the frozen layers' output set to nothing, so that passages are not learnt by heart
_ANCHOR_WEIGHT = torch.tensor([1.5, 1.5, 1.3])  # a missed anchor costs more than a candidate too many
_FALSE_CANDIDATES = 0.25  # for each gold event of a batch, and one more
_ENTITY_WEIGHT, _TAG_WEIGHT = 3.0, 0.5


def class_weights(targets: Iterable[Target]) -> dict[str, Tensor]:
    """Weights that lift rare categories a little: (mean count / count) ** 0.3, at most 2; of the other labels 1.

    Kinds weigh alike: what is rare in the corpus is rarer still in newspapers.
    """
    counts: dict[str, Counter[int]] = {name: Counter() for name in LABELS}
    for target in targets:
        for name, value in target.labels.items():
            counts[name][value] += 1
    weights = {name: torch.ones(len(values)) for name, values in LABELS.items()}
    return weights | {"category": _weights(counts["category"], len(LABELS["category"]))}


def _weights(counts: Counter[int], size: int) -> Tensor:
    mean = counts.total() / size
    return torch.tensor([min(2.0, (mean / max(1, counts[i])) ** 0.3) for i in range(size)])


def event_losses(network: Network, examples: Sequence[Example], weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The parts of the loss of a batch of chunks, each per chunk."""
    _, mask, start, end = lower_inputs([example.chunk for example in examples])
    base = pad_sequence([_base(network, example).float() for example in examples], batch_first=True)
    if network.training:
        base = base * (torch.rand(*mask.shape, 1) >= _WORDS_DROPPED)
    layers = network.lower.above(base, mask)
    logits = network.lower.anchors(layers, start, end)
    gold, core = anchor_targets(examples, logits.shape[1])
    loss = functional.binary_cross_entropy_with_logits(logits, gold, reduction="none", pos_weight=_ANCHOR_WEIGHT)
    losses = {"anchor": (loss * core).sum() / (8 * len(examples))}
    candidates = _gold(examples) + _mined(examples, logits.detach(), gold, core)
    losses.update(_candidate_losses(network, layers[-1], candidates, weights, len(examples)))
    return losses


@torch.no_grad()
def _base(network: Network, example: Example) -> Tensor:
    if example.base is None:
        ids, mask, _, _ = lower_inputs([example.chunk])
        example.base = network.lower.base(ids, mask)[0].half()
    return example.base


def _gold(examples: Sequence[Example]) -> list[Candidate]:
    return [
        Candidate(row, target.type, target.word, target, window(example.chunk, target.word))
        for row, example in enumerate(examples)
        for target in example.targets
    ]


def _mined(examples: Sequence[Example], logits: Tensor, gold: Tensor, core: Tensor) -> list[Candidate]:
    """The most convincing false anchors, with some chance so that they are not always the same."""
    count = 1 + math.ceil(_FALSE_CANDIDATES * float(gold.sum()))
    chance = -torch.log(-torch.log(torch.rand_like(logits).clamp(1e-6, 1 - 1e-6)))
    scores = (logits + 0.7 * chance).masked_fill((gold > 0) | (core == 0), -1e9)
    found = []
    for index in scores.flatten().topk(min(count, scores.numel())).indices.tolist():
        row, rest = divmod(index, scores.shape[1] * scores.shape[2])
        word, kind = divmod(rest, scores.shape[2])
        if float(scores.flatten()[index]) > -1e8:
            found.append(Candidate(row, kind, word, None, window(examples[row].chunk, word)))
    return found


def _candidate_losses(
    network: Network, hidden: Tensor, candidates: Sequence[Candidate], weights: Mapping[str, Tensor], chunks: int
) -> dict[str, Tensor]:
    if not candidates:
        return {}
    start, end, null, verdict, labels = network.upper(*upper_inputs(hidden, candidates))
    words = start.shape[1]
    gold_start, gold_end = slot_targets(candidates, words)
    begins = torch.cat([start, null[:, None]], 1)
    events = torch.tensor([float(c.target is not None) for c in candidates])
    slots = _cross_entropy(begins.transpose(1, 2), gold_start) + _cross_entropy(end.transpose(1, 2), gold_end)
    targets = label_targets(candidates)
    label = sum((_cross_entropy(labels[name], targets[name], weights[name]) for name in LABELS), torch.zeros(()))
    return {
        "slots": slots / (4 * chunks),
        "labels": label / (4 * chunks),
        "verdict": functional.binary_cross_entropy_with_logits(verdict, events, reduction="sum") / (4 * chunks),
    }


def _cross_entropy(logits: Tensor, gold: Tensor, weight: Tensor | None = None) -> Tensor:
    return functional.cross_entropy(
        logits.reshape(-1, logits.shape[-1]), gold.reshape(-1), weight, ignore_index=IGNORED, reduction="sum"
    )


def entity_loss(network: Network, packs: Sequence[Pack]) -> Tensor:
    """Mean cross-entropy of the entity tags, weighted."""
    return _ENTITY_WEIGHT * entity_cross_entropy(*_tagged(network, network.lower.entities, packs))


def tag_loss(network: Network, packs: Sequence[Pack]) -> Tensor:
    """Sum over the tag sets of their mean cross-entropies, weighted."""
    return _TAG_WEIGHT * tag_cross_entropy(*_tagged(network, network.lower.tags, packs))


def entity_cross_entropy(logits: Tensor, gold: Tensor) -> Tensor:
    """Mean over words; logits: words × entity tags, gold: words × 1."""
    return functional.cross_entropy(logits, gold[:, 0], ignore_index=IGNORED)


def tag_cross_entropy(logits: Tensor, gold: Tensor) -> Tensor:
    """Sum over the tag sets of the mean over words; gold: words × tag sets."""
    parts = logits.split([len(values) for values in TAGS.values()], -1)
    values = [functional.cross_entropy(part, gold[:, i], ignore_index=IGNORED) for i, part in enumerate(parts)]
    return torch.stack([value for value in values if not value.isnan()]).sum()


def _tagged(network: Network, head: WordHead, packs: Sequence[Pack]) -> tuple[Tensor, Tensor]:
    """Logits and gold of all words of the packs in one row each."""
    ids, mask, start, end = lower_inputs(packs)
    with torch.no_grad():
        base = network.lower.base(ids, mask)
    return words_of(head(network.lower.above(base, mask), start, end), packs)


def words_of(logits: Tensor, packs: Sequence[Pack]) -> tuple[Tensor, Tensor]:
    """The words of all packs one after another, without the padding: their logits and their gold."""
    words = [logits[row, : len(pack.gold)] for row, pack in enumerate(packs)]
    return torch.cat(words), torch.tensor([gold for pack in packs for gold in pack.gold])
