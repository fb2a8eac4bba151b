"""Names, tags, sentences and lemmas of the shipped pipeline on held-out gold, beside a CNN trained on the same gold.

    python -m training.evaluate_language models/de_lagebild --germeval DIR --treebanks DIR [--no-baseline]

Strict entity F1 (same tokens, same type) on the held-out sentences of GermEval 2014; accuracy of parts of speech and
morphology on gold tokens of the GSD test set and the last 200 news sentences of PUD, punctuation counted; where
sentences end in the GSD test set run together and in the project's own hard cases; lemmas of the project's own verbs.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import spacy
from spacy.language import Language
from spacy.tokens import Doc

from services.extraction.language.entities import LABELS, bio_spans
from services.extraction.language.sentences import split_sentences
from training import baseline, gold
from training.scheme import TAGS

Named: TypeAlias = tuple[list[gold.Named], list[gold.Named]]
"""Sentences that train, and those held out."""
TaggedSets: TypeAlias = tuple[list[gold.Tagged], dict[str, list[gold.Tagged]]]
"""The same with tags; held out by name."""
CASES = Path(__file__).parents[1] / "tests" / "data"
COMPONENTS = ("lagebild_encoder", "lagebild_tagger", "lagebild_entities")
_NAMES = {"Particle": ("PartType", {"Yes": "Vbp"}), "Passive": ("Voice", {"Yes": "Pass"})}


def entity_f1(nlp: Language, components: Sequence[str], sentences: Iterable[gold.Named]) -> dict[str, float]:
    """Strict F1 over all types ("all") and of each."""
    counts: dict[str, Counter[str]] = {}
    for tokens, tags in sentences:
        found = {(e.start, e.end, e.label_) for e in _annotated(nlp, components, tokens).ents}
        right = {(first, last, LABELS[kind]) for first, last, kind in bio_spans(tags)}
        for what, spans in (("found", found), ("gold", right), ("right", found & right)):
            for _, _, label in spans:
                for name in ("all", label):
                    counts.setdefault(name, Counter())[what] += 1
    return {name: 2 * c["right"] / (c["found"] + c["gold"]) for name, c in sorted(counts.items())}


def tag_accuracy(nlp: Language, components: Sequence[str], sentences: Iterable[gold.Tagged]) -> dict[str, float]:
    """Accuracy over tokens for each entry of the scheme's TAGS; what the gold leaves open is not counted."""
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for tokens, expected in sentences:
        for token, row in zip(_annotated(nlp, components, tokens), expected, strict=True):
            for (name, values), index in zip(TAGS.items(), row, strict=True):
                if index >= 0:
                    total[name] += 1
                    right[name] += _value(token.pos_, token.morph.to_dict(), name) == values[index]
    return {name: right[name] / total[name] for name in TAGS}


def boundary_f1(cases: Iterable[tuple[str, frozenset[int]]]) -> float:
    """F1 of the places where sentences end, over texts given with the offsets (exclusive) of their sentences' ends."""
    counts: Counter[str] = Counter()
    for text, ends in cases:
        found = {end for _, end in split_sentences(text)}
        counts.update(found=len(found), gold=len(ends), right=len(found & ends))
    return 2 * counts["right"] / (counts["found"] + counts["gold"])


def marked_ends(marked: str) -> tuple[str, frozenset[int]]:
    """The text of a case in which "|" stands behind each sentence and "⏎" for a line break, and its sentences' ends."""
    text, ends = "", []
    for sentence in marked.replace("⏎", "\n").split("|")[:-1]:
        text += sentence
        ends.append(len(text.rstrip()))
    return text, frozenset(ends)


def _run_together(sentences: Iterable[str]) -> tuple[str, frozenset[int]]:
    return marked_ends(" ".join(sentence.replace("|", "/") + "|" for sentence in sentences))


def lemma_accuracy(nlp: Language, cases: Iterable[dict[str, Any]]) -> float:
    """The share of verbs whose lemma, separable prefix joined, is right; a case names the verb by its offsets."""
    right = []
    for case in cases:
        doc = nlp(case["text"])
        token = doc.char_span(case["start"], case["end"], alignment_mode="expand")
        right.append(token is not None and token[0].lemma_ == case["lemma"])
    return sum(right) / len(right)


