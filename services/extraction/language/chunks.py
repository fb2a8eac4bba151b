"""Words, chunks and windows of a text: what the encoder reads at a time, in training and in use alike.

A *chunk* is a core of whole sentences with some context around it, read once by the lower layers. A *window* is the
part of a chunk around one candidate, read once more for it. The same text always gives the same chunks. Offsets are
code points, end exclusive.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from services.extraction.language.pieces import BEGINNING, END
from services.extraction.language.sentences import split_sentences

Span: TypeAlias = tuple[int, int]

WORD = re.compile(r"\w[\w\u0300-\u036f]*|[^\w\s]")

CORE = 200  # pieces of whole sentences that a chunk answers for
LEFT = 40  # pieces of context before the core
RIGHT = 16  # pieces of context after it
LONGEST_SENTENCE = 200  # pieces; the rest of a longer "sentence" (a table, a list) is read in the next chunk
REACH = 64  # pieces on each side of a candidate that its window holds
RELATIVE_BUCKETS = 19  # distance to the candidate in words: 0, ±1 … ±4, ±5…9, ±10…19, ±20…39, ±40…79, ±80…
SENTENCE_BUCKETS = 5  # distance in sentences: -2 and further, -1, 0, 1, 2 and further
_BOUNDS = (1, 2, 3, 4, 5, 10, 20, 40, 80)


@dataclass(frozen=True)
class Chunk:
    """A stretch of a text that fits the network: whole sentences (the core) with some context around them."""

    ids: tuple[int, ...]  # pieces, with the marks of beginning and end
    words: tuple[Span, ...]  # offsets of the words in the text
    first: tuple[int, ...]  # index in `ids` of each word's first piece; one more entry: index of the end mark
    sentence: tuple[int, ...]  # index of each word's sentence
    core: Span  # indices of the words that this chunk answers for


@dataclass(frozen=True)
class Window:
    """The part of a chunk that is read again for one candidate: words `low` to `high`, without the marks."""

    low: int
    high: int
    anchor: int  # index of the candidate among the window's words
    subtokens: Span  # the window in the chunk's `ids`
    start: tuple[int, ...]  # first piece of each word, counted in the window
    end: tuple[int, ...]  # end of each word, exclusive
    relative: tuple[int, ...]  # bucket of each piece's distance to the candidate, in words
    sentence: tuple[int, ...]  # bucket of each piece's distance to the candidate, in sentences


def words(text: str) -> list[Span]:
    """The offsets of every run of letters and digits and of every other visible character."""
    return [match.span() for match in WORD.finditer(text)]


def chunks(
    text: str,
    pieces: Callable[[str], Sequence[int]],
    *,
    core: int = CORE,
    left: int = LEFT,
    right: int = RIGHT,
) -> list[Chunk]:
    """Cut `text` into chunks that together answer for every word once.

    Args:
        text: an article's text.
        pieces: gives the piece ids of one word.
        core: pieces that a chunk answers for; one long sentence may have more.
        left: pieces of context before the core.
        right: pieces of context after it. A text that fits core and context together stays whole.
    """
    spans = words(text)
    ids = [tuple(pieces(text[a:b])) for a, b in spans]
    lengths = [len(i) for i in ids]
    starts = [start for start, _ in split_sentences(text)]
    sentence = [max(0, bisect_right(starts, start) - 1) for start, _ in spans]
    result = []
    for first, last in _cores(lengths, sentence, core, core + left + right):
        low, high = _context(lengths, first, last, left, right)
        result.append(_chunk(spans, ids, sentence, (low, high), (first, last)))
    return result


def _cores(lengths: Sequence[int], sentence: Sequence[int], core: int, whole: int) -> list[Span]:
    """Runs of whole sentences of at most `core` pieces (one sentence may be longer, up to LONGEST_SENTENCE)."""
    if not lengths:
        return []
    if sum(lengths) <= whole:
        return [(0, len(lengths))]
    cores: list[Span] = []
    start = size = 0
    for first, last in _runs(lengths, sentence):
        length = sum(lengths[first:last])
        if first > start and size + length > core:
            cores.append((start, first))
            start, size = first, 0
        size += length
    return [*cores, (start, len(lengths))]


def _runs(lengths: Sequence[int], sentence: Sequence[int]) -> list[Span]:
    """The word ranges of the sentences, over-long ones cut."""
    runs: list[Span] = []
    start = size = 0
    for i, length in enumerate(lengths):
        if i > start and (sentence[i] != sentence[i - 1] or size + length > LONGEST_SENTENCE):
            runs.append((start, i))
            start, size = i, 0
        size += length
    return [*runs, (start, len(lengths))]


def _context(lengths: Sequence[int], first: int, last: int, left: int, right: int) -> Span:
    low, high, size = first, last, 0
    while low > 0 and size + lengths[low - 1] <= left:
        low -= 1
        size += lengths[low]
    size = 0
    while high < len(lengths) and size + lengths[high] <= right:
        size += lengths[high]
        high += 1
    return low, high


def _chunk(
    spans: Sequence[Span], ids: Sequence[tuple[int, ...]], sentence: Sequence[int], span: Span, core: Span
) -> Chunk:
    low, high = span
    flat = [BEGINNING]
    first = []
    for word in ids[low:high]:
        first.append(len(flat))
        flat.extend(word)
    return Chunk(
        ids=(*flat, END),
        words=tuple(spans[low:high]),
        first=(*first, len(flat)),
        sentence=tuple(sentence[low:high]),
        core=(core[0] - low, core[1] - low),
    )


def window(chunk: Chunk, word: int, reach: int = REACH) -> Window:
    """The window around `word`: `reach` pieces on each side, what one side lacks given to the other."""
    first, total = chunk.first, chunk.first[-1]
    left, right = first[word] - first[0], total - first[word]
    left, right = min(left, reach + max(0, reach - right)), min(right, reach + max(0, reach - left))
    low = next(i for i in range(word + 1) if first[word] - first[i] <= left)
    high = max(i for i in range(word + 1, len(chunk.words) + 1) if i == word + 1 or first[i] - first[word] <= right)
    offset = first[low]
    owners = [i for i in range(low, high) for _ in range(first[i + 1] - first[i])]
    return Window(
        low,
        high,
        word - low,
        (offset, first[high]),
        tuple(first[i] - offset for i in range(low, high)),
        tuple(first[i + 1] - offset for i in range(low, high)),
        tuple(_relative(i - word) for i in owners),
        tuple(max(-2, min(2, chunk.sentence[i] - chunk.sentence[word])) + 2 for i in owners),
    )


def _relative(distance: int) -> int:
    size = sum(abs(distance) >= bound for bound in _BOUNDS)
    return RELATIVE_BUCKETS // 2 + (size if distance > 0 else -size)
