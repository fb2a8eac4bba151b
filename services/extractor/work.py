"""What a worker process does: load the extractor once, then read one message after the other.

Everything here runs in the child processes of the pool. A message is validated here too, so that input which
brings down a parser brings down a worker and not the service.
"""

import os
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast

from schemas import Article, Event, Extraction, InvalidRecord, extraction_id, read_article, write
from services.common.errors import UserError
from services.common.processes import bound
from services.dead_letters.record import Failure


class Extractor(Protocol):
    """What the service needs of an extractor; `services.extraction` has the real one."""

    @property
    def version(self) -> str:
        """Names rules, tables and models: two extractors of one version find the same in the same article."""

    def extract(self, articles: Iterable[Article]) -> Iterator[list[Event]]:
        """The events of each article, in the articles' order."""


@dataclass(frozen=True)
class EventMessage:
    """An event record ready to be sent: its id, its type and status for the metrics, its value."""

    id: str
    type: str
    status: str
    value: bytes


@dataclass(frozen=True)
class Extracted:
    """What was found in an article.

    Attributes:
        article_id: key of all messages about it.
        events: the event records, in the order of the text.
        receipt_id: the extraction's id.
        receipt: value of the Extraction record.
        seconds: time it took, without waiting.
    """

    article_id: str
    events: tuple[EventMessage, ...]
    receipt_id: str
    receipt: bytes
    seconds: float


Outcome = Extracted | Failure

OUT_OF_MEMORY = 75
"""Exit code of a worker process whose memory has run out."""

_extractor: Extractor | None = None
_load_error: str | None = None


class ExtractorUnavailable(Exception):
    """The worker process has no extractor: its model could not be loaded."""


def initialise(model: str | None, memory_bytes: int) -> None:
    """Load the extractor; called once in each worker process. A failure is kept for the first call to tell.

    Args:
        model: see `load`.
        memory_bytes: data that the process may have, the extractor's included; 0: no limit.
    """
    global _extractor, _load_error  # noqa: PLW0603 - a process has one extractor, and the pool's calls share nothing else
    bound(memory_bytes)
    try:
        _extractor = load(model)
    except MemoryError:
        _load_error = f"{memory_bytes} bytes of memory are too little, raise LAGEBILD_EXTRACTOR_MEMORY_BYTES"
    except Exception as error:  # noqa: BLE001 - an error here would only end the process, unheard
        _load_error = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"


def load(model: str | None) -> Extractor:
    """The extractor that a setting names.

    Args:
        model: None for the one that comes with the package, the folder of a spaCy pipeline, or "module:function"
            that makes one without arguments.
    """
    if model and ":" in model:
        module, _, name = model.partition(":")
        make = cast(Callable[[], Extractor], getattr(import_module(module), name))
        return make()
    from services.extraction import load_extractor

    return cast(Extractor, load_extractor(model))


def version() -> str:
    """The loaded extractor's version. Raises ExtractorUnavailable with the reason where there is none."""
    return _loaded().version


def read_message(value: bytes | None) -> Outcome:
    """Validate a message and extract its events.

    Args:
        value: the Kafka message's value as it came.

    Returns:
        What was found, or why the message is poison. Errors of the extractor count as poison of this article, but
        for a lack of memory: that ends the process with `OUT_OF_MEMORY`.

    Raises:
        ExtractorUnavailable: no extractor is loaded, which is no fault of the message.
    """
    extractor = _loaded()
    began = time.perf_counter()
    try:
        article = read_article(value)
        (events,) = extractor.extract([article])
        return _extracted(article, extractor.version, events, began)
    except InvalidRecord as error:
        return Failure(error.stage, _class_name(error), error.reason)
    except MemoryError:
        # What else has gone wrong for want of memory cannot be known: the next article gets a new process.
        os._exit(OUT_OF_MEMORY)
    except Exception as error:  # noqa: BLE001 - whatever the extractor raises belongs to this article
        return Failure("extract", _class_name(error), str(error), traceback.format_exc())


def _loaded() -> Extractor:
    if _extractor is None:
        raise ExtractorUnavailable(_load_error or "the worker process was not initialised")
    return _extractor


def _extracted(article: Article, extractor: str, events: list[Event], began: float) -> Extracted:
    name = extraction_id(article, extractor)
    receipt = Extraction(
        extraction_id=name,
        article_id=article.id,
        extractor=extractor,
        event_ids=tuple(event.event_id for event in events),
        outcome="events" if events else "no_events",
    )
    messages = tuple(EventMessage(str(e.event_id), e.type, e.status, write(e)) for e in events)
    return Extracted(article.id, messages, str(name), write(receipt), time.perf_counter() - began)


def _class_name(error: Exception) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
