"""How often the linker is right on annotated articles, given the right spans.

    python -m services.extraction.linking.measure GOLD.jsonl [--errors N] [--slot SLOT]

Prints for each party slot the share of right codes (null counts as a code) and of right names, for places the share of
right countries, and the errors with their context.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from services.extraction.linking.article import ArticleContext, load_linker

PARTY_SLOTS = ("speaker", "actor", "supplier", "recipient", "attribution", "addressee", "beneficiary")
PLACE_SLOTS = ("origin", "destination")
_ARTICLES = ("der", "die", "das", "den", "dem", "des", "ein", "eine", "einen", "einem", "einer", "eines")
_STOP = frozenset((*_ARTICLES, "und", "auch", "seine", "seiner", "seinen", "ihre", "ihrer", "ihren"))


def sentences(text: str) -> list[tuple[int, int]]:
    """A plain sentence splitter, enough to measure with; the pipeline has a better one."""
    ends = [m.end() for m in re.finditer(r"(?<![A-Z0-9]\.)(?<=[.!?“\"])\s+(?=[A-ZÄÖÜ„\"»])|\n+", text)]
    starts = [0, *ends]
    return [(a, b) for a, b in zip(starts, [*ends, len(text)], strict=True) if a < b]


def same_name(a: str | None, b: str | None) -> bool:
    """The comparison of names in the project's scorer: same words, same last word, or one within the other."""
    left, right = ([w for w in re.findall(r"\w+", (x or "").lower()) if w not in _STOP] for x in (a, b))
    if not left or not right:
        return False
    return left == right or left[-1] == right[-1] or set(left) <= set(right) or set(right) <= set(left)


def spans(article: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every annotated party and place of an article with its slot."""
    for event in article["events"]:
        for slot in PARTY_SLOTS:
            for party in event.get(slot) or []:
                yield slot, party
        for slot in PLACE_SLOTS:
            if event.get(slot):
                yield slot, event[slot]


def measure(path: Path) -> tuple[Counter[tuple[str, str]], list[str], float]:
    """Counts by slot, error lines, and seconds for an article of average length."""
    linker = load_linker()
    counts: Counter[tuple[str, str]] = Counter()
    errors: list[str] = []
    spent, articles = 0.0, 0
    for line in path.read_text(encoding="utf-8").splitlines():
        article = json.loads(line)
        start = time.process_time()
        context = linker.article(article["text"], article.get("title"), sentences(article["text"]))
        found = [
            (slot, gold, _link(context, slot, gold)) for slot, gold in spans(article) if gold.get("start") is not None
        ]
        spent, articles = spent + time.process_time() - start, articles + 1
        for slot, gold, (value, name, rule) in found:
            wanted = gold.get("country" if slot in PLACE_SLOTS else "code")
            counts[slot, "all"] += 1
            counts[slot, "name"] += same_name(name, gold.get("name"))
            counts[slot, "right"] += value == wanted
            if value != wanted:
                errors.append(_line(article, slot, gold, f"{wanted} ≠ {value} ({name}; {rule})"))
    return counts, errors, spent / max(1, articles)


def _link(context: ArticleContext, slot: str, gold: dict[str, Any]) -> tuple[str | None, str, str]:
    if slot in PLACE_SLOTS:
        place = context.place(gold["start"], gold["end"])
        return place.country, place.name, place.rule
    party = context.party(gold["start"], gold["end"])
    return party.code, party.name, party.rule


def _line(article: dict[str, Any], slot: str, gold: dict[str, Any], verdict: str) -> str:
    text, start, end = article["text"], gold["start"], gold["end"]
    context = f"{text[max(0, start - 90) : start]}[{text[start:end]}]{text[end : end + 50]}".replace("\n", " ")
    return f"{article['id']} {slot}: {gold.get('name')!r} {verdict} | {context}"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def main() -> None:
    """Measure the file named on the command line and print the figures."""
    parser = argparse.ArgumentParser(description="accuracy of the linker given gold spans")
    parser.add_argument("gold", type=Path)
    parser.add_argument("--errors", type=int, default=0, metavar="N", help="print the first N errors")
    parser.add_argument("--slot", help="errors of this slot only")
    arguments = parser.parse_args()
    counts, errors, seconds = measure(arguments.gold)
    for slot in (*PARTY_SLOTS, *PLACE_SLOTS):
        total = counts[slot, "all"]
        if total:
            _say(f"{slot:<12} {counts[slot, 'right'] / total:.3f}  names {counts[slot, 'name'] / total:.3f}  ({total})")
    for title, group in (("party codes", PARTY_SLOTS), ("countries", PLACE_SLOTS)):
        total = sum(counts[slot, "all"] for slot in group)
        _say(f"{title:<12} {sum(counts[slot, 'right'] for slot in group) / max(1, total):.3f}  ({total})")
    _say(f"{1000 * seconds:.2f} ms an article")
    for line in [e for e in errors if not arguments.slot or f" {arguments.slot}: " in e][: arguments.errors]:
        _say(line)


if __name__ == "__main__":
    main()
