"""Gold sentences as their makers publish them: entities of GermEval 2014, tags of Universal Dependencies.

And which of them train and which only measure: the same for the project's network and for the baseline.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from training.scheme import TAGS

IGNORED = -100
_TRAINED_TEST = 2500  # sentences at the start of test.tsv that are trained on
_HELD_NEWS = 200  # sentences at the end of PUD's news part that are held out

Named: TypeAlias = tuple[list[str], list[str]]
"""Tokens and their outer BIO tags."""
Tagged: TypeAlias = tuple[list[str], list[tuple[int, ...]]]
"""Tokens and their indices in TAGS."""


def entities(folder: Path) -> tuple[list[Named], list[Named]]:
    """Training (dev.tsv, the first 2,500 of test.tsv, train.tsv if it is there) and the 2,600 held-out sentences."""
    parts = {name: list(read_entities(folder / f"{name}.tsv")) for name in ("dev", "test")}
    train = parts["dev"] + parts["test"][:_TRAINED_TEST]
    if (folder / "train.tsv").exists():
        train += read_entities(folder / "train.tsv")
    return train, parts["test"][_TRAINED_TEST:]


def tags(folder: Path) -> tuple[list[Tagged], dict[str, list[Tagged]]]:
    """Training: GSD dev (train too, if it is there) and PUD without its last 200 news sentences.

    Held out: GSD test and those 200.
    """
    parts = [name for name in ("dev", "train") if (folder / f"gsd-{name}.conllu").exists()]
    train = [sentence for part in parts for _, *sentence in read_treebank(folder / f"gsd-{part}.conllu")]
    pud = list(read_treebank(folder / "pud.conllu", verb_forms=False))
    news = {name for name, _, _ in [row for row in pud if row[0].startswith("n")][-_HELD_NEWS:]}
    tests = {
        "GSD test": [(t, tags) for _, t, tags in read_treebank(folder / "gsd-test.conllu")],
        "PUD news": [(t, tags) for name, t, tags in pud if name in news],
    }
    return [(t, tags) for t, tags in train] + [(t, tags) for name, t, tags in pud if name not in news], tests


def texts(path: Path) -> list[str]:
    """The sentences of a CoNLL-U file as they were written."""
    lines = path.read_text(encoding="utf-8").split("\n")
    return [line.removeprefix("# text = ") for line in lines if line.startswith("# text = ")]


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