def _value(pos: str, features: dict[str, str], name: str) -> str:
    if name == "upos":
        return pos
    feature, back = _NAMES.get(name, (name, {}))
    value = features.get(feature, "_")
    return next((ours for ours, theirs in back.items() if theirs == value), value)


def _annotated(nlp: Language, components: Sequence[str], tokens: Sequence[str]) -> Doc:
    doc = Doc(nlp.vocab, words=list(tokens), sent_starts=[i == 0 for i in range(len(tokens))])
    for name in components:
        doc = nlp.get_pipe(name)(doc)
    return doc


def sentence_cases() -> list[tuple[str, frozenset[int]]]:
    """The project's own hard cases."""
    return [marked_ends(line) for line in (CASES / "sentences.txt").read_text(encoding="utf-8").splitlines()]


def _lemma_cases() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (CASES / "verb_lemmas.jsonl").read_text(encoding="utf-8").splitlines()]


def _baseline(named: Named, tagged_sets: TaggedSets) -> dict[str, float]:
    """The baseline's figures, by the rows' names; some minutes of training."""
    train, held = named
    upos = TAGS["upos"]
    names = entity_f1(baseline.entity_recogniser(train), ["ner"], held)
    trees, tests = tagged_sets
    tagger = baseline.tagger([(tokens, [upos[row[0]] for row in rows]) for tokens, rows in trees])
    tagged = {name: tag_accuracy(tagger, ["morphologizer"], part)["upos"] for name, part in tests.items()}
    return {"NER": names["all"]} | {f"UPOS {name}": value for name, value in tagged.items()}


def table(
    nlp: Language, named: Named, tagged_sets: TaggedSets, together: list[str], beside: dict[str, float]
) -> list[str]:
    """The figures as a Markdown table, and below it those of single types and features."""
    _, held = named
    _, tests = tagged_sets
    names = entity_f1(nlp, COMPONENTS, held)
    tagged = {name: tag_accuracy(nlp, COMPONENTS, part) for name, part in tests.items()}
    own, verbs = sentence_cases(), _lemma_cases()
    rows = [
        (f"strict NER F1, GermEval 2014, {len(held)} sentences", names["all"], beside.get("NER"), 0.82),
        *((f"UPOS, {name}", figures["upos"], beside.get(f"UPOS {name}"), 0.96) for name, figures in tagged.items()),
        ("sentence boundaries F1, GSD test run together", boundary_f1([_run_together(together)]), None, 0.95),
        (f"sentence boundaries F1, {len(own)} own hard cases", boundary_f1(own), None, 0.98),
        (f"verb lemmas, prefix joined, {len(verbs)} own cases", lemma_accuracy(nlp, verbs), None, 0.97),
    ]
    return [
        "| held out | reached | CNN baseline | to reach |",
        "|---|---|---|---|",
        *(
            f"| {title} | {value:.3f} | {f'{other:.3f}' if other else '–'} | {aim} |"
            for title, value, other, aim in rows
        ),
        "",
        "NER by type: " + ", ".join(f"{name} {value:.3f}" for name, value in names.items() if name != "all"),
        *(f"{name}: " + ", ".join(f"{k} {v:.3f}" for k, v in figures.items()) for name, figures in tagged.items()),
    ]


def main(argv: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluate_language", description=__doc__)
    parser.add_argument("pipeline", help="folder of the pipeline")
    parser.add_argument("--germeval", type=Path, required=True, help="folder with dev.tsv and test.tsv")
    parser.add_argument("--treebanks", type=Path, required=True, help="folder with gsd-dev, gsd-test and pud .conllu")
    parser.add_argument("--baseline", action=argparse.BooleanOptionalAction, default=True, help="train the CNN too")
    options = parser.parse_args(argv)
    named, tagged_sets = gold.entities(options.germeval), gold.tags(options.treebanks)
    together = gold.texts(options.treebanks / "gsd-test.conllu")
    beside = _baseline(named, tagged_sets) if options.baseline else {}
    print("\n".join(table(spacy.load(options.pipeline), named, tagged_sets, together, beside)))


if __name__ == "__main__":
    main()
