"""The quality of the shipped extractor: `python -m training.quality [--dev …] [--wikinews …]`.

Extracts from the held-out passages, and from whatever else is given, with the pipeline that `lagebild extract`
uses, scores with the project's scorer (`score.py`, kept to the letter), and prints the figures side by side, then how
far `confidence` can be believed, then the errors by cause.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from schemas import Article, write
from services.extraction import load_extractor
from training import reliability
from training.corpus import PASSAGES, read, split

SCORER = Path(__file__).with_name("score.py")
LABELS = ("status", "reported", "quoted", "movement", "kind", "category")


def main(argv: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m training.quality", description=__doc__)
    parser.add_argument("--dev", type=Path, help="annotated articles for measuring alone")
    parser.add_argument("--wikinews", type=Path, help="annotated Wikinews articles; the held-out tenth is measured")
    parser.add_argument("--model", help="another pipeline than the one of the package")
    parser.add_argument("--causes", type=int, default=12, help="how many causes of errors to list")
    options = parser.parse_args(argv)
    sets = {"held-out passages": split(read(PASSAGES), 5)[1]}
    if options.dev:
        sets = {"dev": read(options.dev)} | sets
    if options.wikinews:
        sets["held-out Wikinews"] = split(read(options.wikinews), 10)[1]
    results = {name: score(gold, options.model) for name, gold in sets.items()}
    print(f"extractor {load_extractor(options.model).version}\n")
    print(table({name: figures for name, (figures, _, _) in results.items()}), end="\n\n")
    print(reliability.table({name: judged for name, (_, _, judged) in results.items()}))
    for name, (_, errors, _) in results.items():
        print(f"\nerrors by cause, {name}")
        for cause, count in causes(errors).most_common(options.causes):
            print(f"  {count:>5}  {cause}")


def score(
    gold: Sequence[dict[str, Any]], model: str | None = None
) -> tuple[dict[str, Any], str, list[reliability.Judged]]:
    """The scorer's figures for annotated articles, its list of errors, and whether each record is an event.

    Args:
        gold: articles with their events, in the form of the corpus.
        model: what `load_extractor` takes; None: the pipeline of the package.
    """
    fields = set(Article.model_fields)
    articles = [Article.model_validate({k: v for k, v in one.items() if k in fields}) for one in gold]
    with tempfile.TemporaryDirectory() as folder:
        truth, found = Path(folder) / "gold.jsonl", Path(folder) / "found.jsonl"
        truth.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in gold), encoding="utf-8")
        judged: list[reliability.Judged] = []
        with found.open("wb") as out:
            for one, events in zip(gold, load_extractor(model).extract(articles), strict=True):
                judged += reliability.judged(events, one["events"])
                out.writelines(write(event) + b"\n" for event in events)
        figures = json.loads(_run(truth, found, "--json"))
        return figures, _run(truth, found, "--errors", str(len(gold))), judged


def _run(*arguments: object) -> str:
    command = [sys.executable, str(SCORER), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def table(sets: dict[str, dict[str, Any]]) -> str:
    """The figures as a Markdown table, one column a set."""
    lines = ["| measure | " + " | ".join(sets) + " |", "|---" * (len(sets) + 1) + "|"]
    rows: list[tuple[str, list[str]]] = [("articles", [str(f["articles"]) for f in sets.values()])]
    for kind in ("events", "deployment", "supply", "statement"):
        title = "events F1, all" if kind == "events" else f"events F1, {kind}"
        rows.append((title, [f"{f[kind]['f']:.3f}" for f in sets.values()]))
    rows.append(("roles F1 (95 % interval)", [_interval(f["roles"]) for f in sets.values()]))
    rows += [(name, [_number(f["labels"].get(name)) for f in sets.values()]) for name in LABELS]
    rows.append(("whole records right", [f"{f['whole']:.3f}" for f in sets.values()]))
    quiet = [_number(f["false_alarms_per_quiet_article"]) for f in sets.values()]
    rows.append(("false alarms in an article without events", quiet))
    return "\n".join([*lines, *(f"| {title} | " + " | ".join(cells) + " |" for title, cells in rows)])


def _interval(roles: dict[str, Any]) -> str:
    low, high = roles["interval95"]
    return f"{roles['f']:.3f} ({low:.3f}–{high:.3f})"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def causes(errors: str) -> Counter[str]:
    """How often each kind of error stands in the scorer's list: missed, spurious, missing, wrong, mistaken."""
    found: Counter[str] = Counter()
    for line in errors.splitlines():
        words = line.split()
        if line.startswith(("  missed ", "  spurious ")):
            found[f"{words[1]} {words[0]}"] += 1
        elif line.startswith("  differs "):
            found.update(_differences(line.split(" | ", 1)[1], words[1]))
    return found


def _differences(text: str, kind: str) -> Iterable[str]:
    for part in text.split("; "):
        words = part.split(maxsplit=1)
        if words[0] in ("missing", "wrong"):
            yield f"{kind}: {words[0]} {words[1].strip('()').split(',')[0].strip(chr(39))}"
        else:
            yield f"{kind}: {words[0]} mistaken"


if __name__ == "__main__":
    main()
