"""`lagebild lexicon check`: the tables as they are, and what a person may do wrong in them."""

import shutil
from pathlib import Path

import pytest

from services.extraction.lexica import DATA, LINKING, Checked, check_lexica
from tests.test_cli import lagebild


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    shutil.copytree(DATA, tmp_path / "data")
    shutil.copytree(LINKING, tmp_path / "linking")
    return tmp_path


def problems(folder: Path) -> dict[str, tuple[str, ...]]:
    found: list[Checked] = check_lexica(folder / "data", folder / "linking")
    return {table.file: table.problems for table in found if table.problems}


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_tables_that_are_shipped_are_well_formed() -> None:
    assert all(table.entries and not table.problems for table in check_lexica())


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("data/goods.yaml", "currencies: [Euro,", "currencies: [Euro, Euro,", "currencies: 'Euro' stands 2 times"),
        ("data/goods.yaml", "weapons: [waffe,", "weapons: [Waffe,", "'Waffe' is not in small letters"),
        ("data/goods.yaml", "  weapons: [waffe,", "  wapons: [waffe,", "wapons"),
        ("data/goods.yaml", "vehicles: [panzer,", "vehicles: [panzer, waffe,", "'waffe' stands under weapons"),
        ("data/goods.yaml", "stems:", "extra: []\nstems:", "extra"),
        ("data/goods.yaml", "currencies: [", "currencies: [\n[", "line"),
        ("data/goods.yaml", "adjectives:", "stems: {}\nadjectives:", "the key 'stems' is given 2 times"),
        ("data/rules_statements.yaml", "say: [sagen,", "say: [sagte,", "'sagte' is not an infinitive"),
        ("data/rules_statements.yaml", "say: [sagen,", "say: [sprechen (spricht/sprach),", "three principal parts"),
        ("data/rules_statements.yaml", "  warn: [", "  wern: [", "wern"),
        ("data/sentences.yaml", "months: [", "months: [12,", "12"),
        ("linking/states.yaml", "AFG: {name: Afghanistan", "AFG: {nome: Afghanistan", "unknown field `nome`"),
    ],
)  # fmt: skip
def test_a_slip_is_named_with_its_place(tables: Path, file: str, old: str, new: str, said: str) -> None:
    change(tables / file, old, new)
    (name, found), *others = problems(tables).items()
    assert (name, others) == (Path(file).name, [])
    assert any(said in problem for problem in found), found


def test_a_missing_table_is_named(tables: Path) -> None:
    (tables / "data" / "goods.yaml").unlink()
    assert "missing" in problems(tables)["goods.yaml"][0]


def test_a_missing_table_of_names_is_named(tables: Path) -> None:
    (tables / "linking" / "persons.yaml").unlink()
    ((_, found),) = problems(tables).items()
    assert "persons.yaml is missing" in found[0]


def test_the_command_lists_every_table() -> None:
    result = lagebild("lexicon", "check")
    assert result.returncode == 0
    assert all(path.name in result.stdout for folder in (DATA, LINKING) for path in folder.glob("*.yaml"))


def test_the_command_fails_with_the_slip(tables: Path) -> None:
    change(tables / "data" / "goods.yaml", "currencies: [Euro,", "currencies: [Euro, Euro,")
    result = lagebild("lexicon", "check", "--data", str(tables / "data"), "--linking", str(tables / "linking"))
    assert result.returncode == 1
    assert "goods.yaml: currencies: 'Euro' stands 2 times" in result.stdout
