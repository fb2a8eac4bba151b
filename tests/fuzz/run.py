"""`python -m tests.fuzz.run SECONDS CORPUS`: fuzz the extractor's input path by atheris for so long.

The corpus folder keeps what reached new code, for the next run. An input that breaks a promise ends the run with exit
code 77, its bytes in a file `crash-…` of the corpus folder.
"""

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["schemas", "services"]):
    from tests.fuzz import target

    target.load()

KEYS = ("id", "text", "title", "published_at", "schema_version", "1.0")
LONGEST_TEXT = 2_000
TABLE = (
    "Frankreich liefert|liefert nicht|will verlegen|verlegt nach|sagte|sagte,|werde liefern|dass|der Ukraine|nach Kiew|"
    "Russland|Präsident|Scholz|Soldaten|Panzer|Raketen vom Typ|Tonnen|40|1,5|1.500|zwei|zweieinhalb|Dutzend|Hunderte|"
    "Millionen|Mrd.|Euro|%|bis|-|mindestens|rund|am|28.|29. Februar|Oktober|2024|Ende|Anfang|heute|vor|Tagen|Montag|"
    "voriger|Woche|Quartal|31.12.|9999|0001|99.99.|Uhr|„|“|,|.|:|(|)"
)
WORDS = TABLE.split("|")


def one_input(data: bytes) -> None:
    """The message itself, or words of the normalisers' and detectors' tables with anything between them."""
    parts = atheris.FuzzedDataProvider(data)
    if parts.ConsumeIntInRange(0, 3) == 0:
        target.check(parts.ConsumeBytes(len(data)))
        return
    day = (
        f"{parts.ConsumeIntInRange(1, 9999):04}-{parts.ConsumeIntInRange(1, 13):02}-{parts.ConsumeIntInRange(1, 31):02}"
    )
    title = parts.ConsumeUnicode(10) if parts.ConsumeBool() else None
    text = ""
    while parts.remaining_bytes() and len(text) < LONGEST_TEXT:
        choice = parts.ConsumeIntInRange(0, 2 * len(WORDS))
        text += WORDS[choice] + " " if choice < len(WORDS) else parts.ConsumeUnicodeNoSurrogates(choice - len(WORDS))
    target.check(target.from_parts(text, title, day if parts.ConsumeBool() else None))


def main() -> None:
    """Run until the time is over or something is found."""
    seconds, corpus = int(sys.argv[1]), Path(sys.argv[2])
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds()):
        (corpus / f"seed-{number}").write_bytes(seed)
        target.check(seed)  # loads the tables, which is no part of anybody's time limit
    words = corpus.parent / "words"
    words.write_text("".join(f'"{word}"\n' for word in KEYS), encoding="utf-8")
    options = [f"-max_total_time={seconds}", "-timeout=60", "-rss_limit_mb=4096", "-max_len=8192", f"-dict={words}"]
    atheris.Setup([sys.argv[0], str(corpus), f"-artifact_prefix={corpus}/", *options], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
