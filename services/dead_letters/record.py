"""A dead letter on the wire: the original message with the reason in Kafka Connect's error headers.

The names are those of Kafka Connect's dead-letter queue (KIP-298), so that tools made for it work here. Key,
value, headers and timestamp are the original's. Headers of our own begin with `lagebild.`:

    lagebild.timestamp       time of the original, milliseconds since 1970, where the record's own is another
    lagebild.tries           how often the message has been tried, requeues included
    lagebild.failed-at       when it failed, ISO 8601 in UTC
    lagebild.value-sha256    digest of the whole value, where the value is cut
    lagebild.value-length    its length in bytes
    lagebild.requeued        id of a dead letter that has been sent back: the record is a marker, not a dead letter

A message that was no CloudEvent gets the headers of one behind the reason; they do not go back with it.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from pydantic import ValidationError

from schemas import DeadLetter, Stage
from services.common.cloudevents import REQUIRED, headers_for
from services.dead_letters.message import Headers, Message

CONNECT = "__connect.errors."
OWN = "lagebild."
TRIES = OWN + "tries"
FAILED_AT = OWN + "failed-at"
TIMESTAMP = OWN + "timestamp"
VALUE_SHA256 = OWN + "value-sha256"
VALUE_LENGTH = OWN + "value-length"
REQUEUED = OWN + "requeued"

OLD_MS = 7 * 24 * 60 * 60 * 1000
"""Age from which a message goes with the time of sending and its own in a header. Kafka deletes by the messages'
times: one sent back after longer than its topic's retention would be gone before anybody has read it."""

CLOUD_EVENT = {*REQUIRED, "ce_time", "content-type"}
"""Headers that a dead letter may have of its own."""
BYTES = "application/octet-stream"

LONGEST_MESSAGE = 4_000
LONGEST_STACKTRACE = 16_000
"""Code points kept of a reason and of a stack trace: enough to find the cause, little against the broker's limit."""


@dataclass(frozen=True)
class Failure:
    """Why a message could not be processed.

    Attributes:
        stage: where it failed.
        exception: qualified name of the error's class.
        message: the reason in words.
        stacktrace: where the code was, for a fault of the code; None for a fault of the message.
    """

    stage: Stage
    exception: str
    message: str
    stacktrace: str | None = None


@dataclass(frozen=True)
class Origin:
    """A message as it came: where it stood and all it carried. `timestamp_ms` is Kafka's, milliseconds since 1970."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()

    @property
    def id(self) -> str:
        """topic-partition-offset, the name of the dead letter made of it."""
        return f"{self.topic}-{self.partition}-{self.offset}"


def dead_letter(
    origin: Origin, failure: Failure, *, connector: str, class_name: str, max_bytes: int, now: datetime | None = None
) -> Message:
    """The dead letter of a message.

    Args:
        origin: the message.
        failure: why it failed.
        connector: name of what read it: the consumer group.
        class_name: qualified name of what was done to it.
        max_bytes: largest message that the broker takes. A larger value is cut and named by its SHA-256.
        now: time of the failure; None takes the clock.
    """
    moment = now or datetime.now(UTC)
    kept = [(name, value) for name, value in origin.headers if not name.startswith((CONNECT, OWN))]
    reason = _reason_headers(origin, failure, connector, class_name, moment)
    own = headers_for("dead-letter", origin.id, f"/lagebild/{quote(connector)}", _milliseconds(moment), BYTES)
    headers = [*kept, *reason, *_missing(own, kept)]
    whole = timed(Message(origin.key, origin.value, headers, origin.timestamp_ms), moment)
    if whole.size <= max_bytes:
        return whole
    return timed(_cut(origin, kept, reason, own, max_bytes - len(TIMESTAMP) - 30), moment)


def _missing(own: Headers, kept: Headers) -> Headers:
    """The CloudEvents headers that make a message one: none where it was one."""
    there = dict(kept)
    return () if all(there.get(name) for name in REQUIRED) else own


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def timed(message: Message, now: datetime) -> Message:
    """The message made safe from Kafka's retention: if it is old, its time goes into a header."""
    if message.timestamp_ms is None or now.timestamp() * 1000 - message.timestamp_ms < OLD_MS:
        return message
    own: Headers = [*message.headers, (TIMESTAMP, str(message.timestamp_ms).encode())]
    return Message(message.key, message.value, own)


def original_time(headers: Headers, timestamp_ms: int) -> int:
    """When the original was sent, milliseconds since 1970: what a header says of it, else the record's own time."""
    found = whole_number(dict(headers).get(TIMESTAMP))
    return timestamp_ms if found is None else found


def whole_number(value: bytes | None) -> int | None:
    """The count or time in a header, None where it holds none: whoever may write to a topic may write anything there.

    Fifteen digits are enough for the milliseconds up to the year 9999.
    """
    return int(value) if value and value.isdigit() and len(value) <= 15 else None


