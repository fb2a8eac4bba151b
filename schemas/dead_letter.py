"""A message that could not be processed, with its reason and all it carried."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Base64Bytes, Field

from schemas.base import Record

Stage = Literal["decode", "version", "validate", "extract", "send", "read", "store"]
"""Where it failed: decode (not UTF-8, not JSON), version (unknown schema version), validate (not the
record it should be), extract (time-out, crash), send (over the broker's limit), read and store (sink)."""


class DeadLetter(Record):
    """A record of the `dead-letters` topic, read back from Kafka Connect's error headers.

    Key, value, headers and time are those of the original message. `value` is cut where the whole
    would not have fitted the broker's limit; then `value_sha256` and `value_length` (bytes) tell what the whole was.
    """

    id: Annotated[str, Field(description="topic-partition-offset of the original message")]
    position: Annotated[int, Field(ge=0, description="Offset in its partition of the dead-letters topic")]
    partition: Annotated[int, Field(ge=0, description="Partition of the dead-letters topic")]
    topic: Annotated[str, Field(description="Topic of the original message")]
    original_partition: int
    original_offset: int
    stage: Stage
    exception: Annotated[str, Field(description="Class of the error")]
    message: Annotated[str, Field(description="Reason in words")]
    stacktrace: str | None = None
    tries: Annotated[int, Field(ge=1, description="How often it has been tried, requeues included")] = 1
    failed_at: datetime | None = None
    requeued: bool = False
    key: Base64Bytes | None = None
    value: Base64Bytes | None = None
    headers: tuple[tuple[str, Base64Bytes | None], ...] = ()
    timestamp_ms: Annotated[int, Field(description="Kafka timestamp of the original message, milliseconds since 1970")]
    value_sha256: str | None = None
    value_length: int | None = None
