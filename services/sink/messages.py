"""Kafka messages to changes of the store."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from schemas import InvalidRecord, read_article, read_event, read_extraction
from services.common.cloudevents import ARTICLE_TIMESTAMP
from services.common.logging import get_logger
from services.common.settings import KafkaSettings
from services.common.tracing import NOT_TRACED, Span
from services.dead_letters.record import Failure, Origin, marked, original_time, parse, whole_number
from services.storage import Change, Partition, Removal, Requeue

log = get_logger(__name__)

Kind = Literal["article", "event", "extraction", "dead_letter"]


@dataclass(frozen=True, slots=True)
class Message:
    """A message of one of the four topics.

    Attributes:
        kind: which topic it is from.
        origin: the message as it came.
        change: what it changes; None where it changes nothing.
        failure: why it could not be read; then it belongs into the dead letters.
        span: ended when it is stored, or has been put aside.
    """

    kind: Kind
    origin: Origin
    change: Change | None = None
    failure: Failure | None = None
    span: Span = NOT_TRACED

    @property
    def partition(self) -> Partition:
        """Where it stood."""
        return Partition(self.origin.topic, self.origin.partition)

    @property
    def article_timestamp_ms(self) -> int | None:
        """When the article came that this is a finding of, milliseconds since 1970; None where unknown."""
        return whole_number(dict(self.origin.headers).get(ARTICLE_TIMESTAMP))


class MessageReader:
    """Reads messages by the topic they come from."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._kinds: Mapping[str, Kind] = {
            settings.topic("articles"): "article",
            settings.topic("events"): "event",
            settings.topic("extractions"): "extraction",
            settings.topic("dead_letters"): "dead_letter",
        }

    @property
    def topics(self) -> list[str]:
        """The topics it knows."""
        return list(self._kinds)

    def read(self, record: Any) -> Message:
        """Read an `aiokafka.ConsumerRecord`. Never raises: what cannot be read is a message with a failure.

        Articles that cannot be read are passed over: the extractor reads the same topic and puts them into
        the dead letters, once. So is what is no dead letter among them: it must not become one.
        """
        kind = self._kinds[record.topic]
        headers = tuple(record.headers)
        origin = Origin(
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            # Of one that was sent back this is the time it was first sent at, which its record may not have.
            timestamp_ms=original_time(headers, record.timestamp),
            key=record.key,
            value=record.value,
            headers=headers,
        )
        try:
            if kind == "dead_letter":
                return Message(kind, origin, _put_aside(record))
            return Message(kind, origin, _change(kind, origin))
        except InvalidRecord as error:
            if kind in {"article", "dead_letter"}:
                return Message(kind, origin)
            return Message(kind, origin, failure=Failure("read", "schemas.InvalidRecord", error.reason))


READERS: Final[Mapping[Kind, Callable[[bytes | None], Any]]] = {
    "article": read_article,
    "event": read_event,
    "extraction": read_extraction,
}


def _change(kind: Literal["article", "event", "extraction"], origin: Origin) -> Change:
    if origin.value is None and kind != "event":
        return Change(Removal(_article_id(origin.key), kind), _moment(origin.timestamp_ms))
    return Change(READERS[kind](origin.value), _moment(origin.timestamp_ms))


def _put_aside(record: Any) -> Change | None:
    """A dead letter, or the mark that one was sent back."""
    at = _moment(record.timestamp)
    if mark := marked(record.headers):
        return Change(Requeue(mark), at)
    letter = parse(record)
    if letter is None:
        log.warning("record is no dead letter", partition=record.partition, offset=record.offset)
        return None
    return Change(letter, at)


def _article_id(key: bytes | None) -> str:
    try:
        if key:
            return key.decode()
    except UnicodeDecodeError:
        pass
    raise InvalidRecord("a tombstone without a key in UTF-8 names no article", "read")


def _moment(timestamp_ms: int) -> datetime:
    try:
        return datetime.fromtimestamp(timestamp_ms / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        raise InvalidRecord(f"its timestamp {timestamp_ms} ms is no date", "read") from None
