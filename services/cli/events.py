"""`lagebild events`: the records in the database, or live from Kafka."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer
from rich.console import Console

from schemas import Event, EventType, InvalidRecord, Status, read_event, write
from services.cli.choices import among, day
from services.cli.tables import records_table
from services.common.errors import UserError
from services.common.settings import Settings, get_settings

if TYPE_CHECKING:
    from services.storage import EventFilter

POLL_MS = 500


def events(
    *,
    types: Annotated[
        list[str] | None, typer.Option("--type", help="deployment, supply or statement; may be repeated.")
    ] = None,
    actor: Annotated[
        str | None, typer.Option(help="Code (PRK, NATO) or words of the name (Rutte) of an actor, supplier or speaker.")
    ] = None,
    since: Annotated[str | None, typer.Option(help="First day: 2024-10-28, or 24h, 7d, 2w before now.")] = None,
    until: Annotated[str | None, typer.Option(help="Last day, in the same forms.")] = None,
    status: Annotated[
        list[str] | None, typer.Option(help="actual, planned, possible or denied; may be repeated.")
    ] = None,
    article: Annotated[str | None, typer.Option(help="Id of the article.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="Most records to show, the latest published; 0: all.")] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="One record a line, as in the topic.")] = False,
    database: Annotated[str | None, typer.Option(help="Database to read.", show_default="LAGEBILD_DATABASE")] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Show records as they arrive on the events topic, until Ctrl-C.")
    ] = False,
    from_beginning: Annotated[
        bool, typer.Option("--from-beginning", help="With --follow: first all that the topic holds.")
    ] = False,
) -> None:
    """List event records: who, what, where, how many, and who says so.

    A record's days are the time that it tells of; where that is unknown, the article's day of publication (UTC).
    From the database come the current findings about each article, from --follow all messages of the topic.
    """
    from services.storage import EventFilter

    filters = EventFilter(
        types=among(types, get_args(EventType), "--type"),
        statuses=among(status, get_args(Status), "--status"),
        actor=actor,
        since=day(since, "--since"),
        until=day(until, "--until"),
        article_id=article,
        limit=limit or None,
    )
    settings = get_settings()
    if from_beginning and not follow:
        raise UserError("--from-beginning goes with --follow", remedy="without it the whole database is listed")
    if follow:
        asyncio.run(_follow(settings, filters, _shower(as_json), from_beginning=from_beginning))
    else:
        _list(database or settings.database_url, filters, as_json=as_json)


def _list(database: str, filters: "EventFilter", *, as_json: bool) -> None:
    from services.storage import Retryable, open_store

    try:
        store = open_store(database, create=False)
        try:
            found = store.events(filters)
            if as_json:
                for event in found:
                    typer.echo(write(event))
            else:
                _show_table(list(found), filters.limit)
        finally:
            store.close()
    except Retryable as error:
        raise UserError(str(error), remedy="try again when it can be") from error


def _show_table(found: list[Event], limit: int | None) -> None:
    if not found:
        typer.echo("no records", err=True)
        return
    Console().print(records_table(found))
    if len(found) == limit:
        typer.echo(f"the latest {limit} records; --limit 0 shows all", err=True)


def _shower(as_json: bool) -> Callable[[Event], None]:
    """What is done with each live record: a line of JSON, or a table's row of its own."""
    if as_json:
        return lambda event: typer.echo(write(event))
    console = Console()
    shown = 0

    def show(event: Event) -> None:
        nonlocal shown
        table = records_table([event])
        table.expand, table.show_header = True, shown % 20 == 0
        console.print(table)
        shown += 1

    return show


async def _follow(
    settings: Settings, filters: "EventFilter", show: Callable[[Event], None], *, from_beginning: bool
) -> None:
    from services.storage.filtering import accepts

    async with aclosing(_live(settings, from_beginning=from_beginning)) as live:
        async for event in live:
            if accepts(filters, event):
                show(event)


async def _live(settings: Settings, *, from_beginning: bool) -> AsyncGenerator[Event]:
    from aiokafka import AIOKafkaConsumer
    from aiokafka.errors import KafkaError

    from services.common.kafka import client_options, explain, probe

    await probe(settings)
    topic = settings.topic("events")
    start = "earliest" if from_beginning else "latest"
    # Without a group: everyone who follows sees all partitions, and nobody's offsets move.
    consumer: Any = AIOKafkaConsumer(topic, **client_options(settings), group_id=None, auto_offset_reset=start)
    try:
        await consumer.start()
        if topic not in await consumer.topics():
            raise UserError(f"the topic {topic} does not exist", remedy="create it with `lagebild topics create`")
        while True:
            for record in [r for part in (await consumer.getmany(timeout_ms=POLL_MS)).values() for r in part]:
                try:
                    yield read_event(record.value)
                except InvalidRecord as error:
                    typer.echo(f"{topic}/{record.partition} offset {record.offset}: {error.reason}", err=True)
    except KafkaError as error:
        raise explain(error, settings) from error
    finally:
        await consumer.stop()
