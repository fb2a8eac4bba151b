"""What trafilatura and feedparser find in a page or a feed: run in a process of its own (`parsing`)."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.sax import SAXParseException

import feedparser
import trafilatura
from trafilatura.settings import Document


@dataclass(frozen=True)
class Page:
    """A page's article text, and what the page says of itself; None where it does not."""

    text: str | None
    title: str | None
    sitename: str | None
    hostname: str | None


@dataclass(frozen=True)
class Entry:
    """An entry of a feed, as written; None where the feed does not say it.

    Attributes:
        link: where it leads, relative to the feed or not.
        title: its title in plain words.
        published: when it was published, never when it was changed.
        html: its content, else its summary.
    """

    link: str | None
    title: str | None
    published: str | None
    html: str | None


@dataclass(frozen=True)
class Feed:
    """A document that may be a feed.

    Attributes:
        is_feed: whether it is RSS or Atom, of any version.
        title: the feed's title in plain words.
        language: its tag as written.
        entries: in the order of the document; of one that is not well-formed, as many as could be read.
        fault: why it is not well-formed XML; None where it is.
        line: where, counted from 1, where known.
    """

    is_feed: bool
    title: str | None = None
    language: str | None = None
    entries: tuple[Entry, ...] = ()
    fault: str | None = None
    line: int | None = None


def page_of(html: str | bytes, url: str | None = None) -> Page | None:
    """The text of an HTML document without navigation, comments and tables; None where it has none."""
    page = trafilatura.bare_extraction(html, url=url, include_comments=False, include_tables=False, with_metadata=True)
    return Page(page.text, page.title, page.sitename, page.hostname) if isinstance(page, Document) else None


def feed_of(data: bytes) -> Feed:
    """The feed in a document."""
    parsed = feedparser.parse(io.BytesIO(data))
    if not parsed.version:
        return Feed(is_feed=False)
    broken = parsed.bozo_exception if parsed.bozo and isinstance(parsed.bozo_exception, SAXParseException) else None
    return Feed(
        is_feed=True,
        title=_plain(parsed.feed.get("title_detail")),
        language=parsed.feed.get("language"),
        entries=tuple(_entry(entry) for entry in parsed.entries),
        fault=broken.getMessage() if broken else None,
        line=_line(broken, data) if broken else None,
    )


def _entry(entry: Mapping[str, Any]) -> Entry:
    contents = [content.get("value") for content in entry.get("content", ())]
    return Entry(
        link=entry.get("link"),
        title=_plain(entry.get("title_detail")),
        # feedparser answers "published" with the time of an update where only that is there; `in` does not.
        published=entry.get("published") if "published" in entry else None,
        html=next((value for value in [*contents, entry.get("summary")] if value), None),
    )


def _plain(detail: Mapping[str, Any] | None) -> str | None:
    """The words of a title, which feeds write as text or as HTML."""
    if not detail or not detail.get("value"):
        return None
    value: str = detail["value"]
    if detail.get("type") == "text/plain":
        return value
    return trafilatura.html2txt(f"<html><body>{value}</body></html>") or None


def _line(error: SAXParseException, data: bytes) -> int | None:
    # feedparser puts an XML declaration on a line of its own before a document that has none.
    added = 0 if data.removeprefix(b"\xef\xbb\xbf").startswith(b"<?xml") else 1
    line: int | None = error.getLineNumber()
    return max(1, line - added) if line else None
