"""Names and tags of the shipped pipeline on held-out gold: `python -m training.evaluate_language --help`.

Strict entity F1 (same tokens, same type) on the 2,600 held-out sentences of GermEval 2014; accuracy of parts of speech
and morphology on gold tokens of the GSD test set and the last 200 news sentences of PUD, punctuation counted.
"""

import argparse
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import spacy
from spacy.language import Language
from spacy.tokens import Doc

from services.extraction.language.entities import LABELS, bio_spans
from training.scheme import TAGS
from training.tagged import read_entities, read_treebank

HELD_ENTITIES = 2500  # sentences of test.tsv before the held-out ones
HELD_NEWS = 200  # sentences at the end of PUD's news part
_NAMES = {"Particle": ("PartType", {"Yes": "Vbp"}), "Passive": ("Voice", {"Yes": "Pass"})}


def entity_f1(nlp: Language, sentences: Iterable[tuple[Sequence[str], Sequence[str]]]) -> float:
    """Strict F1 over all types."""
    counts: Counter[str] = Counter()
    for tokens, tags in sentences:
        found = {(e.start, e.end, e.label_) for e in _annotated(nlp, tokens).ents}
        gold = {(first, last, LABELS[kind]) for first, last, kind in bio_spans(tags)}
        counts.update(found=len(found), gold=len(gold), right=len(found & gold))
    return 2 * counts["right"] / (counts["found"] + counts["gold"])


def tag_accuracy(
    nlp: Language, sentences: Iterable[tuple[Sequence[str], Sequence[tuple[int, ...]]]]
) -> dict[str, float]:
    """Accuracy over tokens for each entry of the scheme's TAGS; what the gold leaves open is not counted."""
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for tokens, gold in sentences:
        for token, row in zip(_annotated(nlp, tokens), gold, strict=True):
            for (name, values), index in zip(TAGS.items(), row, strict=True):
                if index >= 0:
                    total[name] += 1
                    right[name] += _value(token.pos_, token.morph.to_dict(), name) == values[index]
    return {name: right[name] / total[name] for name in TAGS}


def _value(pos: str, features: dict[str, str], name: str) -> str:
    if name == "upos":
        return pos
    feature, back = _NAMES.get(name, (name, {}))
    value = features.get(feature, "_")
    return next((ours for ours, theirs in back.items() if theirs == value), value)


def _annotated(nlp: Language, tokens: Sequence[str]) -> Doc:
    doc = Doc(nlp.vocab, words=list(tokens), sent_starts=[i == 0 for i in range(len(tokens))])
    for name in ("lagebild_encoder", "lagebild_tagger", "lagebild_entities"):
        doc = nlp.get_pipe(name)(doc)
    return doc


def main(argv: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluate_language", description=__doc__)
    parser.add_argument("pipeline", help="folder of the pipeline")
    parser.add_argument("--germeval", type=Path, required=True, help="folder with test.tsv")
    parser.add_argument("--treebanks", type=Path, required=True, help="folder with gsd-test.conllu and pud.conllu")
    options = parser.parse_args(argv)
    nlp = spacy.load(options.pipeline)
    held = list(read_entities(options.germeval / "test.tsv"))[HELD_ENTITIES:]
    print(f"GermEval, strict F1: {entity_f1(nlp, held):.4f} ({len(held)} sentences)", flush=True)
    gsd = [(tokens, tags) for _, tokens, tags in read_treebank(options.treebanks / "gsd-test.conllu")]
    pud = [row for row in read_treebank(options.treebanks / "pud.conllu", verb_forms=False) if row[0].startswith("n")]
    for name, sentences in (("GSD test", gsd), ("PUD news", [(t, g) for _, t, g in pud[-HELD_NEWS:]])):
        figures = " ".join(f"{key} {value:.4f}" for key, value in tag_accuracy(nlp, sentences).items())
        print(f"{name}: {figures} ({len(sentences)} sentences)", flush=True)


if __name__ == "__main__":
    main()
