"""`lagebild report`: articles with their findings marked, or a digest of the database, as one HTML page."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.filtering import (
    Actor,
    ArticleId,
    Country,
    Database,
    Party,
    Recipient,
    Search,
    Statuses,
    Supplier,
    Types,
    event_filter,
)
from services.cli.reading import Model, PublishedAt, Reading, Source
from services.cli.reading_store import opened
from services.common.errors import UserError
from services.report import Scope, render, render_digest

if TYPE_CHECKING:
    from services.storage import EventFilter, Store

OptionalPaths = Annotated[
    list[str] | None,
    typer.Argument(help="Files (.txt, .jsonl, RSS, Atom), folders, URLs, - for standard input; none: a digest."),
]


def report(
    paths: OptionalPaths = None,
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="The page to write.")] = Path("report.html"),
    title: Annotated[
        str | None, typer.Option(help="Title of the page.", show_default="Lagebild report, or digest")
    ] = None,
    published_at: PublishedAt = None,
    source: Source = None,
    model: Model = None,
    since: Annotated[
        str | None,
        typer.Option(help="Digest of articles published on or after: 2024-10-28, or 24h, 7d, 2w before now."),
    ] = None,
    until: Annotated[str | None, typer.Option(help="Published on or before, in the same forms.")] = None,
    types: Types = None,
    status: Statuses = None,
    actor: Actor = None,
    supplier: Supplier = None,
    recipient: Recipient = None,
    party: Party = None,
    country: Country = None,
    search: Search = None,
    article: ArticleId = None,
    limit: Annotated[int, typer.Option(min=0, help="Most records in a digest, the latest published; 0: all.")] = 1000,
    database: Database = None,
) -> None:
    """Write one self-contained HTML page: articles with their spans marked by type, the records beside them.

    With files, these are read as `lagebild extract` reads them. Without, a digest of the database: claims with who
    disagrees, a timeline, a map, and each article with its marks. The page needs no script and no network, and can be
    read on a phone and printed.

    Example:

        lagebild report seeds -o seeds.html

        lagebild report --since 24h -o digest.html
    """
    others: dict[str, str | None] = {
        "actor": actor,
        "supplier": supplier,
        "recipient": recipient,
        "party": party,
        "country": country,
        "search": search,
        "article_id": article,
    }
    conditions = [*(types or ()), *(status or ()), *(f"{name} {value}" for name, value in others.items() if value)]
    _refuse_mixed(
        files=bool(paths),
        digest=bool(since or until or conditions or database),
        reading=bool(published_at or source or model),
    )
    if paths:
        _report_files(Reading(paths, published_at, source, model), out, title or "Lagebild report")
        return
    filters = event_filter(
        types=types, status=status, since=since, until=until, limit=limit, by_publication=True, **others
    )
    with opened(database) as store:
        _report_digest(store, filters, conditions, out, title or "Lagebild digest")


def _refuse_mixed(*, files: bool, digest: bool, reading: bool) -> None:
    """Of two kinds of page one must be meant.

    Raises:
        UserError: none is, or both.
    """
    if files and digest:
        raise UserError("a report on files has no filters", remedy="give files, or filters for a digest, not both")
    if not files and reading:
        raise UserError("--published-at, --source and --model go with files", remedy="name the files to report on")
    if not files and not digest:
        raise UserError("nothing to report on", remedy="give files, or --since 24h for a digest of the database")


def _report_files(reading: Reading, out: Path, title: str) -> None:
    found = [(article, reading.extractor.extract_with_doc(article)[1]) for article in reading.articles()]
    if not found:
        raise UserError("there is no article to report on", remedy="give .txt or .jsonl files, or - for standard input")
    _write(out, render(found, title))
    typer.echo(f"{len(found)} articles in {out}")
    reading.end()


def _report_digest(store: "Store", filters: "EventFilter", conditions: list[str], out: Path, title: str) -> None:
    from services.storage import ClaimFilter

    events = list(store.events(filters))
    articles = list(store.articles({event.article.id for event in events}))
    claims = list(store.claims(ClaimFilter(events=[str(event.event_id) for event in events])))
    notes = []
    if events and len(events) == filters.limit:
        notes.append(f"These are the latest {filters.limit} records; --limit 0 shows all.")
    if waiting := store.claim_changes_waiting():
        notes.append(f"{waiting} changes of articles are not in the claims yet: the sink takes them up.")
    scope = Scope(_period(filters), datetime.now(UTC), tuple(conditions), tuple(notes))
    _write(out, render_digest(events, articles, claims, scope, title))
    for note in notes:
        typer.echo(note, err=True)
    typer.echo(f"{len(events)} records of {len({e.article.id for e in events})} articles in {out}")


def _period(filters: "EventFilter") -> str:
    if filters.since and filters.until:
        return f"Published from {filters.since} to {filters.until} (UTC)"
    if filters.since:
        return f"Published on or after {filters.since} (UTC)"
    return f"Published on or before {filters.until} (UTC)" if filters.until else "All articles"


def _write(out: Path, page: str) -> None:
    try:
        out.write_text(page, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{out} cannot be written ({error.strerror})", remedy="choose another file with -o") from None
