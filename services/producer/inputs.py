"""From what a source holds to an article that may be sent, or to the reason why it may not."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, BinaryIO

from schemas import Article, InvalidRecord, article_id, read_article, write


@dataclass(frozen=True)
class FetchLimits:
    """How far a fetch from the web may go.

    Attributes:
        max_bytes: largest document, bytes after decompression.
        seconds: time for the whole fetch, redirects included.
        max_redirects: redirects followed.
        allow_private: whether loopback, private, link-local and other addresses outside the public internet may be
            reached. Off, because a feed of strangers must not make the producer read the neighbours' servers.
    """

    max_bytes: int = 10_000_000
    seconds: float = 20.0
    max_redirects: int = 5
    allow_private: bool = False


@dataclass(frozen=True)
class ParseLimits:
    """What the parsing of one page, one feed or the text of one of its entries may take.

    Attributes:
        seconds: time for it.
        memory_bytes: memory of the process that does it.
    """

    seconds: float = 60.0
    memory_bytes: int = 1_073_741_824


@dataclass(frozen=True)
class ReadOptions:
    """What is taken for granted where the input itself does not say it.

    Attributes:
        published_at: publication of articles whose input gives none; None leaves it unknown.
        source: newspaper, agency or site of articles whose input gives none.
        max_article_bytes: largest article as it is sent, bytes of UTF-8 JSON.
        repeat: how often the inputs are read, one after the other.
        fetch: limits for feeds and pages.
        parse: limits for what is fetched, and for feeds from files.
    """

    published_at: datetime | date | None = None
    source: str | None = None
    max_article_bytes: int = 900_000
    repeat: int = 1
    fetch: FetchLimits = field(default_factory=FetchLimits)
    parse: ParseLimits = field(default_factory=ParseLimits)


@dataclass(frozen=True)
class BadInput:
    """Something that is no usable article.

    Attributes:
        source: file, URL or "-" for standard input.
        line: line in it, from 1, where one can be named.
        reason: what is wrong, one sentence.
    """

    source: str
    line: int | None
    reason: str

    def __str__(self) -> str:
        place = self.source if self.line is None else f"{self.source}:{self.line}"
        return f"{place}: {self.reason}"


class Rejected(ValueError):
    """This input is no usable article; `reason` says why, `line` where, counted from 1."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


def article_from(fields: Mapping[str, Any], options: ReadOptions) -> Article:
    """The article of these fields, completed by the options, with a deterministic id.

    The id is the one given, else made from the URL, else from a digest of the text (`schemas.article_id`).
    Fields that no article has are ignored; null counts as not given.

    Raises:
        Rejected: it is no article, or larger than the limit.
    """
    known = {name: fields[name] for name in Article.model_fields if fields.get(name) is not None}
    known |= {name: value for name, value in _assumed(options).items() if name not in known}
    known["id"] = known.get("id") or _made_id(known)
    try:
        article = read_article(json.dumps(known).encode())
    except InvalidRecord as invalid:
        raise Rejected(f"not an article: {invalid.reason}") from None
    size = len(write(article))
    if size > options.max_article_bytes:
        raise Rejected(f"too large: {size} bytes as an article, the limit is {options.max_article_bytes}")
    return article


def decode(data: bytes) -> str:
    """The text of a file: UTF-8, a byte order mark at its beginning left out, line ends as they are.

    Raises:
        Rejected: it is binary or in another encoding; the line is that of the first bad byte.
    """
    if b"\x00" in data:
        raise Rejected("binary data, not text (it contains zero bytes)", _line(data, data.index(b"\x00")))
    try:
        return data.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError as error:
        bad = error.object[error.start]
        raise Rejected(
            f"not UTF-8 (byte 0x{bad:02x} at byte {error.start}); convert it, e.g. with iconv -f WINDOWS-1252 -t UTF-8",
            _line(error.object, error.start),
        ) from None


def limited(stream: BinaryIO, limit: int) -> bytes:
    """All of a stream.

    Raises:
        Rejected: it holds more than `limit` bytes.
    """
    data = stream.read(limit + 1)
    if len(data) > limit:
        raise Rejected(f"too large: more than {limit} bytes")
    return data


def _line(data: bytes, position: int) -> int:
    return data.count(b"\n", 0, position) + 1


def _assumed(options: ReadOptions) -> dict[str, str]:
    assumed = {}
    if options.source:
        assumed["source"] = options.source
    if options.published_at:
        assumed["published_at"] = options.published_at.isoformat()
    return assumed


def _made_id(fields: Mapping[str, Any]) -> str:
    text, url = fields.get("text"), fields.get("url")
    if not isinstance(text, str):
        # Any id will do: the text is wrong and that is what the reason shall say.
        return "unknown"
    return article_id(None, url if isinstance(url, str) else None, text)
