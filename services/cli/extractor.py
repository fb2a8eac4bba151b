"""`lagebild extractor`: the service that reads articles and sends event records."""

from typing import Annotated, Any

import typer

from services.common.settings import get_settings


def extractor(
    processes: Annotated[
        int | None, typer.Option(min=1, help="Processes that read German; LAGEBILD_EXTRACTOR_PROCESSES by default.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="Folder of a pipeline, or module:function that makes an extractor.")
    ] = None,
    web_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port of /metrics, /livez and /readyz; 0 takes any free one.")
    ] = None,
) -> None:
    """Read articles from Kafka, extract, send event records: until SIGTERM or Ctrl-C.

    What cannot be processed goes to the dead letters with its reason. Run as many of these as there are
    partitions: they share the work. A restart goes on where the last one was confirmed.
    """
    # Faust takes a second to import: not for `--help`.
    from services.extractor.app import run

    chosen: dict[str, Any] = {
        "extractor_processes": processes,
        "extractor_model": model,
        "extractor_web_port": web_port,
    }
    run(get_settings().model_copy(update={name: value for name, value in chosen.items() if value is not None}))
