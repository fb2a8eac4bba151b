"""Train the network: `python -m training.train --out DIR [--minutes M | --epochs N]`. Data: see training/README.md.

With `--epochs` a run is repeatable to the bit on one machine, with the same number of processes. With `--minutes` the
learning rate follows the clock, so that a run of a given length ends with a low rate; how many steps it took stands in
the log.
"""

import argparse
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from services.extraction.language.chunks import chunks
from services.extraction.language.pieces import PieceVocabulary
from training import corpus, losses, measure, standoff, tagged, weights
from training.batches import Example, by_length
from training.model import LOWER_LAYERS, UPPER_LAYERS, Network
from training.optimise import Average, Progress, optimiser, rate, trained
from training.parallel import TOGETHER, Crew, run

_BATCH = 1000  # subtokens of a batch of chunks
_TAGGED_BATCH = 384  # subtokens of a batch of packs
# Each epoch cuts the articles anew, so that an event is seen with different contexts and positions.
_CUTS = ({"core": 200, "left": 40, "right": 16}, {"core": 180, "left": 40, "right": 16})


@dataclass(frozen=True)
class Data:
    """Everything that is trained on: articles, sentences with entities, sentences with tags."""

    articles: list[dict[str, Any]]
    entities: list[tagged.Sentence]
    tags: list[tagged.Sentence]


def examples(articles: Sequence[dict[str, Any]], pieces: PieceVocabulary, **cut: int) -> list[Example]:
    """The chunks of the articles with their events."""
    return [
        Example(chunk, tuple(corpus.targets(chunk, article["text"], article["events"])))
        for article in articles
        for chunk in chunks(article["text"], pieces.encode, **cut)
    ]


def endless(sentences: Sequence[tagged.Sentence], rng: random.Random) -> Iterator[list[tagged.Pack]]:
    """Batches of packs, shuffled and packed anew each time round; none without sentences."""
    while sentences:
        packs = tagged.packs(sentences, rng)
        yield from by_length(packs, [len(p.ids) for p in packs], _TAGGED_BATCH, rng)


class Trainer:
    """Network, optimiser and average, and one step over them; one of a crew, or alone."""

    def __init__(self, network: Network, data: Data, pieces: PieceVocabulary, seed: int, crew: Crew) -> None:
        self.network, self.crew = network, crew
        self._order = random.Random(seed)  # the same in all processes, which share the batches out
        self.rng = random.Random(f"{seed} {crew.rank}")
        self.cuts = [examples(data.articles, pieces, **cut) for cut in _CUTS]
        self.weights = losses.class_weights(t for example in self.cuts[0] for t in example.targets)
        self.optimiser = optimiser(network)
        self.average = Average(network)
        self._entities, self._tags = endless(data.entities, self.rng), endless(data.tags, self.rng)
        self.seen: Counter[str] = Counter()

    def batches(self, epoch: int) -> list[list[Example]]:
        """This process's batches of one pass over the articles."""
        cut = self.cuts[epoch % len(self.cuts)]
        return self.crew.share(by_length(cut, [len(example.chunk.ids) for example in cut], _BATCH, self._order))

    def step(self, number: int, batch: Sequence[Example], factor: float) -> None:
        """One batch of events and, in turn, one of entities (three of four times) or tags."""
        for group in self.optimiser.param_groups:
            group["lr"] = group["base"] * factor
        self._backward(losses.event_losses(self.network, batch, self.weights))
        if number % 4 == 3 and (packs := next(self._tags, None)):
            self._backward({"tags": losses.tag_loss(self.network, packs)})
        elif packs := next(self._entities, None):
            self._backward({"entities": losses.entity_loss(self.network, packs)})
        norm = nn.utils.clip_grad_norm_(trained(self.network), 1.0)
        self.seen.update({"norm": float(norm), "steps": 1})
        self.optimiser.step()
        self.optimiser.zero_grad()
        if (number + 1) % TOGETHER == 0:
            self.crew.average(trained(self.network))
        self.average.update()

    def _backward(self, parts: dict[str, Tensor]) -> None:
        torch.stack(list(parts.values())).sum().backward()
        for name, value in parts.items():
            self.seen[name] += float(value.detach())
            self.seen[f"n {name}"] += 1

    def report(self) -> str:
        """Means since the last report."""
        steps = self.seen.pop("steps")
        means = {"norm": self.seen["norm"] / steps} | {
            name[2:]: self.seen[name[2:]] / n for name, n in self.seen.items() if name.startswith("n ")
        }
        self.seen = Counter()
        return " ".join(f"{name} {value:.3f}" for name, value in means.items())


def save(network: Network, path: Path, **about: Any) -> None:
    """Write the parameters, without the piece embeddings, which training leaves as they came."""
    state = {k: v for k, v in network.state_dict().items() if k != "lower.embeddings.words.weight"}
    torch.save({"state": state, "about": about}, path)


