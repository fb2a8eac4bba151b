"""Bytes to records and back. Reading is tolerant of newer minor versions, writing is canonical."""

import json
import math
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from schemas.article import Article
from schemas.claim import Claim
from schemas.dead_letter import Stage
from schemas.events import DeploymentEvent, Event, StatementEvent, SupplyEvent
from schemas.extraction import Extraction

T = TypeVar("T")

MAX_DEPTH = 32
"""Deepest nesting of a message that is read: the records need five levels."""

_ARTICLE = TypeAdapter(Article)
_EXTRACTION = TypeAdapter(Extraction)
_CLAIM = TypeAdapter(Claim)
_EVENT: TypeAdapter[DeploymentEvent | SupplyEvent | StatementEvent] = TypeAdapter(Event)


class InvalidRecord(ValueError):
    """A message that is not the record it should be.

    Attributes:
        reason: what is wrong, in one sentence.
        stage: "decode", "version" or "validate".
    """

    def __init__(self, reason: str, stage: Stage) -> None:
        super().__init__(reason)
        self.reason = reason
        self.stage = stage


def read_article(data: bytes | None) -> Article:
    """Read an article from the value of a Kafka message or a line of JSON.

    Raises:
        InvalidRecord: it is empty, not UTF-8, not JSON, has duplicate keys, is nested too deeply, is not an
            article, or has a schema version of another major number.
    """
    return _validate(_ARTICLE, data)


def read_event(data: bytes | None) -> DeploymentEvent | SupplyEvent | StatementEvent:
    """Read an event record. Raises InvalidRecord as `read_article` does."""
    return _validate(_EVENT, data)


def read_extraction(data: bytes | None) -> Extraction:
    """Read an extraction record. Raises InvalidRecord as `read_article` does."""
    return _validate(_EXTRACTION, data)


def read_claim(data: bytes | None) -> Claim:
    """Read a claim. Raises InvalidRecord as `read_article` does."""
    return _validate(_CLAIM, data)


def write(record: BaseModel) -> bytes:
    """The record as canonical UTF-8 JSON: fields in the order of the schema, no spaces."""
    return record.model_dump_json().encode()


def _validate(adapter: TypeAdapter[T], data: bytes | None) -> T:
    value = _decode(data)
    version = value.get("schema_version", "1.0")
    if not isinstance(version, str) or not version.startswith("1."):
        raise InvalidRecord(f"schema version {version!r} cannot be read, only 1.x", "version")
    try:
        return adapter.validate_python(value, extra="ignore")
    except ValidationError as error:
        raise InvalidRecord(_explain(error), "validate") from None


def _decode(data: bytes | None) -> dict[str, Any]:
    if not data:
        raise InvalidRecord("the message is a tombstone" if data is None else "the message is empty", "decode")
    try:
        value = json.loads(
            data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite
        )
    except UnicodeDecodeError as error:
        raise InvalidRecord(f"not UTF-8: {error.reason} at byte {error.start}", "decode") from None
    except json.JSONDecodeError as error:
        raise InvalidRecord(f"not JSON: {error.msg} at character {error.pos}", "decode") from None
    except RecursionError:
        raise InvalidRecord(f"nested deeper than {MAX_DEPTH} levels", "decode") from None
    except InvalidRecord:
        raise
    except ValueError:  # Python refuses to read whole numbers of more than 4,300 digits
        raise InvalidRecord("a number has too many digits", "decode") from None
    if not isinstance(value, dict):
        raise InvalidRecord(f"a JSON object is needed, not {_json_type(value)}", "decode")
    if _deeper(value, MAX_DEPTH):
        raise InvalidRecord(f"nested deeper than {MAX_DEPTH} levels", "decode")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise InvalidRecord(f"the key {twice!r} stands twice in one object", "decode")
    return value


def _no_constant(name: str) -> Any:
    raise InvalidRecord(f"not JSON: {name} is no JSON number", "decode")


def _finite(number: str) -> float:
    value = float(number)
    if math.isinf(value):
        raise InvalidRecord("a number is too large", "decode")
    return value


def _deeper(value: Any, limit: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    children = value.values() if isinstance(value, dict) else value
    return limit == 0 or any(_deeper(child, limit - 1) for child in children)


def _json_type(value: Any) -> str:
    names: dict[type, str] = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")


def _explain(error: ValidationError) -> str:
    """The first fault in words, with its field; pydantic's own text repeats the input, which may be huge."""
    errors = error.errors(include_url=False, include_context=False, include_input=False)
    first = errors[0]
    where = ".".join(str(part) for part in first["loc"]) or "record"
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return f"{where}: {first['msg'].removeprefix('Value error, ')}{more}"
