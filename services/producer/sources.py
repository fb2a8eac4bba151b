"""Where articles come from: folders, files, standard input, feeds and pages."""

import sys
from collections.abc import Iterator, Sequence
from functools import partial
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import cast

from schemas import Article
from services.common.errors import UserError
from services.producer.fetch import fetch, is_web, without_password
from services.producer.inputs import BadInput, ReadOptions, Rejected, decode, limited
from services.producer.lines import json_lines
from services.producer.texts import text_article, text_file

STDIN = "-"
LINES = frozenset({".jsonl", ".ndjson"})
FEEDS = frozenset({".xml", ".rss", ".atom"})
TEXTS = frozenset({".txt"})
DEFAULT = ReadOptions()
Items = Iterator[Article | BadInput]


def read_articles(paths: Sequence[str | Path], options: ReadOptions = DEFAULT) -> Items:
    """Every article the paths hold, in their order, and every input that is none, with its reason.

    A path is a .txt file, a .jsonl (.ndjson) file, an RSS or Atom file (.xml, .rss, .atom), a folder, an http or
    https URL of a feed or of an article's page, or "-" for standard input. Of a folder, all files with these
    endings are read, those of its folders too, sorted by name; hidden ones are not. Another file, and standard
    input, are taken for what they begin with: "{" for JSON Lines, "<" for a feed, else one text. JSON Lines are
    read as a stream.

    With `options.repeat` all is read again; what is wrong with the input is told the first time.

    Raises:
        UserError: a path does not exist, a folder holds nothing to read, or standard input is to be read twice.
    """
    names = [str(path) for path in paths]
    for name in names:
        _check(name)
    if names.count(STDIN) * options.repeat > 1:
        raise UserError("standard input can be read only once", remedy="give a file to repeat it")
    return _read(names, options)


def _read(paths: Sequence[str], options: ReadOptions) -> Items:
    for turn in range(options.repeat):
        for path in paths:
            items = _read_path(path, options)
            yield from items if turn == 0 else (item for item in items if isinstance(item, Article))


def _check(path: str) -> None:
    if path == STDIN or is_web(path):
        return
    place = Path(path)
    if not place.exists():
        raise UserError(f"{path} does not exist", remedy="give a file, a folder, a URL, or - for standard input")
    if place.is_dir() and not _files(place):
        raise UserError(f"the folder {path} holds no .txt, .jsonl, .xml, .rss or .atom file")


def _read_path(path: str, options: ReadOptions) -> Items:
    if path == STDIN:
        yield from _guarded(STDIN, partial(_sniff, _stdin(), STDIN, options))
    elif is_web(path):
        yield from _guarded(without_password(path), partial(_read_url, path, options))
    else:
        for file in _files(Path(path)):
            yield from _guarded(str(file), partial(_read_file, file, options))


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    known = TEXTS | LINES | FEEDS
    found = (file for file in path.rglob("*") if file.suffix.lower() in known and file.is_file())
    return sorted(file for file in found if not any(part.startswith(".") for part in file.relative_to(path).parts))


def _guarded(source: str, read: partial[Items]) -> Items:
    """What `read` yields; where it gives up, the reason as the last item."""
    try:
        yield from read()
    except Rejected as rejected:
        yield BadInput(source, rejected.line, rejected.reason)
    except OSError as error:
        yield BadInput(source, None, f"cannot be read ({error.strerror or error})")


def _read_file(path: Path, options: ReadOptions) -> Items:
    if path.suffix.lower() in TEXTS:
        yield text_file(path, options)
        return
    with path.open("rb") as stream:
        if path.suffix.lower() in LINES:
            yield from json_lines(stream, str(path), options)
        elif path.suffix.lower() in FEEDS:
            yield from _feed(stream, str(path), options)
        else:
            yield from _sniff(stream, str(path), options)


def _stdin() -> BufferedReader:
    # A reader of our own on the same file: Python ends with a crash where sys.stdin's own is still being read.
    try:
        return open(sys.stdin.fileno(), "rb", closefd=False)
    except OSError:
        # Something that is no file stands in for standard input, as in tests of commands.
        return BufferedReader(cast("RawIOBase", sys.stdin.buffer))


def _sniff(stream: BufferedReader, source: str, options: ReadOptions) -> Items:
    """By its first sign: JSON Lines, a feed, or else one text."""
    sign = stream.peek(64).removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if sign in (b"{", b"["):
        yield from json_lines(stream, source, options)
    elif sign == b"<":
        yield from _feed(stream, source, options)
    else:
        data = limited(stream, options.max_article_bytes)
        yield text_article(decode(data), None if source == STDIN else Path(source).stem, options)


def _feed(stream: BufferedReader, source: str, options: ReadOptions) -> Items:
    from services.producer.feeds import feed_articles, read_feed

    feed = read_feed(limited(stream, options.fetch.max_bytes), options)
    if feed is None:
        raise Rejected("neither RSS nor Atom")
    yield from feed_articles(feed, source, options)


def _read_url(url: str, options: ReadOptions) -> Items:
    from services.producer.feeds import feed_articles, read_feed
    from services.producer.pages import html_article

    document = fetch(url, options.fetch)
    feed = read_feed(document.content, options)
    if feed is not None:
        yield from feed_articles(feed, document.url, options)
    else:
        yield html_article(document.content, document.charset, url, options)
