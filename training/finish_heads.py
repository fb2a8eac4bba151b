"""Train the entity and tag heads to the end on a finished encoder: `python -m training.finish_heads IN.pt OUT.pt …`.

The joint run gives these heads few sentences and a moving encoder. Here the encoder stands still, its outputs are
computed once, and the heads see every sentence several times: minutes instead of an hour. Nothing that the events use
is touched.
"""

import argparse
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from training import losses, measure, tagged
from training.batches import by_length, lower_inputs
from training.model import Network, WordHead
from training.tagged import Pack
from training.train import new_network, save

_RATE, _BATCH = 1e-3, 1000  # learning rate at the start; subtokens of a batch


@dataclass(frozen=True)
class Encoded:
    """A pack with the outputs of the layers that the heads mix: layers × length × hidden, half precision."""

    pack: Pack
    layers: Tensor


@torch.no_grad()
def encode(network: Network, packs: Sequence[Pack]) -> list[Encoded]:
    """The packs as the encoder reads them."""
    network.eval()
    result = []
    for pack in packs:
        ids, mask, _, _ = lower_inputs([pack])
        layers = network.lower.above(network.lower.base(ids, mask), mask)
        result.append(Encoded(pack, torch.cat(layers).half()))
    return result


def finish(
    head: WordHead, data: Sequence[Encoded], loss: Callable[[Tensor, Tensor], Tensor], epochs: int, rng: random.Random
) -> float:
    """Train `head` with a learning rate that falls to nothing. Returns the last epoch's mean loss."""
    optimiser = torch.optim.AdamW(head.parameters(), lr=_RATE, weight_decay=0.01)
    sizes = [len(one.pack.ids) for one in data]
    steps = epochs * len(by_length(data, sizes, _BATCH, random.Random(0)))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: max(0.0, 1 - step / steps))
    head.train()
    for _ in range(epochs):
        seen = []
        for batch in by_length(data, sizes, _BATCH, rng):
            value = loss(*_logits(head, batch))
            optimiser.zero_grad()
            value.backward()
            nn.utils.clip_grad_norm_(head.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            seen.append(float(value.detach()))
    return sum(seen) / len(seen)


def _logits(head: WordHead, batch: Sequence[Encoded]) -> tuple[Tensor, Tensor]:
    """Logits and gold of all words of the batch."""
    packs = [one.pack for one in batch]
    _, _, start, end = lower_inputs(packs)
    layers = pad_sequence([one.layers.transpose(0, 1) for one in batch], batch_first=True).float()
    logits = head(list(layers.unbind(2)), start, end)
    return losses.words_of(logits, packs)


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line's options."""
    parser = argparse.ArgumentParser(prog="python -m training.finish_heads", description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--germeval", type=Path, required=True)
    parser.add_argument("--treebanks", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Finish both heads, print before and after, write the new checkpoint."""
    options = arguments(argv)
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    network, vocabulary = new_network(options.checkpoint)
    pieces, rng = vocabulary.segmenter(), random.Random(options.seed)
    entities, held = tagged.germeval(options.germeval, pieces)
    tags, _ = tagged.treebanks(options.treebanks, pieces)
    for name, head, sentences, loss in (
        ("entities", network.lower.entities, entities, losses.entity_cross_entropy),
        ("tags", network.lower.tags, tags, losses.tag_cross_entropy),
    ):
        data = encode(network, tagged.packs(sentences, rng))
        print(f"{name}: loss {finish(head, data, loss, options.epochs, rng):.4f}", flush=True)
    save(network, options.out, finished=str(options.checkpoint.name), seed=options.seed)
    counts = measure.entity_counts(network, held[:400])
    print(f"entities, first 400 held-out sentences: {measure.f1(counts, sorted({k for k, _ in counts})):.3f}")


if __name__ == "__main__":
    main()
