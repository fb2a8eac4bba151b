"""Speed and size of a pipeline on one core: `python -m training.bench models/de_lagebild ARTICLES.jsonl`.

Processor time, not the clock, so that other work on the machine disturbs little; the best of three rounds.
"""

import argparse
import json
import resource
import time
from collections.abc import Sequence
from pathlib import Path

ARTICLE = 330  # words of the article that the target speaks of


def main(argv: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m training.bench", description=__doc__)
    parser.add_argument("pipeline", help="folder of the pipeline")
    parser.add_argument("articles", type=Path, help="JSON lines with `text`")
    parser.add_argument("--disable", nargs="*", default=[], help="components to leave out")
    options = parser.parse_args(argv)
    texts = [json.loads(line)["text"] for line in options.articles.read_text(encoding="utf-8").splitlines()]
    begin = time.perf_counter()
    import spacy

    nlp = spacy.load(options.pipeline, disable=options.disable)
    nlp(texts[0])
    print(f"loaded and first article read in {time.perf_counter() - begin:.2f} s")
    words = sum(len(text.split()) for text in texts)
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        for _doc in nlp.pipe(texts):
            pass
        best = min(best, time.process_time() - start)
    size = sum(file.stat().st_size for file in Path(options.pipeline).rglob("*") if file.is_file())
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{words / best:.0f} words a second, {words / best / ARTICLE:.1f} articles of {ARTICLE} words a second")
    print(f"{size / 1e6:.1f} MB on disk, {memory / 1024:.0f} MB resident at most")


if __name__ == "__main__":
    main()
