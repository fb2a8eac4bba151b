"""Kafka Connect with the settings of examples/consuming/connect: a real worker, from a real broker into PostgreSQL."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import psycopg

from schemas import Event, read_event, write
from services.broker import jars, tools
from services.broker.ports import choose_ports
from services.common.cloudevents import headers_for
from services.common.settings import Settings
from tests.conftest import ReadTopic, SendRaw
from tests.findings import article, findings
from tests.postgres import PostgresServer
from tests.processes import ROOT, until

FOLDER = ROOT / "examples" / "consuming" / "connect"
WORKER = "org.apache.kafka.connect.cli.ConnectStandalone"


@asynccontextmanager
async def over_tcp(server: PostgresServer) -> AsyncIterator[int]:
    """A port of this machine that leads to the server's Unix socket: Java's driver knows TCP alone."""

    async def pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await source.read(65536):
                target.write(data)
                await target.drain()
        target.close()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, answer = await asyncio.open_unix_connection(str(server.folder / ".s.PGSQL.5432"))
        await asyncio.gather(pump(reader, answer), pump(there, writer))

    relay = await asyncio.start_server(connect, "127.0.0.1", 0)
    try:
        yield relay.sockets[0].getsockname()[1]
    finally:
        relay.close()


def with_changes(name: str, folder: Path, changes: dict[str, str]) -> str:
    """Path of a copy of the example's file in which some values are others. Each of them must be there."""
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    keys = [line.partition("=")[0] for line in lines]
    assert set(changes) <= set(keys), f"{name} has lost {set(changes) - set(keys)}"
    changed = [f"{key}={changes[key]}" if key in changes else line for key, line in zip(keys, lines, strict=True)]
    (folder / name).write_text("\n".join(changed) + "\n", encoding="utf-8")
    return str(folder / name)


@contextmanager
def connect(settings: Settings, database: str, folder: Path) -> Iterator[None]:
    """The worker and its connector as the example has them, but for names and addresses."""
    port = choose_ports(["connect"], {})["connect"]
    own = {
        "bootstrap.servers": settings.bootstrap_servers,
        "listeners": f"http://127.0.0.1:{port}",
        "offset.storage.file.filename": str(folder / "connect.offsets"),
    }
    sink = {
        "name": f"{settings.topic_prefix}connect",
        "topics": settings.topic("events"),
        "connection.url": database,
    }
    files = [with_changes("worker.properties", folder, own), with_changes("events-sink.properties", folder, sink)]
    classes = f"{jars.fetch(FOLDER / 'pom.xml', 'Kafka Connect')}/*"
    command = [tools.java(), "-Xmx512m", "-cp", classes, WORKER, *files]
    with (folder / "connect.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    try:
        yield
    except BaseException as error:
        error.add_note((folder / "connect.log").read_text(encoding="utf-8", errors="replace")[-6000:])
        raise
    finally:
        process.terminate()
        process.wait(60)


def rows(server: PostgresServer) -> dict[str, str]:
    """What Connect has written, by its key."""
    try:
        return dict(server.execute("postgres", "SELECT ce_id, record FROM event_records"))  # type: ignore[arg-type] # two columns
    except psycopg.errors.UndefinedTable:
        return {}


async def send(send_raw: SendRaw, settings: Settings, events: list[Event]) -> None:
    """As the extractor sends them."""
    records = [
        (e.article.id.encode(), write(e), headers_for(f"event.{e.type}", str(e.event_id), "/lagebild/extractor"))
        for e in events
    ]
    await send_raw(settings.topic("events"), records)


async def test_connect_writes_each_record_once_and_the_view_opens_it(
    settings: Settings, postgres: PostgresServer, send_raw: SendRaw, read_topic: ReadTopic, tmp_path: Path
) -> None:
    postgres.fresh_database()
    events = [event for number in range(3) for event in findings(article(number))]
    await send(send_raw, settings, events)
    wanted = {str(event.event_id): event for event in events}
    async with over_tcp(postgres) as port:
        database = f"jdbc:postgresql://127.0.0.1:{port}/postgres"
        with connect(settings, database, tmp_path):
            await asyncio.to_thread(until, lambda: rows(postgres).keys() == wanted.keys(), "a row for each record")
        # Sent again, beside a later one: nothing doubles, and a new worker goes on where the last one ended.
        later = events[0].model_copy(update={"event_id": uuid4()})
        await send(send_raw, settings, [*events, later])
        wanted[str(later.event_id)] = later
        with connect(settings, database, tmp_path):
            await asyncio.to_thread(until, lambda: rows(postgres).keys() == wanted.keys(), "the later one")
    assert {key: read_event(value.encode()) for key, value in rows(postgres).items()} == wanted
    assert len(await read_topic(settings.topic("events"))) == 2 * len(events) + 1
    with psycopg.connect(postgres.url("postgres")) as connection:
        connection.execute((FOLDER / "events.sql").read_bytes())
        seen = connection.execute("SELECT event_id, type, status, article_id, source, anchor FROM events_of_connect")
        assert {row[0]: row[1:] for row in seen} == {
            key: (e.type, e.status, e.article.id, e.article.source, e.anchor.text) for key, e in wanted.items()
        }


def test_the_settings_take_what_is_sent() -> None:
    """The key that the connector uses is a header that every record has."""
    text = (FOLDER / "events-sink.properties").read_text(encoding="utf-8")
    settings = dict(line.split("=", 1) for line in text.splitlines() if "=" in line and line[0] != "#")
    names = {name for name, _ in headers_for("event.supply", "1", "/lagebild/extractor")}
    assert set(settings["primary.key.fields"].split(",")) <= names
    assert settings["topics"] == Settings(_env_file=None).topic("events")
