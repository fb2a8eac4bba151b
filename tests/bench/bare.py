"""The extractor alone: `nlp` over each article and records from it, in processes of its own, nothing else."""

import multiprocessing
import os
import time
from collections.abc import Sequence
from multiprocessing.synchronize import Barrier

from schemas import Article, write


def articles_a_second(articles: Sequence[Article], processes: int) -> float:
    """Articles a second, of all processes together, loading and the first articles left out."""
    os.environ["OMP_NUM_THREADS"] = "1"
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(processes + 1)
    workers = [
        context.Process(target=_extract, args=(list(articles[first::processes]), barrier)) for first in range(processes)
    ]
    for worker in workers:
        worker.start()
    barrier.wait()
    started = time.perf_counter()
    barrier.wait()
    took = time.perf_counter() - started
    for worker in workers:
        worker.join()
    return len(articles) / took


def _extract(articles: list[Article], barrier: Barrier) -> None:
    from services.extraction import load_extractor

    extractor = load_extractor()
    # The first articles load tables and fill caches, here as in a service that has just started.
    for events in extractor.extract(articles[:4]):
        _bytes(events)
    barrier.wait()
    for events in extractor.extract(articles):
        _bytes(events)
    barrier.wait()


def _bytes(events: Sequence[object]) -> int:
    return sum(len(write(event)) for event in events)  # type: ignore[arg-type] # events are models
