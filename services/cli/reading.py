"""What `extract`, `report` and `explain` share: articles from files, read by the extractor, bad input named."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from schemas import Article
from services.cli.produce import moment
from services.common.settings import get_settings

if TYPE_CHECKING:
    from services.extraction.pipeline import Extractor

Paths = Annotated[
    list[str], typer.Argument(help="Files (.txt, .jsonl, RSS, Atom), folders, URLs, - for standard input.")
]
PublishedAt = Annotated[
    str | None,
    typer.Option(help="Publication of articles that give none: 2024-10-28, or 2024-10-28T18:30:00+01:00."),
]
Source = Annotated[str | None, typer.Option(help="Newspaper, agency or site of articles that give none.")]
Model = Annotated[
    str | None, typer.Option(help="Folder of another spaCy pipeline.", show_default="the one of the package")
]


class Reading:
    """Articles from files and the extractor that reads them.

    Bad input is named on standard error with file and line, passed over, and counted in `bad`.

    Raises:
        UserError: a path, the date or the model cannot be used.
    """

    def __init__(self, paths: list[str], published_at: str | None, source: str | None, model: str | None) -> None:
        from services.extraction import load_extractor
        from services.producer import ReadOptions, read_articles

        settings = get_settings()
        options = ReadOptions(
            published_at=moment(published_at), source=source, max_article_bytes=settings.max_article_bytes
        )
        self.bad = 0
        self.extractor: Extractor = load_extractor(model or settings.extractor_model)
        self._items = read_articles(paths, options)
        self._errors = Console(stderr=True, highlight=False, soft_wrap=True)

    def articles(self) -> Iterator[Article]:
        """The articles, one by one."""
        for item in self._items:
            if isinstance(item, Article):
                yield item
            else:
                self.bad += 1
                self._errors.print(str(item), markup=False)

    def end(self) -> None:
        """End the command: exit code 1 if any input was bad."""
        if self.bad:
            raise typer.Exit(1)
