"""`lagebild broker`: a real Kafka on this machine, for a first try."""

import signal
import threading
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from services.broker import LocalBroker


def broker(
    port: Annotated[int, typer.Option(help="TCP port on 127.0.0.1.")] = 9092,
    data: Annotated[
        Path | None, typer.Option(help="Folder that keeps the topics; without it they go when the broker stops.")
    ] = None,
    log_file: Annotated[Path | None, typer.Option(help="Kafka's log; without it, beside the data.")] = None,
) -> None:
    """Run Apache Kafka on this machine until Ctrl-C: one node, no security, for trying Lagebild out.

    Needs Java 17 or newer, and Maven for the first run, which fetches Kafka (43 MB).
    """
    console = Console(stderr=True)
    console.print("starting Kafka …")
    with LocalBroker(port, data_dir=data, log_file=log_file) as running:
        console.print(f"Kafka answers at {running.bootstrap_servers}; log: {running.log_file}; Ctrl-C stops it")
        done = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: done.set())
        while not done.wait(1.0):
            if running.pid is None:
                console.print(f"Kafka has ended by itself; its log says why: {running.log_file}")
                raise typer.Exit(1)
