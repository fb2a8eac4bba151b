"""RSS and Atom feeds."""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from email.utils import parsedate_tz
from urllib.parse import urljoin

from schemas import Article
from services.producer.fetch import is_web, without_password
from services.producer.inputs import BadInput, ReadOptions, Rejected, article_from
from services.producer.markup import Entry, Feed, feed_of, page_of
from services.producer.pages import page_article
from services.producer.parsing import parsed

ZONE = re.compile(r"([+-]\d{4}|\b(UTC?|GMT|Z|[ECMP][SD]T))\s*(\(.*\))?\s*$")
"""A time zone by RFC 5322, sections 3.3 and 4.3, with a comment behind it or not."""


def read_feed(data: bytes, options: ReadOptions) -> Feed | None:
    """The feed in a document; None where it is neither RSS nor Atom. Raises Rejected as `parsed` does."""
    feed = parsed(options.parse, feed_of, data)
    return feed if feed.is_feed else None


def feed_articles(feed: Feed, source: str, options: ReadOptions) -> Iterator[Article | BadInput]:
    """The articles of an RSS or Atom document.

    An entry that links to a page gives that page's text; one without a link gives the content that stands in the
    feed, else its summary. Its id comes from its link, else from its text: a guid is unique in its feed only.
    Publication is what the entry says (RSS ``pubDate``, Atom ``published``), never the time of the fetch or of an
    update; the source is `options.source`, else the feed's title.

    Args:
        feed: the document.
        source: its file or URL: for messages, and for links relative to it.
        options: see `ReadOptions`.
    """
    base, source = source, without_password(source)
    for number, entry in enumerate(feed.entries, start=1):
        try:
            yield _entry_article(entry, feed, base, options)
        except Rejected as rejected:
            yield BadInput(_place(entry, source, number), None, rejected.reason)
    if feed.fault is not None:
        reason = f"the feed is not well-formed XML ({feed.fault}); entries may be missing or cut"
        yield BadInput(source, feed.line, reason)
    elif not feed.entries:
        yield BadInput(source, None, "the feed has no entries")


def published(written: str) -> datetime | date | None:
    """The date that a feed writes: RFC 5322 (RSS) or ISO 8601 (Atom). None where it cannot be read.

    A moment without a time zone gives its calendar date alone: the zone is not guessed.
    """
    try:
        moment = datetime.fromisoformat(written.strip())
    except ValueError:
        return _rfc5322(written)
    return moment if moment.tzinfo else moment.date()


def _rfc5322(written: str) -> datetime | date | None:
    parts = parsedate_tz(written)
    if parts is None:
        return None
    try:
        moment = datetime(*parts[:6])  # noqa: DTZ001 - the zone follows, where there is one
        # parsedate_tz takes a missing zone, and every name it does not know, for UTC.
        known = ZONE.search(written) and parts[9] is not None
        return moment.replace(tzinfo=timezone(timedelta(seconds=parts[9] or 0))) if known else moment.date()
    except ValueError:
        return None


def _entry_article(entry: Entry, feed: Feed, base: str, options: ReadOptions) -> Article:
    moment = published(entry.published) if entry.published else None
    fields = {
        "title": entry.title,
        "source": options.source or feed.title,
        "published_at": moment.isoformat() if moment else None,
        "language": _language(feed.language),
    }
    # feedparser also offers an Atom id as a link; an urn leads nowhere.
    link = urljoin(base, entry.link or "")
    if entry.link and is_web(link):
        return page_article(link, options, fields)
    text = _text(entry.html, options)
    if not text:
        raise Rejected("the entry has neither a link nor a text")
    return article_from({**fields, "text": text}, options)


def _place(entry: Entry, source: str, number: int) -> str:
    return f"{source}, entry {number} ({without_password(entry.link or entry.title or 'untitled')})"


def _text(html: str | None, options: ReadOptions) -> str | None:
    if html is None:
        return None
    # Text without paragraphs of its own is one paragraph: trafilatura else breaks it at every inline tag.
    body = html if "<p" in html.lower() else f"<p>{html}</p>"
    page = parsed(options.parse, page_of, f"<html><body><article>{body}</article></body></html>")
    return page.text if page else None


def _language(tag: str | None) -> str | None:
    """ "de-DE", "DE" or "de_de" as a tag of BCP 47; None where it is none, and the article's default holds."""
    primary, _, region = (tag or "").replace("_", "-").partition("-")
    if not (primary.isascii() and primary.isalpha() and len(primary) in (2, 3)):
        return None
    return f"{primary.lower()}-{region.upper()}" if region.isascii() and region.isalnum() else primary.lower()
