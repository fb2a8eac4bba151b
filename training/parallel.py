"""Several processes train one network: each takes its share of the batches, and every so many steps all take the mean
of their weights (local SGD: Stich 2019, "Local SGD Converges Fast and Communicates Little"). Two cores do in this way
twice the batches of one; the products of matrices here are too small for two threads to gain as much.
"""

import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor, distributed
from torch.multiprocessing.spawn import spawn

Batch = TypeVar("Batch")
Options = TypeVar("Options")

TOGETHER = 50  # steps between two means


@dataclass(frozen=True)
class Crew:
    """The processes of a run, as one of them sees it. Alone, nothing is exchanged.

    Args:
        rank: which of them this one is, from 0; the first measures and writes.
        size: how many there are.
    """

    rank: int = 0
    size: int = 1

    def share(self, batches: Sequence[Batch]) -> list[Batch]:
        """This process's part; all parts are equally long, so that nobody waits for one who has finished."""
        return list(batches[self.rank :: self.size][: len(batches) // self.size])

    def average(self, parameters: Iterable[Tensor]) -> None:
        """Set the parameters to their mean over all processes. All must call it equally often."""
        if self.size > 1:
            for parameter in parameters:
                distributed.all_reduce(parameter.data)
                parameter.data /= self.size

    def finished(self, flag: bool, step: int) -> bool:
        """Whether all stop now: alone at once, together at the next mean after one of them wants to."""
        if self.size == 1:
            return flag
        if step % TOGETHER:
            return False
        wish = torch.tensor(float(flag))
        distributed.all_reduce(wish, distributed.ReduceOp.MAX)
        return bool(wish)


def run(work: Callable[[Crew, Options], None], options: Options, processes: int) -> None:
    """Call `work(crew, options)` in so many processes and wait for them.

    Raises:
        torch.multiprocessing.ProcessRaisedException: one of them failed; the others are ended.
    """
    if processes == 1:
        work(Crew(), options)
        return
    with tempfile.TemporaryDirectory() as folder:
        spawn(_member, (work, options, processes, Path(folder) / "meeting"), nprocs=processes)


def _member(rank: int, work: Callable[[Crew, Options], None], options: Options, processes: int, meeting: Path) -> None:
    distributed.init_process_group("gloo", init_method=meeting.as_uri(), rank=rank, world_size=processes)
    try:
        work(Crew(rank, processes), options)
        distributed.barrier()
    finally:
        distributed.destroy_process_group()
