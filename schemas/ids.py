"""Deterministic names: the same input gives the same id on any machine, in any run."""

import hashlib
import json
import uuid

from schemas.article import Article
from schemas.events import EventType

NAMESPACE = uuid.UUID("8f7b6d0a-5c1e-5f0e-9a63-1f1d7c0c4f11")
"""Root of all ids of Lagebild (RFC 9562, version 5)."""


def _name(*parts: str | int) -> uuid.UUID:
    # JSON keeps ("a", "bc") and ("ab", "c") apart.
    return uuid.uuid5(NAMESPACE, json.dumps(parts, ensure_ascii=True, separators=(",", ":")))


def article_id(given: str | None, url: str | None, text: str) -> str:
    """The article's id: the one given, else one made from its URL, else from a digest of its text.

    Args:
        given: id from the input, used as it is.
        url: address of the article.
        text: its body as received.
    """
    if given:
        return given
    if url:
        return str(_name("url", url))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def event_id(article: str, event_type: EventType, start: int, end: int, ordinal: int = 0) -> uuid.UUID:
    """The id of an event.

    Args:
        article: the article's id.
        event_type: type of the event.
        start, end: the anchor's offsets, code points of the article's text, end exclusive.
        ordinal: 0 for the first event of this type on this anchor, 1 for the next …
    """
    return _name("event", article, event_type, start, end, ordinal)


def extraction_id(article: Article, extractor: str) -> uuid.UUID:
    """The id of what one version of the extractor finds in one state of the article.

    Args:
        article: the whole article: another title or date is another state, since records cite them.
        extractor: version of the extractor.
    """
    digest = hashlib.sha256(article.model_dump_json(exclude={"schema_version"}).encode()).hexdigest()
    return _name("extraction", article.id, digest, extractor)


def claim_id(event: uuid.UUID) -> uuid.UUID:
    """The id of a claim.

    Args:
        event: id of the claim's first record: the first by the day told of, then by id.
    """
    return _name("claim", str(event))
