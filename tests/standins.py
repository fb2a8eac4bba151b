"""Extractors that put delivery to the test and not German: fast, and on request hanging or crashing.

Given to a service as `LAGEBILD_EXTRACTOR_MODEL=tests.standins:make`. What an article asks for stands in its text.
"""

import ctypes
import os
import re
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from schemas import Article, ArticleReference, Event, Span, StatementEvent, event_id, extraction_id

HANG = "[hang]"
HANG_DEAF = "[hang, deaf to signals]"
EXIT = "[exit]"
EXIT_QUIETLY = "[exit 0]"
SEGFAULT = "[segmentation fault]"
RAISE = "[raise]"
ALLOCATE = "[1 GiB of memory]"
NOTHING = "[nothing]"
SLOW = "[50 ms]"


class StandIn:
    """Finds one statement for each „sagte“ of a text."""

    def __init__(self, version: str) -> None:
        self.version = version

    def extract(self, articles: Iterable[Article]) -> Iterator[list[Event]]:
        for article in articles:
            _misbehave(article.text)
            yield [] if NOTHING in article.text else list(self._events(article))

    def _events(self, article: Article) -> Iterator[Event]:
        word, text = "sagte", article.text
        starts = [i for i in range(len(text)) if text.startswith(word, i)]
        whole = Span(text=text, start=0, end=len(text))
        for start in starts:
            end = start + len(word)
            yield StatementEvent(
                event_id=event_id(article.id, "statement", start, end),
                extraction_id=extraction_id(article, self.version),
                extractor=self.version,
                article=ArticleReference.of(article),
                type="statement",
                evidence=whole,
                anchor=Span(text=word, start=start, end=end),
                status="actual",
                reported=False,
                kind="say",
                quoted=False,
                content=whole,
            )


def _misbehave(text: str) -> None:
    if asked := re.search(r"\[(\d+) ms\]", text):
        time.sleep(int(asked[1]) / 1000)
    if HANG_DEAF in text:
        ctypes.PyDLL(None).sleep(3600)  # in C and with the interpreter's lock: no signal handler of Python runs
    if HANG in text:
        time.sleep(3600)
    if EXIT in text:
        os._exit(3)
    if EXIT_QUIETLY in text:
        os._exit(0)
    if SEGFAULT in text:
        ctypes.string_at(0)
    if ALLOCATE in text:
        _ = _one_gibibyte()
    if RAISE in text:
        raise ValueError(f"nothing to be made of {text!r}")


def _one_gibibyte() -> list[bytearray]:
    # Never written to, so that it takes no time where nothing bounds it.
    return [bytearray(16 << 20) for _ in range(64)]


def make() -> StandIn:
    """The stand-in, version "standin-1"."""
    return StandIn("standin-1")


def make_large() -> StandIn:
    """One that takes a gibibyte of memory to load."""
    _one_gibibyte()
    return make()


def make_newer() -> StandIn:
    """A newer version: other extraction ids, the same event ids."""
    return StandIn("standin-2")


def make_forgiving() -> StandIn:
    """A version that finds nothing wrong with what the first one refuses."""
    return _Forgiving("standin-3")


class _Forgiving(StandIn):
    def extract(self, articles: Iterable[Article]) -> Iterator[list[Event]]:
        for article in articles:
            yield list(self._events(article))


def make_once() -> StandIn:
    """Loads once for each file named by STANDIN_LOADED, then never again: a model that disappears."""
    with Path(os.environ["STANDIN_LOADED"]).open("x"):
        return StandIn("standin-1")


def make_broken() -> StandIn:
    """An extractor whose model is missing."""
    raise FileNotFoundError(Path("models/none"))
