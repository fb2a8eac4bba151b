"""From the words that the network points at to the stretch of text that a record shows."""

import re

from services.extraction.language.chunks import Span

_OPENERS = "„»‚›\"“”«'‘’(["
_CLOSES = {"„": '“”"', "»": "«", "«": "»", "“": "”", '"': '"', "‚": "‘’", "›": "‹", "(": ")", "[": "]"}
_LEAD = re.compile(r"(?:[\s,;:.–—-]+|dass\b|daß\b)+")
_TRAIL = re.compile(r"[\s,;:.!?–—-]+$")
_EDGE = " \t\n\r,;:.!?–—-"


def trimmed(text: str, span: Span) -> Span | None:
    """The span without white space and punctuation at its ends; None if nothing is left.

    Brackets and quotation marks stay where both of a pair are inside, and go where only one is.
    """
    start, end = span
    while start < end and (text[start] in _EDGE or _unpaired_opener(text, start, end)):
        start += 1
    while end > start and (text[end - 1] in _EDGE or _unpaired_closer(text, start, end)):
        end -= 1
    return (start, end) if end > start else None


def content(text: str, span: Span) -> Span | None:
    """What is said, as the guide cuts it: no leading "dass", comma or colon, no punctuation at the end.

    A quotation mark at an end stays out if its partner is, and so does a pair around all of it.
    """
    start, end = span
    lead = _LEAD.match(text, start, end)
    start = lead.end() if lead else start
    trail = _TRAIL.search(text, start, end)
    end = trail.start() if trail else end
    inner = _unquoted(text, start, end)
    return trimmed(text, inner)


def _unquoted(text: str, start: int, end: int) -> Span:
    """Without the quotation marks around the whole."""
    while end - start > 2 and text[end - 1] in _CLOSES.get(text[start], ""):
        if any(mark in text[start + 1 : end - 1] for mark in (text[start], text[end - 1])):
            break
        start, end = start + 1, end - 1
        while end > start and text[end - 1] in _EDGE:
            end -= 1
    return start, end


def _unpaired_opener(text: str, start: int, end: int) -> bool:
    closers = _CLOSES.get(text[start])
    if closers is None:
        return text[start] in _OPENERS
    return not any(mark in text[start + 1 : end] for mark in closers)


def _unpaired_closer(text: str, start: int, end: int) -> bool:
    openers = [opener for opener, closers in _CLOSES.items() if text[end - 1] in closers]
    return bool(openers) and not any(mark in text[start : end - 1] for mark in openers)
