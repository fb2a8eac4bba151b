"""What is lost after detection: records made from the annotators' own spans, scored against the annotation.

The gold anchors and slot spans of an annotated file become `Finding`s, as a perfect detector would leave them;
`services.extraction.records` makes records of them. What the scorer then reports as wrong is due to linking, amounts,
dates, attribution and joined parties, not to detection.

    measure_records.py GOLD.jsonl OUT.jsonl [--causes N]     then: score.py GOLD.jsonl OUT.jsonl
"""

import argparse
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from schemas import Article, extraction_id, write
from services.extraction.findings import PARTY_SLOTS, SLOTS, Finding, Offsets
from services.extraction.language.sentences import sentence_spans
from services.extraction.pipeline import Extractor, load
from services.extraction.records import Recorder

Annotated = dict[str, Any]
_BETWEEN = re.compile(r"\s*(?:,|und|sowie|oder)\s*(?:(?:der|die|das|den|dem|des|von)\s+)?")
VALUE_FIELDS = {"quantity": ("min", "max"), "origin": ("country",), "destination": ("country",)}
VERSION = "gold spans"
LABELS = ("status", "reported", "movement", "category", "kind")


def read(path: Path) -> Iterator[Annotated]:
    """The annotated articles of a JSON Lines file."""
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, filter(str.strip, lines))


def finding(event: Annotated, text: str, *, joined: bool = False) -> Finding:
    """The annotated event as a perfect detector would have found it: spans and labels, no names, no sources.

    With `joined`, parties side by side come as one span, as a detector with one span a slot gives them.
    """
    slots: dict[str, tuple[Offsets, ...]] = {}
    for name in SLOTS[event["type"]]:
        value = event.get(name)
        if name == "attribution":
            continue  # what is measured
        if name in PARTY_SLOTS[event["type"]]:
            spans = tuple(offsets(party) for party in value or ())
            slots[name] = _joined(text, spans) if joined else spans
        elif value:
            slots[name] = (offsets(value),)
    labels = {name: event[name] for name in LABELS if name in event}
    return Finding(event["type"], offsets(event["anchor"]), offsets(event["evidence"]), slots, labels)


def _joined(text: str, spans: tuple[Offsets, ...]) -> tuple[Offsets, ...]:
    """Neighbouring spans with nothing but a comma, "und" or articles between them as one."""
    result: list[Offsets] = []
    for span in sorted(spans):
        if result and _BETWEEN.fullmatch(text[result[-1][1] : span[0]]):
            result[-1] = (result[-1][0], span[1])
        else:
            result.append(span)
    return tuple(result)


def offsets(span: Annotated) -> Offsets:
    """Start and end of an annotated span."""
    return span["start"], span["end"]


def article_of(annotated: Annotated) -> Article:
    """The article without its annotation."""
    return Article(**{name: value for name, value in annotated.items() if name in Article.model_fields})


def records(extractor: Extractor, annotated: Annotated, *, joined: bool) -> list[bytes]:
    """The records made from the annotated spans of one article, as JSON."""
    article = article_of(annotated)
    doc = extractor.read(article)
    recorder = Recorder(
        article,
        doc._.context,
        sentence_spans(doc),
        extractor=VERSION,
        extraction=extraction_id(article, VERSION),
    )
    found = [finding(event, article.text, joined=joined) for event in annotated["events"]]
    return [write(record) for record in recorder.records(found)]


def main() -> None:
    """Write the records; with --causes, print the slots that differ most often, with examples."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("gold", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--joined", action="store_true", help="give joined parties as one span, as a detector does")
    parser.add_argument("--causes", type=int, default=0, metavar="N", help="print N examples of each slot that differs")
    arguments = parser.parse_args()
    extractor = load()
    causes: dict[str, list[str]] = defaultdict(list)
    with arguments.out.open("wb") as out:
        for annotated in read(arguments.gold):
            lines = records(extractor, annotated, joined=arguments.joined)
            out.writelines(line + b"\n" for line in lines)
            for slot, example in differences(annotated, [json.loads(line) for line in lines]):
                causes[slot].append(example)
    for slot, examples in sorted(causes.items(), key=lambda item: -len(item[1])):
        print(f"{slot}: {len(examples)}")
        for example, times in Counter(examples).most_common(arguments.causes):
            print(f"    {times} x {example}")


def differences(annotated: Annotated, made: list[Annotated]) -> Iterator[tuple[str, str]]:
    """Slots whose name, code, bounds or place differ from the annotation, told by the anchor's offsets and order."""
    pending: dict[tuple[str, int], list[Annotated]] = defaultdict(list)
    for record in made:
        pending[record["type"], record["anchor"]["start"]].append(record)
    for event in annotated["events"]:
        same = pending[event["type"], event["anchor"]["start"]]
        if not same:
            yield "record", f"none for {event['type']} {event['anchor']['text']!r}"
            continue
        record = min(same, key=lambda candidate: _distance(event, candidate))
        same.remove(record)
        for slot in (*PARTY_SLOTS[event["type"]], "attribution"):
            yield from _party_differences(slot, event.get(slot) or [], record[slot])
        for slot, fields in VALUE_FIELDS.items():
            gold, value = event.get(slot), record.get(slot)
            for name in fields if gold else ():
                if value is None or gold[name] != value[name]:
                    yield f"{slot}.{name}", f"{gold['text']!r}: {gold[name]} -> {value and value[name]}"
        for name in ("category", "quoted", "reported"):
            if name in event and event[name] != record[name]:
                yield name, f"{event['anchor']['text']!r}: {event[name]} -> {record[name]}"


def _distance(event: Annotated, record: Annotated) -> int:
    slots = set(SLOTS[event["type"]]) - set(PARTY_SLOTS[event["type"]]) - {"attribution"}
    return sum((event.get(name) or {}).get("start") != (record.get(name) or {}).get("start") for name in slots)


def _party_differences(slot: str, gold: list[Annotated], made: list[Annotated]) -> Iterator[tuple[str, str]]:
    for party in gold:
        same = [other for other in made if other["start"] < party["end"] and party["start"] < other["end"]]
        if not same:
            yield f"{slot} missing", f"{party['text']!r} ({party['name']})"
        elif all(other["code"] != party["code"] for other in same):
            yield f"{slot}.code", f"{party['text']!r} ({party['name']}): {party['code']} -> {same[0]['code']}"
    if len(made) > len(gold):
        yield f"{slot} too many", f"{[party['text'] for party in made]}, not {[party['text'] for party in gold]}"


if __name__ == "__main__":
    main()
