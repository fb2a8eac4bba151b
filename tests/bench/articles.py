"""Articles to measure with: made of the training passages, of a given length, evenly spread over the partitions."""

import json
from collections.abc import Iterator
from itertools import count, cycle
from pathlib import Path

from aiokafka.partitioner import DefaultPartitioner

from schemas import Article

PASSAGES = Path(__file__).parents[2] / "training" / "corpus" / "passages.jsonl"


def texts(words: int | None) -> Iterator[str]:
    """Texts without end: the passages as they are (None), or joined until each has so many words at least."""
    passages = cycle([json.loads(line)["text"] for line in PASSAGES.read_text(encoding="utf-8").splitlines()])
    if words is None:
        yield from passages
    for passage in passages:
        text = passage
        while len(text.split()) < words:
            text = f"{text}\n\n{next(passages)}"
        yield text


def make(number: int, name: str, *, words: int | None = None, partitions: int = 4) -> list[Article]:
    """So many articles, whose ids begin with `name`, dealt out to the partitions in turn.

    Few keys fall unevenly on few partitions, and the fullest then decides: that would measure the luck of the hash.
    """
    partition_of = DefaultPartitioner()
    everywhere = list(range(partitions))
    made: list[Article] = []
    numbers = count()
    for turn, text in zip(range(number), texts(words), strict=False):
        fitting = (
            f"{name}-{n}"
            for n in numbers
            if partition_of(f"{name}-{n}".encode(), everywhere, everywhere) == turn % partitions
        )
        made.append(Article(id=next(fitting), text=text))
    return made


def mean_words(articles: list[Article]) -> float:
    """Words of an article, on average."""
    return sum(len(article.text.split()) for article in articles) / len(articles)
