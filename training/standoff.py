"""Annotation apart from the texts, for articles whose sentences stay out of the repository.

    python -m training.standoff ANNOTATED.jsonl > training/corpus/wikinews.jsonl

An article becomes its title, date and the SHA-256 of its text; every span its offsets, without its words. `joined`
puts text and words back for a reader who has the texts (`wikinews-raw.jsonl`, see training/README.md).
"""

import argparse
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from training import corpus

WIKINEWS = corpus.PASSAGES.with_name("wikinews.jsonl")


def stripped(article: Mapping[str, Any]) -> dict[str, Any]:
    """The article without its text, its spans without theirs."""
    about = {name: article[name] for name in ("id", "title", "language", "source", "published_at")}
    return about | {"sha256": _digest(article["text"]), "events": _without_words(article["events"])}


def joined(annotations: Iterable[Mapping[str, Any]], texts: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """The annotated articles, in the form of the corpus.

    Raises:
        ValueError: the texts lack an article, or have another version of it.
    """
    known = {_digest(article["text"]): article["text"] for article in texts}
    for article in annotations:
        text = known.get(article["sha256"])
        if text is None:
            raise ValueError(f"{article['id']} ({article['title']}): the texts have no article with its SHA-256")
        yield {**article, "text": text, "events": _with_words(article["events"], text)}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _without_words(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_words(part) for key, part in value.items() if not (key == "text" and "start" in value)}
    return [_without_words(part) for part in value] if isinstance(value, list) else value


def _with_words(value: Any, text: str) -> Any:
    if isinstance(value, Mapping):
        words = {"text": text[value["start"] : value["end"]]} if "start" in value else {}
        return words | {key: _with_words(part, text) for key, part in value.items()}
    return [_with_words(part, text) for part in value] if isinstance(value, list) else value


def main(argv: Sequence[str] | None = None) -> None:
    """Print the annotation of the given articles."""
    parser = argparse.ArgumentParser(prog="python -m training.standoff", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="ANNOTATED.jsonl")
    for path in parser.parse_args(argv).files:
        for article in corpus.read(path):
            print(json.dumps(stripped(article), ensure_ascii=False))


if __name__ == "__main__":
    main()
