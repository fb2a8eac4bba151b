"""Average checkpoints of one network: `python -m training.average OUT CHECKPOINT CHECKPOINT …`.

Runs that start from the same weights and differ in seed and order end near each other; the mean of their weights
errs less than each of them (Wortsman et al. 2022, "Model soups"). It costs nothing at run time.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor


def mean(states: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    """The mean of each parameter.

    Raises:
        ValueError: the checkpoints hold different parameters.
    """
    first, *others = states
    if any(other.keys() != first.keys() for other in others):
        raise ValueError("these checkpoints are not of one network: they hold different parameters")
    return {name: torch.stack([state[name].float() for state in states]).mean(0) for name in first}


def main(argv: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m training.average", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("checkpoints", type=Path, nargs="+")
    options = parser.parse_args(argv)
    try:
        states = [torch.load(path, weights_only=True)["state"] for path in options.checkpoints]
        torch.save({"state": mean(states), "about": {"mean_of": [p.name for p in options.checkpoints]}}, options.out)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
