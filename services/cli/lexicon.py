"""`lagebild lexicon`: the tables of words that a person who knows German can extend."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from services.extraction.lexica import DATA, LINKING, Checked, check_lexica

app = typer.Typer(no_args_is_help=True, help="The tables of words and names that the extraction reads.")


@app.callback()
def root() -> None:
    """The tables of words and names that the extraction reads."""


@app.command()
def check(
    data: Annotated[Path, typer.Option(help="Folder of the tables of words.", file_okay=False)] = DATA,
    linking: Annotated[Path, typer.Option(help="Folder of the tables of names.", file_okay=False)] = LINKING,
) -> None:
    """Check the tables: form, values, keys and words given twice, words that two labels claim.

    Exit code 1 if anything is wrong.
    """
    tables = check_lexica(data, linking)
    _print(tables)
    if any(table.problems for table in tables):
        raise typer.Exit(1)


def _print(tables: list[Checked]) -> None:
    console = Console(highlight=False)
    shown = Table("table", "entries", "state")
    for table in tables:
        shown.add_row(table.file, f"{table.entries}", f"{len(table.problems)} wrong" if table.problems else "ok")
    console.print(shown)
    for table in tables:
        for problem in table.problems:
            console.print(f"{table.file}: {problem}", markup=False, soft_wrap=True)
