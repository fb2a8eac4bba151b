"""`lagebild report`: articles with their findings marked, as one HTML page."""

from pathlib import Path
from typing import Annotated

import typer

from services.cli.reading import Model, Paths, PublishedAt, Reading, Source
from services.common.errors import UserError
from services.report import render


def report(
    paths: Paths,
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="The page to write.")] = Path("report.html"),
    title: Annotated[str, typer.Option(help="Title of the page.")] = "Lagebild report",
    published_at: PublishedAt = None,
    source: Source = None,
    model: Model = None,
) -> None:
    """Write one self-contained HTML page: articles with their spans marked by type, the records beside them.

    The page needs no script and no network, and can be read on a phone and printed. Input is read as
    `lagebild extract` reads it.

    Example:

        lagebild report seeds -o seeds.html
    """
    reading = Reading(paths, published_at, source, model)
    found = [(article, reading.extractor.extract_with_doc(article)[1]) for article in reading.articles()]
    if not found:
        raise UserError("there is no article to report on", remedy="give .txt or .jsonl files, or - for standard input")
    try:
        out.write_text(render(found, title), encoding="utf-8")
    except OSError as error:
        raise UserError(f"{out} cannot be written ({error.strerror})", remedy="choose another file with -o") from None
    typer.echo(f"{len(found)} articles in {out}")
    reading.end()
