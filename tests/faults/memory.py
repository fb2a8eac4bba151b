"""Memory of extractor and sink over many articles: `python -m tests.faults.memory`. Prints a table.

All articles are in Kafka before the services start, so that whatever has no bound would grow at once.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import typer

from services.broker import LocalBroker
from services.common.settings import Settings
from services.common.topics import create_topics
from services.storage import open_store
from tests.articles import TEXT, article
from tests.processes import Service
from tests.resident import descendants, resident
from tests.sinking import send

STEPS = 10
WORDS = "Der Sprecher wiederholte, was er am Vortag gesagt hatte. "


def measure(articles: int, folder: Path) -> Iterator[tuple[int, float, float, float, float]]:
    """Articles stored, articles a second, and MiB of the extractor's service, its worker processes and the sink."""
    with LocalBroker() as broker:
        settings = Settings(
            _env_file=None,
            bootstrap_servers=broker.bootstrap_servers,
            extractor_model="tests.standins:make",
            extractor_web_port=0,
            sink_web_port=0,
            database=f"sqlite:///{folder}/lagebild.db",
        )
        asyncio.run(_fill(settings, articles))
        store = open_store(settings.database_url)
        commands = [Service.command(name, settings, folder / f"{name}.log") for name in ("extractor", "sink")]
        with commands[0] as extractor, commands[1] as sink:
            for service in (extractor, sink):
                service.wait_ready()
            begin = time.monotonic()
            for step in range(1, STEPS + 1):
                while (stored := store.counts().extractions) < step * articles // STEPS:
                    time.sleep(0.2)
                workers = sum(resident(pid) for pid in descendants(extractor.pid))
                rate = stored / (time.monotonic() - begin)
                yield stored, rate, resident(extractor.pid), workers, resident(sink.pid)
        store.close()


async def _fill(settings: Settings, articles: int) -> None:
    await create_topics(settings)
    await send(settings, [article(number, f"{TEXT} {WORDS * 30}") for number in range(articles)])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=50_000)
    wanted = parser.parse_args().articles
    typer.echo("| articles stored | articles a second | extractor, MiB | its workers, MiB | sink, MiB |")
    typer.echo("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for stored, rate, *memory in measure(wanted, Path(folder)):
            typer.echo(f"| {stored:,} | {rate:.0f} | {' | '.join(f'{one:.0f}' for one in memory)} |")


if __name__ == "__main__":
    main()
