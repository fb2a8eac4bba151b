"""JSON Lines: one article a line, read as a stream."""

import json
from collections.abc import Iterator
from typing import BinaryIO

from schemas import Article, InvalidRecord, read_article
from services.producer.inputs import BadInput, ReadOptions, Rejected, article_from, decode

MAX_LINE_BYTES = 16 * 1024 * 1024
"""Longest line held in memory. A line may carry more than the article itself, e.g. annotations."""


def json_lines(stream: BinaryIO, source: str, options: ReadOptions) -> Iterator[Article | BadInput]:
    """The articles of a JSON Lines stream, as soon as each line is there; blank lines are passed over.

    A line holds the fields of `schemas.Article`; the id may be left out. Further fields are ignored.
    """
    for number, line in _lines(stream):
        if line is not None and not line.strip():
            continue
        try:
            if line is None:
                raise Rejected(f"the line is longer than {MAX_LINE_BYTES} bytes")
            yield json_article(line, options)
        except Rejected as rejected:
            yield BadInput(source, number, rejected.reason)


def json_article(line: bytes, options: ReadOptions) -> Article:
    """The article of one line of JSON.

    Raises:
        Rejected: it is no article, or too large.
    """
    text = decode(line).strip()
    try:
        read_article(text.encode())
    except InvalidRecord as invalid:
        # What fails validation may be complete once the id and the options are filled in.
        if invalid.stage != "validate":
            raise Rejected(invalid.reason) from None
    return article_from(json.loads(text), options)


def _lines(stream: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """Numbered lines, from 1; None in place of one that is too long to be held."""
    number = 0
    while line := stream.readline(MAX_LINE_BYTES):
        number += 1
        if len(line) == MAX_LINE_BYTES and not line.endswith(b"\n"):
            while (rest := stream.readline(MAX_LINE_BYTES)) and not rest.endswith(b"\n"):
                pass
            yield number, None
        else:
            yield number, line