def new_network(checkpoint: Path | None = None) -> tuple[Network, weights.Vocabulary]:
    """The network with the pretrained encoder, and if given a checkpoint's parameters over it."""
    state, shape, vocabulary = weights.load(LOWER_LAYERS + UPPER_LAYERS)
    network = Network(shape)
    network.load_encoder(state)
    if checkpoint:
        saved = torch.load(checkpoint, weights_only=True)["state"]
        missing, unexpected = network.load_state_dict(saved, strict=False)
        if unexpected or missing != ["lower.embeddings.words.weight"]:
            raise ValueError(f"{checkpoint} is of another network: missing {missing}, unexpected {unexpected}")
    return network, vocabulary


def train(
    trainer: Trainer, epochs: int, minutes: float | None, after_epoch: Callable[[int], None], log_every: int = 25
) -> None:
    """Run epochs until all is done; the last one may be cut short by the clock."""
    steps = epochs * len(trainer.batches(0))
    progress = Progress(steps, minutes)
    begin, step = time.monotonic(), 0
    for epoch in count() if minutes is not None else range(epochs):
        trainer.network.train()
        for batch in trainer.batches(epoch):
            done = progress(step)
            if trainer.crew.finished(done >= 1.0, step):
                after_epoch(epoch)
                return
            trainer.step(step, batch, rate(done))
            step += 1
            if step % log_every == 0 and trainer.crew.rank == 0:
                seconds = time.monotonic() - begin
                print(f"{step} {done:.3f} {seconds:.0f}s {trainer.report()}", flush=True)
        after_epoch(epoch)


def corpus_options(parser: argparse.ArgumentParser) -> None:
    """The options that `training_articles` reads."""
    parser.add_argument("--passages", type=Path, default=corpus.PASSAGES)
    parser.add_argument("--wikinews", type=Path, help="annotated Wikinews articles")
    parser.add_argument("--wikinews-raw", type=Path, help="texts of the articles in corpus/wikinews.jsonl")


def training_articles(options: argparse.Namespace) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The annotated articles that are trained on, and the passages that are held out."""
    articles, held = corpus.split(corpus.read(options.passages), 5)
    if options.wikinews:
        more, _ = corpus.split(corpus.read(options.wikinews), 10)
        articles += more
    if options.wikinews_raw:
        articles += standoff.joined(corpus.read(standoff.WIKINEWS), corpus.read(options.wikinews_raw))
    return articles, held


def load_data(options: argparse.Namespace, pieces: PieceVocabulary) -> tuple[Data, measure.Held]:
    """What the options name, parted into what is trained on and what only measures."""
    articles, held = training_articles(options)
    entities, held_entities = tagged.germeval(options.germeval, pieces) if options.germeval else ([], [])
    tags, tests = tagged.treebanks(options.treebanks, pieces) if options.treebanks else ([], {})
    dev = corpus.read(options.dev) if options.dev else []
    return Data(articles, entities, tags), measure.Held({"held-out": held, "dev": dev}, held_entities, tests)


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line's options."""
    parser = argparse.ArgumentParser(prog="python -m training.train", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoints")
    corpus_options(parser)
    parser.add_argument("--germeval", type=Path, help="folder with dev.tsv and test.tsv")
    parser.add_argument("--treebanks", type=Path, help="folder with gsd-dev, gsd-test and pud .conllu")
    parser.add_argument("--dev", type=Path, help="articles that are only measured on")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--minutes", type=float, help="follow the clock instead of the number of epochs")
    parser.add_argument("--init", type=Path, help="go on from this checkpoint")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=1, help="train in parallel, one process a core")
    return parser.parse_args(argv)


def work(crew: Crew, options: argparse.Namespace) -> None:
    """One process's run: train, and if it is the first write a checkpoint after every epoch and at the end."""
    torch.set_num_threads(1)
    torch.manual_seed(options.seed + 1000 * crew.rank)
    network, vocabulary = new_network(options.init)
    pieces = vocabulary.segmenter()
    data, held = load_data(options, pieces)
    trainer = Trainer(network, data, pieces, options.seed, crew)
    if crew.rank == 0:
        print(f"{len(data.articles)} articles, {len(trainer.cuts[0])} chunks, {crew.size} process(es)", flush=True)

    def after_epoch(epoch: int) -> None:
        if crew.rank == 0:
            trainer.average.swap()
            save(network, options.out / f"epoch{epoch + 1:02}.pt", epoch=epoch + 1, seed=options.seed)
            figures = measure.quick(network, held, pieces)
            print(f"epoch {epoch + 1} {json.dumps(figures)}", flush=True)
            trainer.average.swap()

    train(trainer, options.epochs, options.minutes, after_epoch)
    trainer.average.swap()
    crew.average(trained(network))
    if crew.rank == 0:
        save(network, options.out / "final.pt", seed=options.seed)


def main(argv: Sequence[str] | None = None) -> None:
    """The command."""
    options = arguments(argv)
    options.out.mkdir(parents=True, exist_ok=True)
    run(work, options, options.processes)


if __name__ == "__main__":
    main()
