"""Statements beside other people's annotation: `python -m training.quotations DIR`.

DIR is one part (`data/dev`) of the Dataset of Quotation Attribution in German News Articles (Petersen-Frey and
Biemann, LREC-COLING 2024), 1,000 Wikinews articles annotated with quotes, speakers and cues. Its licence
(CC BY-NC-SA 4.0) allows measuring with it; no weight of Lagebild was trained on its annotation.

Its scheme is wider than ours: it holds thoughts, summaries of speech ("Reported") and speech without a named speaker.
So recall is given by its types, and precision over all of them.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas import Article, StatementEvent
from services.extraction import load_extractor

Range = tuple[int, int]

HALF = 0.5
"""Share of the shorter one's characters in common from which two stretches count as one."""


@dataclass(frozen=True)
class Quote:
    """One annotated quote; all offsets in code points, end exclusive."""

    type: str
    said: tuple[Range, ...]
    speaker: tuple[Range, ...]
    cue: tuple[Range, ...]


@dataclass(frozen=True)
class Document:
    """An article and its quotes."""

    article: Article
    quotes: tuple[Quote, ...]


def read(folder: Path) -> Iterator[Document]:
    """The documents of a folder, in the order of their names."""
    for path in sorted(folder.glob("*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        quotes = tuple(_quote(annotation) for annotation in document["annotations"])
        yield Document(Article(id=path.name.split(" ")[0], text=document["originalText"]), quotes)


def _quote(annotation: Mapping[str, Any]) -> Quote:
    return Quote(annotation["type"], *(_ranges(annotation.get(part)) for part in ("quote", "speaker", "cue")))


def _ranges(part: Mapping[str, Any] | None) -> tuple[Range, ...]:
    return tuple((span["charBegin"], span["charEnd"]) for span in (part or {}).get("spans", ()))


def agree(one: Sequence[Range], other: Sequence[Range]) -> bool:
    """Whether two stretches, each in one or more parts, have half of the shorter one in common."""
    shared = sum(max(0, min(a[1], b[1]) - max(a[0], b[0])) for a in one for b in other)
    shorter = min(sum(end - start for start, end in parts) for parts in (one, other))
    return shared > 0 and shared >= HALF * shorter


def pairs(quotes: Sequence[Quote], statements: Sequence[StatementEvent]) -> list[tuple[Quote, StatementEvent]]:
    """Each quote with the statement that says the same; of several the one with the annotated cue or speaker."""
    found = []
    for quote in quotes:
        fitting = [s for s in statements if agree(quote.said, [(s.content.start, s.content.end)])]
        if fitting:
            found.append((quote, max(fitting, key=lambda s: (_cue_agrees(quote, s), _speaker_agrees(quote, s)))))
    return found


def _cue_agrees(quote: Quote, statement: StatementEvent) -> bool:
    return bool(quote.cue) and agree(quote.cue, [(statement.anchor.start, statement.anchor.end)])


def _speaker_agrees(quote: Quote, statement: StatementEvent) -> bool:
    return (
        any(agree(quote.speaker, [(party.start, party.end)]) for party in statement.speaker) if quote.speaker else False
    )


def count(documents: Iterable[Document], model: str | None = None) -> Counter[str]:
    """Quotes, statements, and what agrees, over all documents."""
    documents = list(documents)
    counts: Counter[str] = Counter()
    extracted = load_extractor(model).extract([document.article for document in documents])
    for document, events in zip(documents, extracted, strict=True):
        statements = [event for event in events if isinstance(event, StatementEvent)]
        matched = pairs(document.quotes, statements)
        counts["statements"] += len(statements)
        counts["statements right"] += len({id(statement) for _, statement in matched})
        counts.update(f"gold {quote.type}" for quote in document.quotes)
        counts.update(f"found {quote.type}" for quote, _ in matched)
        with_speaker = [(quote, statement) for quote, statement in matched if quote.speaker]
        counts["with speaker"] += len(with_speaker)
        counts["speaker right"] += sum(_speaker_agrees(*pair) for pair in with_speaker)
    return counts


def table(counts: Counter[str]) -> str:
    """The figures as a Markdown table."""
    rows = [("statements that are quotes", "statements right", "statements")]
    types = sorted((name[5:] for name in counts if name.startswith("gold ")), key=lambda t: -counts[f"gold {t}"])
    rows += [(f"quotes found, {name}", f"found {name}", f"gold {name}") for name in types]
    rows.append(("speaker right, of the quotes found", "speaker right", "with speaker"))
    lines = [f"| {title} | {counts[a]} of {counts[b]} | {counts[a] / max(1, counts[b]):.3f} |" for title, a, b in rows]
    return "\n".join(["| measure | count | share |", "|---|---|---|", *lines])


def main(argv: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m training.quotations", description=__doc__)
    parser.add_argument("folder", type=Path, help="one part of the data set, a folder of *.json")
    parser.add_argument("--model", help="another pipeline than the one of the package")
    options = parser.parse_args(argv)
    print(table(count(read(options.folder), options.model)))


if __name__ == "__main__":
    main()
