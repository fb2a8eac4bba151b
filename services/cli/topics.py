"""`lagebild topics`: create the topics and show what the broker has."""

import asyncio

import typer
from rich.console import Console
from rich.table import Table

from services.common.settings import get_settings
from services.common.topics import TopicState, create_topics, describe_topics

app = typer.Typer(no_args_is_help=True, help="Create and show the topics.")


@app.command()
def create() -> None:
    """Create the topics that are missing.

    Run it before anything else starts. Topics that exist are left as they are; where their settings differ from
    what they should be, the difference is shown.
    """
    _show(asyncio.run(create_topics(get_settings())))


@app.command()
def show() -> None:
    """Show the topics: partitions, and where the broker's settings differ from what they should be.

    Exit code 1 if a topic is missing.
    """
    states = asyncio.run(describe_topics(get_settings()))
    _show(states)
    if any(state.action == "missing" for state in states):
        raise typer.Exit(1)


def _show(states: list[TopicState]) -> None:
    table = Table("topic", "state", "partitions", "purpose", "differs")
    for state in states:
        differs = "\n".join(state.differences) or "–"
        table.add_row(state.spec.name, state.action, str(state.partitions), state.spec.purpose, differs)
    Console().print(table)
