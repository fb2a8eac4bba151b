"""How the weights move: AdamW with rates by layer, rising and falling with the run, and the average that is kept."""

import time

import torch
from torch import nn

from training.model import LOWER_LAYERS, UPPER_LAYERS, Network

_RATE, _HEAD_RATE, _DECAY = 2e-4, 1e-3, 0.9  # of the top layer, of the heads, from layer to layer downwards
_WARM_UP, _LAST = 0.05, 0.02
_AVERAGE = 0.998


def trained(network: nn.Module) -> list[nn.Parameter]:
    """The parameters that training moves."""
    return [parameter for parameter in network.parameters() if parameter.requires_grad]


class Average:
    """The exponential moving average of the trained parameters; it generalises better than the last step."""

    def __init__(self, network: nn.Module) -> None:
        self._live = trained(network)
        self._mean = [p.detach().clone() for p in self._live]
        self._steps = 0

    def update(self) -> None:
        """Take in the present values; the first steps count more, so that the random start is soon forgotten."""
        self._steps += 1
        decay = min(_AVERAGE, (1 + self._steps) / (10 + self._steps))
        torch._foreach_lerp_(self._mean, [p.detach() for p in self._live], 1 - decay)

    def swap(self) -> None:
        """Exchange the averaged and the live values; a second call undoes it."""
        for live, mean in zip(self._live, self._mean, strict=True):
            kept = live.detach().clone()
            live.data.copy_(mean)
            mean.copy_(kept)


class Progress:
    """How much of the training is done, 0 to 1, by the clock or by steps."""

    def __init__(self, steps: int, minutes: float | None) -> None:
        self._begin, self._steps, self._minutes = time.monotonic(), steps, minutes

    def __call__(self, step: int) -> float:
        """The share done after `step` steps."""
        if self._minutes is None:
            return step / self._steps
        return (time.monotonic() - self._begin) / (60 * self._minutes)


def rate(progress: float) -> float:
    """The factor of the learning rates: a linear rise, then a linear fall."""
    return min(1.0, (progress + 1e-3) / _WARM_UP) * max(_LAST, 1.0 - progress)


def optimiser(network: Network) -> torch.optim.Optimizer:
    """AdamW; lower layers move less, vectors (biases, norms) do not decay."""
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            key = _rate_of(name), 0.0 if parameter.dim() == 1 or "relative" in name or "sentence" in name else 0.01
            groups.setdefault(key, []).append(parameter)
    return torch.optim.AdamW(
        [{"params": ps, "lr": lr, "base": lr, "weight_decay": decay} for (lr, decay), ps in groups.items()],
        fused=True,
    )


def _rate_of(name: str) -> float:
    layers = LOWER_LAYERS + UPPER_LAYERS
    for prefix, below in (("lower.layers.", 0), ("upper.layers.", LOWER_LAYERS)):
        if name.startswith(prefix):
            return _RATE * _DECAY ** (layers - 1 - below - int(name.split(".")[2]))
    return _HEAD_RATE
