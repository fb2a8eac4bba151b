"""Sentences with gold entities or gold tags (`training.gold`), in the network's words.

A gold token may hold several of the network's words ("US-Präsident" has three): every one of them is given the
token's tag, and a token's logits are the mean of its words'.
"""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from services.extraction.language.chunks import WORD, Span
from services.extraction.language.pieces import BEGINNING, END, PieceVocabulary
from training import gold
from training.scheme import ENTITY_TAGS

PACK = 250  # subtokens that several sentences may fill together


@dataclass(frozen=True)
class Sentence:
    """A tokenised sentence with one row of targets per word."""

    pieces: tuple[tuple[int, ...], ...]  # subtokens of each word
    tokens: tuple[Span, ...]  # the words of each token, end exclusive
    gold: tuple[tuple[int, ...], ...]  # per word: the entity tag, or one index for each entry of TAGS

    @property
    def size(self) -> int:
        """Subtokens."""
        return sum(map(len, self.pieces))


@dataclass(frozen=True)
class Pack:
    """One or more sentences as the network reads them."""

    ids: tuple[int, ...]
    start: tuple[int, ...]
    end: tuple[int, ...]
    gold: tuple[tuple[int, ...], ...]


def entity_sentence(tokens: Sequence[str], tags: Sequence[str], pieces: PieceVocabulary) -> Sentence:
    """The first word of a token keeps its tag, the others continue it."""

    def gold(tag: str, position: int) -> tuple[int, ...]:
        return (ENTITY_TAGS.index(tag if position == 0 or tag == "O" else "I" + tag[1:]),)

    return _sentence(tokens, pieces, [lambda i, tag=tag: gold(tag, i) for tag in tags])


def _sentence(
    tokens: Sequence[str], pieces: PieceVocabulary, gold: Sequence[Callable[[int], tuple[int, ...]]]
) -> Sentence:
    split: list[tuple[int, ...]] = []
    spans: list[Span] = []
    targets: list[tuple[int, ...]] = []
    for token, target in zip(tokens, gold, strict=True):
        parts = WORD.findall(token) or [token]
        spans.append((len(split), len(split) + len(parts)))
        split += [pieces.encode(part) for part in parts]
        targets += [target(i) for i in range(len(parts))]
    return Sentence(tuple(split), tuple(spans), tuple(targets))


def tag_sentence(tokens: Sequence[str], tags: Sequence[tuple[int, ...]], pieces: PieceVocabulary) -> Sentence:
    """A sentence whose words all carry their token's tags."""
    return _sentence(tokens, pieces, [lambda _, tag=tag: tag for tag in tags])


def packs(sentences: Sequence[Sentence], rng: random.Random) -> list[Pack]:
    """Shuffled sentences joined up to a size drawn for each pack, so that the network knows one sentence and many."""
    order = list(sentences)
    rng.shuffle(order)
    result: list[Pack] = []
    group: list[Sentence] = []
    room = rng.randint(1, PACK)
    for sentence in order:
        if group and sum(s.size for s in group) + sentence.size > room:
            result.append(pack(group))
            group, room = [], rng.randint(1, PACK)
        group.append(sentence)
    if group:
        result.append(pack(group))
    return result


def pack(sentences: Sequence[Sentence], limit: int = 2 * PACK) -> Pack:
    """The sentences in one row; words beyond `limit` subtokens are left out."""
    ids, start, end, gold = [BEGINNING], [], [], []
    for sentence in sentences:
        for word, target in zip(sentence.pieces, sentence.gold, strict=True):
            if len(ids) + len(word) >= limit:
                break
            start.append(len(ids))
            ids += word
            end.append(len(ids))
            gold.append(target)
    return Pack((*ids, END), tuple(start), tuple(end), tuple(gold))


def germeval(folder: Path, pieces: PieceVocabulary) -> tuple[list[Sentence], list[Sentence]]:
    """The sentences to train entities on and the held-out ones."""
    train, held = ([entity_sentence(t, tags, pieces) for t, tags in part] for part in gold.entities(folder))
    return train, held


def treebanks(folder: Path, pieces: PieceVocabulary) -> tuple[list[Sentence], dict[str, list[Sentence]]]:
    """The sentences to train tags on and the held-out sets."""
    train, tests = gold.tags(folder)

    def made(part: Sequence[gold.Tagged]) -> list[Sentence]:
        return [tag_sentence(t, tags, pieces) for t, tags in part]

    return made(train), {name: made(part) for name, part in tests.items()}


def tokens_of(spans: Iterable[tuple[int, int, str]], tokens: Sequence[Span]) -> set[tuple[int, int, str]]:
    """Spans over words as spans over tokens: a token that is touched belongs."""
    token = {word: i for i, (first, end) in enumerate(tokens) for word in range(first, end)}
    return {(token[first], token[end - 1] + 1, kind) for first, end, kind in spans}
