"""Where German sentences begin and end, as a spaCy component.

German news defeats a splitter by full stops alone: ordinal numbers carry one ("am 28. Oktober"), abbreviations
do ("z. B.", "Dr."), a quotation may hold several sentences or stand inside one, and headlines end without any.
The word lists are data: ``data/sentences.yaml`` and the abbreviations that spaCy's German tokenizer knows.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, cast

import numpy as np
from spacy.lang.de.tokenizer_exceptions import TOKENIZER_EXCEPTIONS
from spacy.language import Language
from spacy.tokens import Doc

from services.extraction.tables import read_table

if TYPE_CHECKING:
    from thinc.types import Ints2d

_CLOSERS = "\"“”»«›‹’'‘)\\]"
_SMILEY = r"[:;]-?[()DP](?=\s|$)"
# A smiley stands for the full stop or comes behind it.
_END = re.compile(
    rf"(?P<mark>[.!?…]+)(?P<closers>[{_CLOSERS}]*)(?=\s|$)(?:[ ]?{_SMILEY})?|(?<=[\w ]){_SMILEY}"
    r"|(?<=[a-zäöüß]{3})[.!?](?=[A-ZÄÖÜ][a-zäöüß])|\n"
)
_LAST_WORD = re.compile(r"[^\W_]+(?:\.[^\W_]+)*$")
_NEXT = re.compile(r"\s*(?P<open>[„“”»«‚‘\"'(\[–—-]*\s*)(?P<word>[^\W_]*)")
_SYMBOL = re.compile(r" ?[€$£%°]")  # "3 Mrd. €"
_ROMAN = re.compile(r"[IVX]{1,6}$")
_LOOK_BACK = 40


class _Lists:
    """The word lists, as sets of lower-case words where case does not matter."""

    def __init__(self) -> None:
        table = read_table("sentences")
        known = {key[:-1].lower() for key in TOKENIZER_EXCEPTIONS if key.endswith(".") and len(key) > 2}
        self.may_close = frozenset(word.lower() for word in table["may_close"])
        self.abbreviations = frozenset(known | {word.lower() for word in table["abbreviations"]})
        self.openers = frozenset(table["openers"])
        self.months = frozenset(table["months"])


@lru_cache(maxsize=1)
def _lists() -> _Lists:
    return _Lists()


def split_sentences(text: str) -> list[tuple[int, int]]:
    """The sentences of `text`, in order.

    Every character that is not white space lies in exactly one sentence. A sentence begins and ends with such
    a character; closing quotation marks and brackets belong to the sentence that they close.

    Args:
        text: an article's text as received.

    Returns:
        Offsets in code points, end exclusive.
    """
    spans, start = [], 0
    for end in [*_boundaries(text), len(text)]:
        piece = text[start:end]
        if stripped := piece.strip():
            first = start + len(piece) - len(piece.lstrip())
            spans.append((first, first + len(stripped)))
        start = end
    return spans


def _boundaries(text: str) -> Iterator[int]:
    wrap = _wrap_width(text)
    for match in _END.finditer(text):
        if match.group() == "\n":
            if _breaks_at_newline(text, match.start(), wrap):
                yield match.end()
        elif _ends_sentence(text, match):
            yield match.end()


def _ends_sentence(text: str, match: re.Match[str]) -> bool:
    mark = match["mark"]
    if mark is None and match.group()[0] in ".!?":
        return True  # "geschickt.Der": the space is missing
    following = _NEXT.match(text, match.end())
    assert following is not None  # every part of the pattern may be empty
    word = following["word"]
    if word[:1].islower() or text.startswith((",", ";", ":", ")"), following.start("open")):
        return False
    return not (mark == "." and not match["closers"]) or _full_stop_ends(text, match.start(), word)


def _full_stop_ends(text: str, position: int, following: str) -> bool:
    """Whether the full stop at `position`, followed by the word `following`, is more than an abbreviation's."""
    found = _LAST_WORD.search(text, max(0, position - _LOOK_BACK), position)
    if found is None or not following:
        return found is None or not _SYMBOL.match(text, position + 1)
    word, lists = found.group(), _lists()
    opens = following in lists.openers
    if word.isdecimal():
        designation = text[found.start() - 1 : found.start()] == "-"  # "MiG-29"
        return designation or len(word) > 3 or (opens and following not in lists.months)
    if word == "X":
        return True  # the platform, far more often than the tenth of a name
    if _ROMAN.match(word) or (len(word) == 1 and word.isupper()):
        return opens
    if word.lower() in lists.may_close:
        return opens
    return not (word.lower() in lists.abbreviations or len(word) == 1)


def _wrap_width(text: str) -> int:
    """Longest line of a text whose lines are broken in mid-sentence, else 0."""
    if re.search(r"[^\W\d_,]\n[a-zäöüß]", text) is None:
        return 0
    return max(map(len, text.split("\n")))


def _breaks_at_newline(text: str, position: int, wrap: int) -> bool:
    """A line break ends a sentence, unless the text is wrapped by hand and the line is full."""
    if not wrap:
        return True
    line = text[text.rfind("\n", 0, position) + 1 : position].rstrip()
    following = text[position + 1 : position + 2]
    if not line or following in ("\n", "") or line[-1] in ".!?…:" or line.rstrip('“”"»«')[-1:] in (".", "!", "?"):
        return True
    return len(line) < 0.6 * wrap and not following.islower()


@Language.component("lagebild_sentences", assigns=["token.is_sent_start", "doc.sents"])
def mark_sentences(doc: Doc) -> Doc:
    """Set `token.is_sent_start` by `split_sentences`; white space at a seam belongs to the sentence before."""
    text = doc.text
    starts = iter([start for start, _ in split_sentences(text)] + [len(text) + 1])
    pending = next(starts)
    marks = np.full((len(doc), 1), -1, dtype=np.int64)
    for token in doc:
        if token.is_space or pending >= token.idx + len(token):
            continue
        marks[token.i] = 1
        while pending < token.idx + len(token):
            pending = next(starts)
    if len(doc):
        marks[0] = 1
    # One array for all: the setter of `token.is_sent_start` searches the document anew for each token.
    return doc.from_array(["SENT_START"], cast("Ints2d", marks.astype(np.uint64)))


def sentence_spans(doc: Doc) -> list[tuple[int, int]]:
    """The sentences of a document that `mark_sentences` has seen, without white space at their ends.

    Offsets in code points of the text, end exclusive.
    """
    spans = []
    for sentence in doc.sents:
        words = [token for token in sentence if not token.is_space]
        if words:
            spans.append((words[0].idx, words[-1].idx + len(words[-1])))
    return spans
