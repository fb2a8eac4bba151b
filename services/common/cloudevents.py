"""CloudEvents 1.0 over Kafka in binary mode: what a message is stands in its headers.

Source: CloudEvents Kafka Protocol Binding 1.0.2, section 3.2.
"""

from datetime import UTC, datetime

CONTENT_TYPE = "application/json; charset=utf-8"
TYPE_PREFIX = "org.lagebild."
ARTICLE_TIMESTAMP = "lagebild.article-timestamp"
"""Header of extractions: Kafka's timestamp of the article they were made from, milliseconds since 1970 UTC."""


def headers_for(type: str, id: str, source: str, time_ms: int | None = None) -> list[tuple[str, bytes]]:  # noqa: A002 - CloudEvents' names
    """The headers of one message.

    Args:
        type: what it is: "article", "event.deployment", "extraction" …, completed with the prefix.
        id: the record's id, unique with its source.
        source: which service made it, as a URI reference ("/lagebild/extractor").
        time_ms: when it happened, milliseconds since 1970 UTC; left out where unknown.
    """
    headers = {
        "ce_specversion": "1.0",
        "ce_type": TYPE_PREFIX + type,
        "ce_id": id,
        "ce_source": source,
        "content-type": CONTENT_TYPE,
    }
    if time_ms is not None:
        headers["ce_time"] = datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(timespec="milliseconds")
    return [(name, value.encode()) for name, value in headers.items()]
