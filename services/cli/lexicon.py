"""`lagebild lexicon`: the tables of words that a person who knows German can extend."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from services.extraction.lexica import Checked

app = typer.Typer(no_args_is_help=True, help="The tables of words and names that the extraction reads.")


@app.callback()
def root() -> None:
    """The tables of words and names that the extraction reads."""


@app.command()
def check(
    data: Annotated[
        Path | None, typer.Option(help="Folder of the tables of words.", file_okay=False, show_default="the package's")
    ] = None,
    linking: Annotated[
        Path | None, typer.Option(help="Folder of the tables of names.", file_okay=False, show_default="the package's")
    ] = None,
) -> None:
    """Check the tables: form, values, keys and words given twice, words that two labels claim.

    Exit code 1 if anything is wrong.
    """
    from services.extraction.lexica import DATA, LINKING, check_lexica

    tables = check_lexica(data or DATA, linking or LINKING)
    _print(tables)
    if any(table.problems for table in tables):
        raise typer.Exit(1)


def _print(tables: "list[Checked]") -> None:
    console = Console(highlight=False)
    shown = Table("table", "entries", "state")
    for table in tables:
        shown.add_row(table.file, f"{table.entries}", f"{len(table.problems)} wrong" if table.problems else "ok")
    console.print(shown)
    for table in tables:
        for problem in table.problems:
            console.print(f"{table.file}: {problem}", markup=False, soft_wrap=True)
