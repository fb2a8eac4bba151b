"""How far `confidence` can be believed: records beside gold events, and the table made of them."""

from tests.findings import article, findings
from training.reliability import judged, table


def test_one_gold_event_makes_the_surest_record_right() -> None:
    first, second, *_ = findings(article())
    gold = [{"type": first.type, "anchor": {"start": first.anchor.start, "end": first.anchor.end}}]
    less = first.model_copy(update={"confidence": 0.6})
    more = first.model_copy(update={"confidence": 0.9})
    other = second.model_copy(update={"confidence": 0.75})
    unsure = first.model_copy(update={"confidence": None})
    assert judged([less, other, more, unsure], gold) == [(0.9, True), (0.75, False), (0.6, False)]


def test_each_span_tells_mean_confidence_and_share_of_events() -> None:
    lines = table({"dev": [(0.9, True), (0.94, False), (1.0, True)], "none": []}).splitlines()
    assert lines[0] == "| confidence | dev | none |"
    assert "| 0.9–0.95 | 2: 0.92 → 0.50 | – |" in lines
    assert "| 0.95–1 | 1: 1.00 → 1.00 | – |" in lines
    assert lines[-1] == "| expected calibration error | 0.280 | 0.000 |"
