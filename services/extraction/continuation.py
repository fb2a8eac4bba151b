"""Statements that run on: quotations over several sentences, and indirect speech without a new verb of saying.

GUIDE, "statement": a speech over several sentences with the same speaker and no new cue belongs to the first
event, and its content covers them all.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache

from services.extraction.findings import Offsets
from services.extraction.tables import read_table

_WORD = re.compile(r"[^\W\d_]+")
_QUOTATION = re.compile(r"[„“][^“”\"„]*[“”\"]?|»[^«]*«?|«[^»]*»?|\"[^\"]*\"?")
_WHOLE = re.compile(rf"(?:{_QUOTATION.pattern})[.!?]?$")
_SUBORDINATE = re.compile(
    r"(?:^|[,;] )(?:dass|weil|wenn|ob|obwohl|während|nachdem|bevor|damit|falls|sobald|als ob)\b[^,;]*"
)
# What closes a quotation that the key opens; straight marks close the German low one in careless typing.
_CLOSES = {"„": '“”"', "»": "«", "«": "»", "“": "”", '"': '"'}


@lru_cache(maxsize=1)
def _forms() -> dict[str, frozenset[str]]:
    return {name: frozenset(words) for name, words in read_table("reported_speech").items()}


class Continuation:
    """Extends the contents of an article's statements over the sentences that go on with them.

    Args:
        text: the article's text.
        sentences: its sentences, in order.
        cues: offsets of the anchors of all its statements.
    """

    def __init__(self, text: str, sentences: Sequence[Offsets], cues: Sequence[Offsets]) -> None:
        self._text = text
        self._sentences = sentences
        self._ends = [end for _, end in sentences]
        self._cued = {self._index(start) for start, _ in cues}
        self._open = _open_quotations(text, [start for start, _ in sentences])

    def last_sentence(self, content: Offsets, cue: Offsets) -> int:
        """Number of the last sentence that content or cue of a statement reach into."""
        return max(self._index(content[1] - 1), self._index(cue[0]))

    def extend(self, content: Offsets, cue: Offsets) -> Offsets:
        """`content` of the statement with this cue, with the sentences after it that continue it."""
        end = content[1]
        for position in range(self.last_sentence(content, cue) + 1, len(self._sentences)):
            if position in self._cued or not self._continues(position):
                break
            end = self._sentences[position][1]
        return content[0], end

    def _continues(self, position: int) -> bool:
        start, end = self._sentences[position]
        sentence = self._text[start:end]
        return self._open[position] or _WHOLE.match(sentence) is not None or in_reported_form(sentence)

    def _index(self, position: int) -> int:
        return min(bisect_right(self._ends, position), len(self._sentences) - 1)


def _open_quotations(text: str, starts: Sequence[int]) -> list[bool]:
    """For each position, whether a quotation opened before it is still open there.

    A quotation left open by mistake ends with its paragraph.
    """
    result, closes, at = [], "", 0
    for start in starts:
        for mark in text[at:start]:
            if closes and (mark in closes or mark == "\n"):
                closes = ""
            elif not closes:
                closes = _CLOSES.get(mark, "")
        result.append(bool(closes))
        at = start
    return result


def in_reported_form(sentence: str) -> bool:
    """Whether the sentence's main clause is in the Konjunktiv of indirect speech, or says "demnach"."""
    forms = _forms()
    main = _SUBORDINATE.sub(" ", _QUOTATION.sub(" ", sentence))
    words = set(_WORD.findall(main))
    lower = {word.lower() for word in words}
    if lower & forms["continuing"]:
        return True
    if "ich" in lower:
        return False
    if words & forms["subjunctive"]:
        return True
    return bool(words & forms["substitute"]) and not set(_WORD.findall(sentence.lower())) & forms["conditions"]
