"""Are the tables that people extend well formed? What ``lagebild lexicon check`` runs.

The form of each file in ``data/`` is written down here as a pydantic model; the linker's tables are checked by the code
that reads them. Beyond the form: keys given twice, words given twice in a list, words that two labels claim.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from schemas import Category, Movement, StatementKind, Status
from services.common.errors import UserError
from services.extraction.linking import tables as linker
from services.extraction.rules.inflection import parse_verb
from services.extraction.tables import LOADER

DATA = Path(__file__).parent / "data"
LINKING = linker.DATA


def _in_small_letters(word: str) -> str:
    if word != word.lower():
        raise ValueError("is not in small letters")
    return word


def _verb(entry: str) -> str:
    parse_verb(entry)
    return entry


Word = Annotated[str, StringConstraints(strip_whitespace=False, min_length=1, pattern=r"^\S(.*\S)?$")]
Small = Annotated[Word, AfterValidator(_in_small_letters)]
VerbEntry = Annotated[Word, AfterValidator(_verb)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Goods(_Table):
    """``goods.yaml``."""

    stems: dict[Category, list[Small]]
    adjectives: dict[Category, list[Small]]
    types: dict[Category, list[Word]]
    vague: dict[Category, list[Small]]
    events: dict[Category, list[Small]]
    currencies: list[Word]


class ReportedSpeech(_Table):
    """``reported_speech.yaml``."""

    subjunctive: list[Small]
    substitute: list[Small]
    conditions: list[Small]
    continuing: list[Small]


class Sources(_Table):
    """Phrases that name a source, in ``rules_statements.yaml``."""

    before: list[Word]
    after: list[Word]
    assess: list[Word]


class Statements(_Table):
    """``rules_statements.yaml``."""

    verbs: dict[StatementKind, list[VerbEntry]]
    clause_only: list[Small]
    sources: Sources
    nouns: dict[StatementKind, list[Word]]


class Movements(_Table):
    """One direction of a deployment, in ``rules_events.yaml``."""

    verbs: list[VerbEntry]
    with_force: list[VerbEntry]
    nouns: list[Word]


class Supplies(_Table):
    """Supplies, in ``rules_events.yaml``."""

    verbs: list[VerbEntry]
    receiving: list[Small]
    planned: list[Small]
    possible: list[Small]
    nouns: list[Word]


class Events(_Table):
    """``rules_events.yaml``."""

    deployment: dict[Movement | Annotated[str, Field(pattern="^forces$")], Movements | list[Word]]
    supply: Supplies
    status: dict[Status | Annotated[str, Field(pattern="^hearsay$")], list[Word]]


class Sentences(_Table):
    """``sentences.yaml``."""

    abbreviations: list[Word]
    may_close: list[Word]
    months: list[Word]
    openers: list[Word]


# Closed classes share words ("ein" is a determiner and a particle), so nothing is said of words in two of them.
FORMS: Mapping[str, TypeAdapter[Any]] = {
    "goods.yaml": TypeAdapter(Goods),
    "reported_speech.yaml": TypeAdapter(ReportedSpeech),
    "rules_statements.yaml": TypeAdapter(Statements),
    "rules_events.yaml": TypeAdapter(Events),
    "rules_grammar.yaml": TypeAdapter(dict[Word, list[Small]]),
    "sentences.yaml": TypeAdapter(Sentences),
}
# The mappings of labels to lists in which one word must have one label.
_EXCLUSIVE = {
    "goods.yaml": ("stems", "types", "adjectives", "vague"),
    "rules_statements.yaml": ("verbs", "nouns"),
}


@dataclass(frozen=True)
class Checked:
    """A table with the number of its entries and a sentence for each thing that is wrong."""

    file: str
    entries: int
    problems: tuple[str, ...]


class _UniqueKeys(LOADER):  # type: ignore[misc]  # which loader it is, is known at run time alone
    """A safe loader that refuses a key given twice, of which YAML readers silently keep the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key, count in Counter(map(str, keys)).items():
            if count > 1:
                mark = node.start_mark
                raise yaml.MarkedYAMLError(problem=f"the key {key!r} is given {count} times", problem_mark=mark)
        return dict(super().construct_mapping(node, deep))


def check_lexica(data: Path = DATA, linking: Path = LINKING) -> list[Checked]:
    """Check all tables.

    Args:
        data: folder of the tables of words.
        linking: folder of the linker's tables.
    """
    tables = [_checked(data / name, _form_of(name)) for name in FORMS]
    return [*tables, *_linking(linking)]


def _form_of(name: str) -> Callable[[Any], Iterator[str]]:
    def problems(table: Any) -> Iterator[str]:
        try:
            FORMS[name].validate_python(table)
        except ValidationError as error:
            yield from dict.fromkeys(_told(one) for one in error.errors())
            return
        yield from _repeated(table, "")
        for key in _EXCLUSIVE.get(name, ()):
            yield from _claimed_twice(table[key], key)

    return problems


def _checked(path: Path, problems: Callable[[Any], Iterator[str]]) -> Checked:
    try:
        table = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeys)  # noqa: S506 - a safe loader
    except FileNotFoundError:
        return Checked(path.name, 0, ("the file is missing: restore it, or install Lagebild anew",))
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        return Checked(path.name, 0, (f"{line}{error.problem or 'no valid YAML'}",))
    return Checked(path.name, _size(table), tuple(problems(table)))


def _linking(folder: Path) -> Iterator[Checked]:
    """The linker's tables: YAML file by file, then all together by the code that reads them, up to the first error."""
    files = [_checked(path, lambda _: iter(())) for path in sorted(folder.glob("*.yaml"))]
    if not any(file.problems for file in files):
        try:
            linker.load_tables(folder)
        except UserError as error:
            name = next((file.file for file in files if file.file in str(error)), folder.name)
            files = [file for file in files if file.file != name] + [Checked(name, 0, (str(error),))]
    yield from files


def _told(error: Mapping[str, Any]) -> str:
    where = " → ".join(str(part) for part in error["loc"] if not str(part).startswith(("function-", "constrained-")))
    given = error["input"] if isinstance(error["input"], str | int | bool) else type(error["input"]).__name__
    return f"{where}: {given!r} {error['msg'].removeprefix('Value error, ')}"


def _repeated(table: Any, where: str) -> Iterator[str]:
    if isinstance(table, Mapping):
        for key, value in table.items():
            yield from _repeated(value, f"{where} → {key}" if where else str(key))
    elif isinstance(table, Sequence) and not isinstance(table, str):
        yield from (f"{where}: {word!r} stands {n} times" for word, n in Counter(table).items() if n > 1)


def _claimed_twice(lists: Mapping[str, Sequence[str]], where: str) -> Iterator[str]:
    labels: dict[str, list[str]] = {}
    for label, words in lists.items():
        for word in dict.fromkeys(words):
            labels.setdefault(word.split(" (")[0], []).append(label)
    for word, claimed in labels.items():
        if len(claimed) > 1:
            yield f"{where}: {word!r} stands under {' and '.join(claimed)}"


def _size(table: Any) -> int:
    if isinstance(table, Mapping):
        return sum(map(_size, table.values()))
    return sum(map(_size, table)) if isinstance(table, list) else 1
