"""CloudEvents 1.0 over Kafka in binary mode: what a message is stands in its headers.

Source: CloudEvents Kafka Protocol Binding 1.0.2, section 3.2.
"""

from datetime import UTC, datetime

REQUIRED = ("ce_specversion", "ce_type", "ce_id", "ce_source")
CONTENT_TYPE = "application/json; charset=utf-8"
TYPE_PREFIX = "org.lagebild."
ARTICLE_TIMESTAMP = "lagebild.article-timestamp"
"""Header of extractions: Kafka's timestamp of the article they were made from, milliseconds since 1970 UTC."""


def headers_for(
    type: str,  # noqa: A002 - CloudEvents' names
    id: str,  # noqa: A002
    source: str,
    time_ms: int | None = None,
    content_type: str = CONTENT_TYPE,
) -> list[tuple[str, bytes]]:
    """The headers of one message.

    Args:
        type: what it is: "article", "event.deployment", "extraction" …, completed with the prefix.
        id: the record's id, unique with its source.
        source: which service made it, as a URI reference ("/lagebild/extractor").
        time_ms: when it happened, milliseconds since 1970 UTC; left out where unknown.
        content_type: media type of the message's value.
    """
    headers = {
        "ce_specversion": "1.0",
        "ce_type": TYPE_PREFIX + type,
        "ce_id": id,
        "ce_source": source,
        "content-type": content_type,
    }
    if time_ms is not None:
        headers["ce_time"] = datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(timespec="milliseconds")
    return [(name, value.encode()) for name, value in headers.items()]
