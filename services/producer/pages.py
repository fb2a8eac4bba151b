"""Web pages: the article's text out of the HTML around it."""

from typing import Any

import trafilatura
from trafilatura.settings import Document

from schemas import Article
from services.producer.fetch import fetch, without_password
from services.producer.inputs import ReadOptions, Rejected, article_from

MAX_PAGE_BYTES = 3_000_000
"""Largest page whose text is looked for: the time for it grows faster than the page (5 MB took minutes)."""


def page_article(url: str, options: ReadOptions, fields: dict[str, Any] | None = None) -> Article:
    """The article of a web page: its main text without navigation, comments and tables.

    Args:
        url: address of the page, kept as the article's; a redirect does not change it, nor then the id.
        options: see `ReadOptions`.
        fields: what is known already; it goes before what the page says of itself.

    Raises:
        Rejected: the page cannot be fetched, or holds no text.
    """
    document = fetch(url, options.fetch)
    return html_article(document.content, document.charset, url, options, fields)


def html_article(
    content: bytes, charset: str | None, url: str, options: ReadOptions, fields: dict[str, Any] | None = None
) -> Article:
    """The article of a page that was fetched; see `page_article`."""
    if len(content) > MAX_PAGE_BYTES:
        raise Rejected(f"the page is larger than {MAX_PAGE_BYTES} bytes")
    page = main_text(_decoded(content, charset), url)
    if page is None or not page.text:
        raise Rejected("no article text was found in the page")
    given = {name: value for name, value in (fields or {}).items() if value}
    site = {"title": page.title, "source": options.source or page.sitename or page.hostname}
    return article_from({**site, **given, "url": without_password(url), "text": page.text}, options)


def main_text(html: str | bytes, url: str | None = None) -> Document | None:
    """Text and description of an HTML document without navigation, comments and tables; None where it has none."""
    page = trafilatura.bare_extraction(html, url=url, include_comments=False, include_tables=False, with_metadata=True)
    return page if isinstance(page, Document) else None


def _decoded(content: bytes, charset: str | None) -> str | bytes:
    """By the encoding the server names; else bytes, and trafilatura looks into the page for it."""
    try:
        return content.decode(charset) if charset else content
    except (LookupError, UnicodeDecodeError):
        return content
