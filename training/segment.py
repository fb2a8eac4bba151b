"""Words, sentences and chunks of a text: what the network reads at a time. Offsets: code points, end exclusive."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Span = tuple[int, int]

WORD = re.compile(r"\w+|[^\w\s]")

BOS, PAD, EOS = 0, 1, 2  # piece ids of the marks

CORE = 160  # subtokens of whole sentences that a chunk answers for
LEFT = 64  # subtokens of context before the core
RIGHT = 32  # subtokens of context after it
REACH = 64  # subtokens on each side of a candidate that its window holds
RELATIVE_BUCKETS = (
    19  # buckets of the distance to the candidate in words: 0, ±1 … ±4, ±5…9, ±10…19, ±20…39, ±40…79, ±80…
)
SENTENCE_BUCKETS = 5  # of the distance in sentences: -2 and further, -1, 0, 1, 2 and further
LONGEST_SENTENCE = 200  # subtokens; the rest of a longer "sentence" (a table, a list) is read in the next chunk

_END = re.compile(r"[.!?…][\"“”»«')\]]*(?=\s)|\n\s*\n|\n")
_ABBREVIATIONS = frozenset(
    re.findall(
        r"\w+",
        "z b u a d h dr prof st nr bzw ca mio mrd evtl inkl usw etc vgl sog abs art hrsg jan feb mär apr jun jul aug "
        "sep sept okt nov dez min max tel str mr mrs gen lt col sen jr ing phil",
    )
)
_STARTS_AFTER_NUMBER = re.compile(r"\s+(Der|Die|Das|Ein|Eine|Er|Sie|Es|In|Im|Am|Bei|Auch|Dies|Diese|Nach|Mit|Zu|Wir)\b")


def words(text: str) -> list[Span]:
    """The offsets of every run of letters and digits and of every other visible character."""
    return [match.span() for match in WORD.finditer(text)]


def sentences(text: str) -> list[Span]:
    """The offsets of the sentences, without white space at their ends. A line break always ends one."""
    spans = []
    start = 0
    for match in _END.finditer(text):
        if _ends_sentence(text, start, match):
            spans.append((start, match.end()))
            start = match.end()
    spans.append((start, len(text)))
    return [stripped for span in spans if (stripped := _strip(text, span))]


def _ends_sentence(text: str, start: int, match: re.Match[str]) -> bool:
    mark, rest = match.group()[0], text[match.end() : match.end() + 24]
    following = rest.lstrip()[:1]
    if mark == "\n":
        return True
    if following.islower() or re.match(r"\s*[,;–-]\s", rest):
        return False
    return mark != "." or not _is_abbreviation(text[start : match.start()], rest)


def _is_abbreviation(before: str, after: str) -> bool:
    """Whether the full stop after `before` belongs to an abbreviation, an initial or an ordinal number."""
    found = re.search(r"\w+$", before)
    last = found.group() if found else ""
    if last.lower() in _ABBREVIATIONS or (len(last) == 1 and last.isalpha()):
        return True
    return last.isdigit() and len(last) <= 2 and not _STARTS_AFTER_NUMBER.match(after)


def _strip(text: str, span: Span) -> Span | None:
    piece = text[span[0] : span[1]]
    if not piece.strip():
        return None
    return span[0] + len(piece) - len(piece.lstrip()), span[0] + len(piece.rstrip())


@dataclass(frozen=True)
class Chunk:
    """A stretch of a text that fits the network: whole sentences (the core) with some context around them."""

    ids: tuple[int, ...]  # subtokens, with the start and end marks
    words: tuple[Span, ...]  # offsets of the words in the text
    first: tuple[int, ...]  # index in `ids` of each word's first subtoken; one more entry: index of the end mark
    sentence: tuple[int, ...]  # index of each word's sentence
    core: Span  # indices of the words that this chunk answers for, end exclusive


@dataclass(frozen=True)
class Window:
    """The part of a chunk that is read again for one candidate: words `low` to `high` (end exclusive), no marks."""

    low: int
    high: int
    anchor: int  # index of the candidate among the window's words
    subtokens: Span  # the window in the chunk's `ids`
    start: tuple[int, ...]  # first subtoken of each word, counted in the window
    end: tuple[int, ...]  # end of each word, exclusive
    relative: tuple[int, ...]  # bucket of each subtoken's distance to the candidate, in words
    sentence: tuple[int, ...]  # bucket of each subtoken's distance to the candidate, in sentences


def window(chunk: Chunk, word: int, reach: int = REACH) -> Window:
    """The window around `word`: `reach` subtokens on each side, what one side lacks given to the other."""
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
    size = sum(abs(distance) >= bound for bound in (1, 2, 3, 4, 5, 10, 20, 40, 80))
    return RELATIVE_BUCKETS // 2 + (size if distance > 0 else -size)


def chunks(
    text: str,
    pieces: Callable[[str], Sequence[int]],
    *,
    core: int = CORE,
    left: int = LEFT,
    right: int = RIGHT,
) -> list[Chunk]:
    """Cut `text` into chunks that together answer for every word once.

    `pieces` gives the subtoken ids of one word. A text that fits core and context together stays whole.
    """
    spans = words(text)
    ids = [tuple(pieces(text[a:b])) for a, b in spans]
    lengths = [len(i) for i in ids]
    sentence = _sentence_index(spans, sentences(text))
    result = []
    for first, last in _cores(lengths, sentence, core, core + left + right):
        low, high = _context(lengths, first, last, left, right)
        result.append(_chunk(spans, ids, sentence, (low, high), (first, last)))
    return result


def _sentence_index(spans: Sequence[Span], sentence_spans: Sequence[Span]) -> list[int]:
    index, result = 0, []
    for start, _ in spans:
        while index + 1 < len(sentence_spans) and start >= sentence_spans[index + 1][0]:
            index += 1
        result.append(index)
    return result


def _cores(lengths: Sequence[int], sentence: Sequence[int], core: int, whole: int) -> list[Span]:
    """Runs of whole sentences of at most `core` subtokens (one sentence may be longer, up to LONGEST_SENTENCE)."""
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
    spans: Sequence[Span],
    ids: Sequence[tuple[int, ...]],
    sentence: Sequence[int],
    span: Span,
    core: Span,
) -> Chunk:
    low, high = span
    flat = [BOS]
    first = []
    for word in ids[low:high]:
        first.append(len(flat))
        flat.extend(word)
    return Chunk(
        ids=(*flat, EOS),
        words=tuple(spans[low:high]),
        first=(*first, len(flat)),
        sentence=tuple(sentence[low:high]),
        core=(core[0] - low, core[1] - low),
    )
