"""Plain text files, with what is known about the article in a sidecar beside it."""

import json
from pathlib import Path
from typing import Any

from schemas import Article
from services.producer.inputs import ReadOptions, Rejected, article_from, decode, limited

SIDECAR_FIELDS = frozenset({"id", "title", "source", "url", "published_at", "language"})
MAX_TITLE_LENGTH = 200


def text_file(path: Path, options: ReadOptions) -> Article:
    """The article of a .txt file.

    Its text is the whole content of the file, line ends included (only a byte order mark is left out): offsets
    count from its first character. The title is, in this order: that of the sidecar; the first line, where it is
    followed by a blank line and then by more text, and is at most 200 characters long (it stays part of the
    text); the file's name without its ending.

    The sidecar of ``NAME.txt`` is ``NAME.json``, an object with any of id, title, source, url, published_at and
    language; further fields are refused, because a misspelt one would be a date lost. A field ``note`` is for
    people and is not read.

    Raises:
        Rejected: the file is empty, binary, not UTF-8 or too large, or its sidecar is faulty.
    """
    fields = _sidecar(path.with_suffix(".json"))
    with path.open("rb") as file:
        text = decode(limited(file, options.max_article_bytes))
    return text_article(text, path.stem, options, fields)


def text_article(text: str, name: str | None, options: ReadOptions, fields: dict[str, Any] | None = None) -> Article:
    """The article of a plain text.

    Args:
        text: the whole text.
        name: its title where neither `fields` nor its first line gives one.
        options: see `ReadOptions`.
        fields: what a sidecar says.

    Raises:
        Rejected: it is blank or too large.
    """
    if not text.strip():
        raise Rejected("empty")
    given = fields or {}
    title = given.get("title") or title_line(text) or name
    return article_from({**given, "title": title, "text": text}, options)


def title_line(text: str) -> str | None:
    """The first line where it looks like a title: short, then a blank line, then more text. Else None."""
    first, _, rest = text.partition("\n")
    second, _, body = rest.partition("\n")
    title = first.strip()
    is_title = title and len(title) <= MAX_TITLE_LENGTH and not second.strip() and body.strip()
    return title if is_title else None


def _sidecar(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        fields = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise Rejected(f"its sidecar {path.name} is not JSON ({error})") from None
    if not isinstance(fields, dict):
        raise Rejected(f"its sidecar {path.name} is not a JSON object")
    fields.pop("note", None)
    unknown = sorted(fields.keys() - SIDECAR_FIELDS)
    if unknown:
        known = ", ".join(sorted(SIDECAR_FIELDS))
        raise Rejected(f"its sidecar {path.name} has the unknown field {unknown[0]!r}; known are {known}")
    return fields
