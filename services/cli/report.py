"""`lagebild report`: articles with their findings marked, as one HTML page."""

from pathlib import Path
from typing import Annotated

import typer

from schemas import Article
from services.common.errors import UserError
from services.common.settings import get_settings
from services.report import render


def report(
    files: Annotated[
        list[Path], typer.Argument(help="Articles: .txt or .jsonl files, folders, or - for standard input.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The page to write.")] = Path("report.html"),
    title: Annotated[str, typer.Option(help="Title of the page.")] = "Lagebild report",
) -> None:
    """Read articles without Kafka and write one self-contained HTML page: the text with its spans marked by type,
    the records beside it. It needs no script and no network, and can be printed.
    """
    from services.extraction import load_extractor
    from services.producer import read_articles

    items = list(read_articles(files))
    bad = [item for item in items if not isinstance(item, Article)]
    for item in bad:
        typer.echo(f"{item.source}:{item.line or 1}: {item.reason}", err=True)
    articles = [item for item in items if isinstance(item, Article)]
    if not articles:
        raise UserError("there is no article to report on", remedy="give .txt or .jsonl files, or - for standard input")
    extractor = load_extractor(get_settings().extractor_model)
    page = render(zip(articles, extractor.extract(articles), strict=True), title)
    try:
        out.write_text(page, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{out} cannot be written ({error.strerror})", remedy="choose another file with -o") from None
    typer.echo(f"{len(articles)} articles in {out}")
    if bad:
        raise typer.Exit(1)