def _reason_headers(
    origin: Origin, failure: Failure, connector: str, class_name: str, now: datetime
) -> list[tuple[str, bytes | None]]:
    connect: dict[str, str | int | None] = {
        "topic": origin.topic,
        "partition": origin.partition,
        "offset": origin.offset,
        "connector.name": connector,
        "task.id": 0,
        "stage": failure.stage,
        "class.name": class_name,
        "exception.class.name": failure.exception,
        "exception.message": failure.message[:LONGEST_MESSAGE],
        # The end of a Python stack trace says what happened, the beginning only who called.
        "exception.stacktrace": failure.stacktrace and failure.stacktrace[-LONGEST_STACKTRACE:],
    }
    own = {TRIES: tries(origin.headers) + 1, FAILED_AT: now.isoformat(timespec="milliseconds")}
    pairs = {CONNECT + name: value for name, value in connect.items()} | own
    return [(name, _encoded(value)) for name, value in pairs.items()]


def _encoded(value: object) -> bytes | None:
    # A lone surrogate of a JSON escape may stand in a reason; it has no UTF-8.
    return None if value is None else str(value).encode("utf-8", "backslashreplace")


def _cut(origin: Origin, kept: Headers, reason: Headers, own: Headers, max_bytes: int) -> Message:
    """The dead letter with as much of the value as fits; headers and key give way where they alone are too large."""
    value = origin.value or b""
    digest = hashlib.sha256(value).hexdigest()
    mark: Headers = [*reason, (VALUE_SHA256, digest.encode()), (VALUE_LENGTH, str(len(value)).encode())]
    for key, headers in ((origin.key, kept), (origin.key, ()), (None, ())):
        bare = Message(key, None, [*headers, *mark, *_missing(own, headers)], origin.timestamp_ms)
        room = max_bytes - bare.size
        if room >= 0:
            return Message(key, value[:room], bare.headers, origin.timestamp_ms)
    return Message(None, None, [*mark, *own], origin.timestamp_ms)


def tries(headers: Headers) -> int:
    """How often a message has been tried before, 0 for one that was never requeued."""
    return whole_number(dict(headers).get(TRIES)) or 0


def requeue_marker(letter: DeadLetter) -> Message:
    """What the dead-letters topic keeps to show that `letter` has been sent back."""
    own = headers_for("requeue", letter.id, "/lagebild/dead-letters", content_type=BYTES)
    return Message(letter.key, None, [(REQUEUED, letter.id.encode()), *own])


def marked(headers: Headers) -> str | None:
    """The id of the dead letter that a requeue marker names; None for any other record."""
    value = dict(headers).get(REQUEUED)
    return value.decode("utf-8", "replace") if value else None


def parse(record: Any, *, requeued: bool = False) -> DeadLetter | None:
    """The dead letter in a record of the dead-letters topic, None where the record is none.

    Args:
        record: an `aiokafka.ConsumerRecord`.
        requeued: whether it has been sent back.
    """
    ours = {name: value for name, value in record.headers if name.startswith((CONNECT, OWN))}
    fields = {name.removeprefix(CONNECT): _text(value) for name, value in ours.items()}
    topic, partition, offset = (fields.get(name) for name in ("topic", "partition", "offset"))
    try:
        return DeadLetter(
            id=f"{topic}-{partition}-{offset}",
            position=record.offset,
            partition=record.partition,
            topic=topic,
            original_partition=partition,
            original_offset=offset,
            stage=fields.get("stage"),
            exception=fields.get("exception.class.name") or "unknown",
            message=fields.get("exception.message") or "no reason given",
            stacktrace=fields.get("exception.stacktrace"),
            tries=max(1, tries(record.headers)),
            failed_at=fields.get(FAILED_AT),
            requeued=requeued,
            timestamp_ms=original_time(record.headers, record.timestamp),
            value_sha256=fields.get(VALUE_SHA256),
            value_length=fields.get(VALUE_LENGTH),
        ).model_copy(update=_carried(record))
    except ValidationError:
        return None


def _carried(record: Any) -> dict[str, Any]:
    # Set past validation: the model reads these fields from Base64 text, and here they are the bytes themselves.
    return {"key": record.key, "value": record.value, "headers": _originals(record.headers)}


def _originals(headers: Headers) -> Headers:
    """The headers that the message came with: they stand before the reason, what is a dead letter's own behind it."""
    reasons = [place for place, (name, _) in enumerate(headers) if name.startswith((CONNECT, OWN))]
    first = reasons[0] if reasons else len(headers)
    return tuple(
        (name, value)
        for place, (name, value) in enumerate(headers)
        if place not in reasons and not (place > first and name in CLOUD_EVENT)
    )


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("utf-8", "replace")
