"""The measurements as the Markdown tables of docs/performance.md."""

from collections.abc import Iterable, Sequence

from tests.bench.plan import Measurements
from tests.bench.stream import Passage

HOUR = 3600.0
OWN = "extractor's own process"


def markdown(found: Measurements) -> str:
    """All tables."""
    parts = (_goals, _cpu, _parts, _workers, _lengths, _cost)
    return "\n\n".join([f"Machine: {found.machine}; articles of {found.words:.0f} words.", *(p(found) for p in parts)])


def _goals(found: Measurements) -> str:
    one, two, half = found.stream[1], found.stream[2], found.half
    assert half is not None, "measured with the others"
    rows = [
        ("end to end beside bare, one process", f"{one.rate / found.bare[1]:.2f}", "≥ 0.9"),
        ("end to end beside bare, two processes", f"{two.rate / found.bare[2]:.2f}", "≥ 0.9"),
        ("two extractors beside one", f"{two.rate / one.rate:.2f}", "≥ 1.8"),
        ("bare: two processes beside one", f"{found.bare[2] / found.bare[1]:.2f}", "what the machine gives"),
        (f"95 % of articles are rows at half load ({found.half_rate:.1f} a second)", _seconds(half, 0.95), "< 2 s"),
        ("half of them", _seconds(half, 0.5), ""),
        ("start of extractor and sink to the first row", f"{found.first_row:.1f} s", "< 10 s"),
    ]
    return _table(("measure", "reached", "to reach"), rows)


def _seconds(passage: Passage, share: float) -> str:
    return f"{passage.percentile(share):.2f} s"


def _cpu(found: Measurements) -> str:
    one = found.stream[1]
    total = sum(one.cpu.values())
    rows = [(part, f"{1000 * used / one.articles:.1f}", f"{used / total:.1%}") for part, used in one.cpu.items()]
    return _table(("processor time, one extractor", "ms an article", "share"), rows)


def _parts(found: Measurements) -> str:
    return _table(
        ("extractor and worker, by sampled stacks", "share"),
        [(part, f"{share:.1%}") for part, share in found.parts.items()],
    )


def _workers(found: Measurements) -> str:
    pool = found.pool
    assert pool is not None, "measured with the others"
    rows = [
        ("1 process, bare", "–", f"{found.bare[1]:.2f}"),
        ("2 processes, bare", "–", f"{found.bare[2]:.2f}"),
        ("1 extractor of 1 process", "4", f"{found.stream[1].rate:.2f}"),
        ("1 extractor of 2 processes", "4", f"{pool.rate:.2f}"),
        *(
            ("2 extractors of 1 process", str(partitions), f"{found.partitions[partitions].rate:.2f}")
            for partitions in sorted(found.partitions)
        ),
    ]
    return _table(("workers", "partitions", "articles a second"), rows)


def _lengths(found: Measurements) -> str:
    rows = [
        (f"{words:.0f}", f"{rate:.2f}", f"{words * rate:.0f}", f"{1e6 / rate / HOUR:.0f}")
        for words, rate in found.lengths.values()
    ]
    return _table(("words of an article", "articles a second", "words a second", "core hours a million articles"), rows)


def _cost(found: Measurements) -> str:
    one = found.stream[1]
    each = {part: used / one.articles for part, used in one.cpu.items()}
    rows = [
        ("core hours, worker processes", f"{each['worker processes'] * 1e6 / HOUR:.0f}"),
        (f"core hours, {OWN}", f"{each[OWN] * 1e6 / HOUR:.1f}"),
        ("core hours, sink", f"{each['sink'] * 1e6 / HOUR:.1f}"),
        ("core hours, broker", f"{each['broker'] * 1e6 / HOUR:.1f}"),
        ("GB in Kafka, articles, events and receipts, compressed", f"{found.bytes_kafka / 1e3:.2f}"),
        ("GB in SQLite", f"{found.bytes_database / 1e3:.2f}"),
        (
            "worker processes that one extractor's own process can feed",
            f"{_ratio(each, OWN):.0f}",
        ),
        ("worker processes that one sink can follow", f"{_ratio(each, 'sink'):.0f}"),
        ("worker processes that one core of the broker can carry", f"{_ratio(each, 'broker'):.0f}"),
    ]
    return _table((f"a million articles of {found.words:.0f} words", "figure"), rows)


def _ratio(each: dict[str, float], part: str) -> float:
    return each["worker processes"] / max(each[part], 1e-6)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
