"""Thresholds and confidences of the detector, fitted on held-out articles with the int8 network as it is shipped."""

import json
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

TYPES = ("deployment", "supply", "statement")


def _all(value: float) -> dict[str, float]:
    return dict.fromkeys(TYPES, value)


@dataclass(frozen=True)
class Calibration:
    """What turns the network's numbers into decisions.

    `candidates`: probability of an anchor, by type, over which a word is read once more. `thresholds`: verdict, by
    type, over which it is an event. `slots`: log odds, by field of the record, over which a slot is filled; 0 where
    not named. `curves`: by type, points (verdict, share of events among candidates of that verdict), both rising.
    `document`: confidence that one finding of a text must reach, else the text is about something else and has none.
    """

    candidates: Mapping[str, float] = field(default_factory=lambda: _all(0.2))
    thresholds: Mapping[str, float] = field(default_factory=lambda: _all(0.5))
    slots: Mapping[str, float] = field(default_factory=dict)
    curves: Mapping[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)
    document: float = 0.0

    def confidence(self, kind: str, verdict: float) -> float:
        """The share of events among findings with this verdict: linear between the curve's points."""
        points = self.curves.get(kind)
        if not points:
            return verdict
        position = bisect_right([x for x, _ in points], verdict)
        if position == 0:
            return points[0][1]
        if position == len(points):
            return points[-1][1]
        (x0, y0), (x1, y1) = points[position - 1], points[position]
        return y0 + (y1 - y0) * (verdict - x0) / (x1 - x0)

    def to_bytes(self) -> bytes:
        """The calibration as UTF-8 JSON."""
        return json.dumps(asdict(self), indent=1).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Calibration":
        """Reads what `to_bytes` wrote.

        Raises:
            ValueError: the bytes are not such a calibration.
        """
        try:
            content = json.loads(data)
            curves = {kind: tuple((x, y) for x, y in points) for kind, points in content["curves"].items()}
            return cls(content["candidates"], content["thresholds"], content["slots"], curves, content["document"])
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError(f"not a calibration of the detector: {error!r}") from error
