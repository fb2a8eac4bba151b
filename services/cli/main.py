"""The command `lagebild`: puts the subcommands together and turns errors into one clear sentence."""

import sys
from importlib.metadata import version as installed_version
from typing import Annotated

import typer
from rich.console import Console

from services.cli import broker as broker_command
from services.cli import (
    claims,
    dead_letters,
    demo,
    doctor,
    events,
    explain,
    export,
    extract,
    extractor,
    lexicon,
    migrate,
    produce,
    prune,
    report,
    schema,
    sink,
    topics,
)
from services.cli import settings as settings_command
from services.common.errors import LagebildError, UserError

app = typer.Typer(
    name="lagebild",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="""Turn German news articles into typed, citable records of deployments, supplies and statements.

Without Kafka: `lagebild extract article.txt`. With Kafka: `lagebild topics create`, then `lagebild extractor` and
`lagebild sink` in two terminals, and `lagebild produce seeds/` in a third. `lagebild demo` does all of it at once.

Every setting is an environment variable LAGEBILD_…: `lagebild settings` lists them.""",
)

app.command(rich_help_panel="Without Kafka")(extract.extract)
app.command(rich_help_panel="Without Kafka")(explain.explain)
app.command(rich_help_panel="Without Kafka")(report.report)
app.command(rich_help_panel="Services")(produce.produce)
app.command(rich_help_panel="Services")(extractor.extractor)
app.command(rich_help_panel="Services")(sink.sink)
app.command(rich_help_panel="Services")(broker_command.broker)
app.command(rich_help_panel="Services")(demo.demo)
app.command(rich_help_panel="Asking")(events.events)
app.command(rich_help_panel="Asking")(export.export)
app.command(rich_help_panel="Asking")(claims.claims)
app.add_typer(dead_letters.app, name="dead-letters", rich_help_panel="Asking")
app.add_typer(topics.app, name="topics", rich_help_panel="Care")
app.add_typer(lexicon.app, name="lexicon", rich_help_panel="Care")
app.command(rich_help_panel="Care")(migrate.migrate)
app.command(rich_help_panel="Care")(prune.prune)
app.command(rich_help_panel="Care")(doctor.doctor)
app.command(name="settings", rich_help_panel="Care")(settings_command.settings)
app.command(rich_help_panel="Care")(schema.schema)


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"lagebild {installed_version('lagebild')}")
        raise typer.Exit


@app.callback()
def root(
    _version: Annotated[
        bool, typer.Option("--version", help="Show the version and leave.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Options of the command as a whole."""


def main() -> None:
    """Run the command; exit 2 with one sentence where a person can mend what is wrong."""
    try:
        app()
    except UserError as error:
        _fail(str(error))
    except LagebildError as error:
        _fail(str(error), code=1)
    except KeyboardInterrupt:
        sys.exit(130)


def _fail(message: str, code: int = 2) -> None:
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"lagebild: {message}", markup=False)
    sys.exit(code)


if __name__ == "__main__":
    main()
