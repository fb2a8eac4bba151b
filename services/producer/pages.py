"""Web pages: the article's text out of the HTML around it."""

from typing import Any

from schemas import Article
from services.producer.fetch import fetch, without_password
from services.producer.inputs import ReadOptions, Rejected, article_from
from services.producer.markup import page_of
from services.producer.parsing import parsed

MAX_PAGE_BYTES = 3_000_000
"""Largest page whose text is looked for: the time for it grows faster than the page (5 MB took minutes)."""


def page_article(url: str, options: ReadOptions, fields: dict[str, Any] | None = None) -> Article:
    """The article of a web page: its main text without navigation, comments and tables.

    Args:
        url: address of the page, kept as the article's; a redirect does not change it, nor then the id.
        options: see `ReadOptions`.
        fields: what is known already; it goes before what the page says of itself.

    Raises:
        Rejected: the page cannot be fetched or parsed within the limits, or holds no text.
    """
    document = fetch(url, options.fetch)
    return html_article(document.content, document.charset, url, options, fields)


def html_article(
    content: bytes, charset: str | None, url: str, options: ReadOptions, fields: dict[str, Any] | None = None
) -> Article:
    """The article of a page that was fetched; see `page_article`."""
    if len(content) > MAX_PAGE_BYTES:
        raise Rejected(f"the page is larger than {MAX_PAGE_BYTES} bytes")
    page = parsed(options.parse, page_of, _decoded(content, charset), url)
    if page is None or not page.text:
        raise Rejected("no article text was found in the page")
    given = {name: value for name, value in (fields or {}).items() if value}
    site = {"title": page.title, "source": options.source or page.sitename or page.hostname}
    return article_from({**site, **given, "url": without_password(url), "text": page.text}, options)


def _decoded(content: bytes, charset: str | None) -> str | bytes:
    """By the encoding the server names; else bytes, and trafilatura looks into the page for it."""
    try:
        return content.decode(charset) if charset else content
    except (LookupError, UnicodeDecodeError):
        return content
