"""`lagebild events`: the records in the database, or live from Kafka."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from schemas import Event, InvalidRecord, read_event, write
from services.cli.filtering import (
    Actor,
    ArticleId,
    Country,
    Database,
    Party,
    Recipient,
    Search,
    Since,
    Statuses,
    Supplier,
    Types,
    Until,
    event_filter,
)
from services.cli.reading_store import opened
from services.cli.tables import records_table
from services.common.errors import UserError
from services.common.settings import Settings, get_settings

if TYPE_CHECKING:
    from services.storage import EventFilter

POLL_MS = 500


def events(
    *,
    types: Types = None,
    actor: Actor = None,
    supplier: Supplier = None,
    recipient: Recipient = None,
    party: Party = None,
    country: Country = None,
    search: Search = None,
    since: Since = None,
    until: Until = None,
    status: Statuses = None,
    article: ArticleId = None,
    limit: Annotated[int, typer.Option(min=0, help="Most records to show, the latest published; 0: all.")] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="One record a line, as in the topic.")] = False,
    database: Database = None,
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
    filters = event_filter(
        types=types,
        status=status,
        actor=actor,
        supplier=supplier,
        recipient=recipient,
        party=party,
        country=country,
        search=search,
        since=since,
        until=until,
        article_id=article,
        limit=limit,
    )
    if from_beginning and not follow:
        raise UserError("--from-beginning goes with --follow", remedy="without it the whole database is listed")
    if follow and search:
        raise UserError("--search does not go with --follow", remedy="a record does not hold its article's text")
    if follow:
        asyncio.run(_follow(get_settings(), filters, _shower(as_json), from_beginning=from_beginning))
    else:
        _list(database, filters, as_json=as_json)


def _list(database: str | None, filters: "EventFilter", *, as_json: bool) -> None:
    with opened(database) as store:
        found = store.events(filters)
        if as_json:
            for event in found:
                typer.echo(write(event))
        else:
            _show_table(list(found), filters.limit)


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
