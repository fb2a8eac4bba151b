"""Sentences with gold entities (GermEval 2014) or gold tags (Universal Dependencies), in the network's words.

A gold token may hold several of the network's words ("US-Präsident" has three): every one of them is given the
token's tag, and a token's logits are the mean of its words'.
"""

import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from services.extraction.language.chunks import WORD, Span
from services.extraction.language.pieces import BEGINNING, END, PieceVocabulary
from training.scheme import ENTITY_TAGS, TAGS

IGNORED = -100
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


def read_entities(path: Path) -> Iterator[tuple[list[str], list[str]]]:
    """Tokens and outer BIO tags of a GermEval 2014 file; `deriv` and `part` count as the type itself."""
    for block in _blocks(path):
        rows = [line.split("\t") for line in block if not line.startswith("#")]
        rows = [row for row in rows if len(row) >= 3]
        if rows:
            yield [row[1] for row in rows], _repaired([re.sub("(deriv|part)$", "", row[2]) for row in rows])


def _blocks(path: Path) -> Iterator[list[str]]:
    block: list[str] = []
    for line in path.read_text(encoding="utf-8").split("\n"):
        if line.strip():
            block.append(line)
        elif block:
            yield block
            block = []
    if block:
        yield block


def _repaired(tags: Sequence[str]) -> list[str]:
    """An I- that continues nothing begins something."""
    result: list[str] = []
    previous = "O"
    for tag in tags:
        result.append("B" + tag[1:] if tag[0] == "I" and previous[2:] != tag[2:] else tag)
        previous = tag
    return result


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


@dataclass(frozen=True)
class _Token:
    form: str
    upos: str
    features: Mapping[str, str]
    relation: str


def read_treebank(path: Path, *, verb_forms: bool = True) -> Iterator[tuple[str, list[str], list[tuple[int, ...]]]]:
    """Sentence id, surface tokens and their TAGS of a CoNLL-U file.

    A contraction ("zum") is one token: a preposition with the article's features. `verb_forms` false: the treebank
    leaves VerbForm out (PUD), so that only finite forms, which carry Mood, are known.
    """
    for block in _blocks(path):
        name = next(line.split("=")[1].strip() for line in block if line.startswith("# sent_id"))
        tokens = list(_surface([line.split("\t") for line in block if not line.startswith("#")]))
        yield name, [token.form for token in tokens], [_tags(token, verb_forms) for token in tokens]


def _surface(rows: Iterable[list[str]]) -> Iterator[_Token]:
    rows = iter(rows)
    for row in rows:
        if "." in row[0]:
            continue
        if "-" not in row[0]:
            yield _Token(row[1], row[3], _features(row[5]), row[7])
            continue
        first, last = map(int, row[0].split("-"))
        parts = [next(rows) for _ in range(first, last + 1)]
        features = _features(parts[-1][5])
        yield _Token(row[1], parts[0][3], features, parts[0][7])


def _features(column: str) -> dict[str, str]:
    return dict(feature.split("=", 1) for feature in column.split("|") if "=" in feature)


def _tags(token: _Token, verb_forms: bool) -> tuple[int, ...]:
    values = {"upos": token.upos, **token.features}
    values["Particle"] = "Yes" if token.relation == "compound:prt" else "_"
    values["Passive"] = "Yes" if token.relation == "aux:pass" else "_"
    values["PronType"] = values.get("PronType", "_").split(",")[-1]  # "Dem,Rel", "Int,Rel": a relative pronoun
    if not verb_forms and token.upos in ("VERB", "AUX"):
        values["VerbForm"] = "Fin" if "Mood" in values else ""
    return tuple(_index(TAGS[name], values.get(name, "_")) for name in TAGS)


def _index(values: Sequence[str], value: str) -> int:
    """The value's place; unknown values (rare or erroneous) are not learned from."""
    return values.index(value) if value in values else IGNORED


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
    """Training (dev.tsv, the first 2,500 of test.tsv, train.tsv if it is there) and the 2,600 held-out sentences."""
    parts = {name: list(read_entities(folder / f"{name}.tsv")) for name in ("dev", "test")}
    train = parts["dev"] + parts["test"][:2500]
    if (folder / "train.tsv").exists():
        train += read_entities(folder / "train.tsv")
    made = [[entity_sentence(t, tags, pieces) for t, tags in part] for part in (train, parts["test"][2500:])]
    return made[0], made[1]


def treebanks(folder: Path, pieces: PieceVocabulary) -> tuple[list[Sentence], dict[str, list[Sentence]]]:
    """Training: GSD dev (train too, if it is there) and PUD without its last 200 news sentences.

    Held out: GSD test and those 200.
    """
    train = [tag_sentence(t, tags, pieces) for _, t, tags in read_treebank(folder / "gsd-dev.conllu")]
    if (folder / "gsd-train.conllu").exists():
        train += [tag_sentence(t, tags, pieces) for _, t, tags in read_treebank(folder / "gsd-train.conllu")]
    pud = list(read_treebank(folder / "pud.conllu", verb_forms=False))
    news = [name for name, _, _ in pud if name.startswith("n")][-200:]
    train += [tag_sentence(t, tags, pieces) for name, t, tags in pud if name not in news]
    tests = {
        "GSD test": [tag_sentence(t, tags, pieces) for _, t, tags in read_treebank(folder / "gsd-test.conllu")],
        "PUD news": [tag_sentence(t, tags, pieces) for name, t, tags in pud if name in news],
    }
    return train, tests


def tokens_of(spans: Iterable[tuple[int, int, str]], tokens: Sequence[Span]) -> set[tuple[int, int, str]]:
    """Spans over words as spans over tokens: a token that is touched belongs."""
    token = {word: i for i, (first, end) in enumerate(tokens) for word in range(first, end)}
    return {(token[first], token[end - 1] + 1, kind) for first, end, kind in spans}
