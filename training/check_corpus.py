"""Check annotated articles and count what is in them: `python -m training.check_corpus [FILE …]`.

Exit status 1 if anything is wrong: a text that is not what its offsets say, a value that the scheme lacks, a field that
does not belong to the type, an event outside its evidence, the same event twice.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from training import corpus
from training.scheme import FIELDS, LABELS, LABELS_OF, TYPES

_COMMON = frozenset({"type", "evidence", "anchor"})
_LISTS = frozenset({"actor", "beneficiary", "supplier", "recipient", "speaker", "addressee", "attribution"})
_ARTICLE = ("id", "title", "language", "source", "published_at", "text", "events")


def problems(articles: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A sentence for everything that is wrong."""
    ids = Counter(article.get("id") for article in articles)
    for article in articles:
        name = article.get("id", "?")
        if ids[name] > 1:
            yield f"{name}: the id occurs {ids[name]} times"
        missing = [key for key in _ARTICLE if key not in article]
        if missing:
            yield f"{name}: lacks {', '.join(missing)}"
            continue
        for number, event in enumerate(article["events"]):
            yield from (f"{name} event {number}: {what}" for what in _event_problems(article["text"], event))
        yield from (f"{name}: {what}" for what in _repeated(article["events"]))


def _event_problems(text: str, event: Mapping[str, Any]) -> Iterator[str]:
    kind = event.get("type")
    if kind not in TYPES:
        yield f"type {kind!r} is none of {', '.join(TYPES)}"
        return
    fields = set(FIELDS[kind].values())
    expected = _COMMON | fields | set(LABELS_OF[kind])
    if wrong := expected ^ set(event):
        yield f"fields lacking or not of a {kind}: {', '.join(sorted(wrong))}"
        return
    for label in LABELS_OF[kind]:
        if str(event[label]).lower() not in LABELS[label]:
            yield f"{label} {event[label]!r} is none of {', '.join(LABELS[label])}"
    for field in sorted(fields | {"evidence", "anchor"}):
        yield from _span_problems(text, field, event[field])
    if not _inside(event["anchor"], event["evidence"]):
        yield "the anchor lies outside the evidence"


def _span_problems(text: str, field: str, value: Any) -> Iterator[str]:
    if isinstance(value, list) != (field in _LISTS):
        yield f"{field} must be {'a list' if field in _LISTS else 'one span or null'}"
        return
    for span in value if isinstance(value, list) else [value] if value else []:
        start, end = span.get("start"), span.get("end")
        if not (isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= len(text)):
            yield f"{field} has the offsets {start}, {end} in a text of {len(text)}"
        elif text[start:end] != span.get("text"):
            yield f"{field} says {span.get('text')!r}, the text at {start}:{end} is {text[start:end]!r}"


def _inside(span: Mapping[str, Any], outer: Mapping[str, Any]) -> bool:
    return bool(outer["start"] <= span["start"] and span["end"] <= outer["end"])


def _repeated(events: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The same type on the same anchor is an error only if goods, places, amounts and parties are the same too."""
    seen: Counter[tuple[str, ...]] = Counter()
    for event in events:
        if event.get("type") in TYPES and "anchor" in event:
            slots = (str(event.get(field)) for field in FIELDS[event["type"]].values())
            seen[event["type"], str(event["anchor"]), *slots] += 1
    yield from (f"the {key[0]} at {key[1]} stands {n} times" for key, n in seen.items() if n > 1)


def statistics(articles: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What the articles hold, as lines for a person."""
    words = sum(len(article["text"].split()) for article in articles)
    events = [event for article in articles for event in article["events"]]
    quiet = sum(not article["events"] for article in articles)
    yield f"{len(articles)} articles, {words} words, {len(events)} events, {quiet} articles without one"
    for kind in TYPES:
        own = [event for event in events if event["type"] == kind]
        filled = Counter(field for event in own for field in FIELDS[kind].values() if event[field])
        yield f"{kind}: {len(own)}; " + ", ".join(f"{field} {filled[field]}" for field in FIELDS[kind].values())
        for label in LABELS_OF[kind]:
            values = Counter(str(event[label]).lower() for event in own)
            yield f"  {label}: " + ", ".join(f"{value} {values[value]}" for value in LABELS[label])


def main(argv: Sequence[str] | None = None) -> int:
    """Print problems and statistics of each file."""
    parser = argparse.ArgumentParser(prog="python -m training.check_corpus", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, default=[corpus.PASSAGES], metavar="FILE")
    wrong = 0
    for path in parser.parse_args(argv).files:
        articles = corpus.read(path)
        found = list(problems(articles))
        wrong += len(found)
        print("\n".join([str(path), *found, *statistics(articles)]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
