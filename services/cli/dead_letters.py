"""`lagebild dead-letters`: what could not be processed: list it, look at it, send it back."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from schemas import DeadLetter, Stage, write
from services.common.errors import UserError
from services.common.settings import Settings, get_settings

app = typer.Typer(
    no_args_is_help=True,
    help="List, show and send back messages that could not be processed.",
)

PREVIEW = 2_000
"""Code points of a value that `show` prints; `--json` has it all."""

Filter = Callable[[DeadLetter], bool]


@app.command("list")
def list_(
    stage: Annotated[Stage | None, typer.Option(help="Only those that failed at this stage.")] = None,
    class_: Annotated[
        str | None, typer.Option("--class", help="Only this class of error, or a part of its name.")
    ] = None,
    since: Annotated[str | None, typer.Option(help="Only those that failed at or after this time, ISO 8601.")] = None,
    requeued: Annotated[bool, typer.Option("--requeued", help="Those that have been sent back, too.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line, with the whole message.")] = False,
) -> None:
    """List the dead letters, oldest first."""
    start = _moment(since) if since else None

    def wanted(letter: DeadLetter) -> bool:
        return (
            (requeued or not letter.requeued)
            and (stage is None or letter.stage == stage)
            and (class_ is None or class_ in letter.exception)
            and (start is None or (letter.failed_at is not None and _aware(letter.failed_at) >= start))
        )

    letters = _read(get_settings(), wanted, whole=json)
    if json:
        for letter in letters:
            typer.echo(write(letter))
    elif letters:
        Console().print(_table(letters))
    else:
        typer.echo("No dead letters.", err=True)


@app.command()
def show(
    id_: Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it: topic-partition-offset.")],
    json: Annotated[bool, typer.Option("--json", help="As one JSON object, with the whole message.")] = False,
) -> None:
    """Show one dead letter: the reason, the headers, and the beginning of the message."""
    letters = _read(get_settings(), lambda letter: letter.id == id_, whole=True)
    if not letters:
        raise UserError(
            f"there is no dead letter {id_}", remedy="`lagebild dead-letters list` shows those that there are"
        )
    if json:
        typer.echo(write(letters[-1]))
    else:
        _describe(Console(), letters[-1])


@app.command()
def requeue(
    ids: Annotated[list[str] | None, typer.Argument(metavar="ID…", help="Dead letters to send back.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="All that have not been sent back yet.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Send dead letters back to their topics, unchanged: key, value, headers and time."""
    from services.dead_letters.requeue import requeue as send_back

    if bool(ids) == all_:
        raise UserError("what is to be sent back", remedy="name the dead letters, or say --all")
    settings = get_settings()
    if all_:
        waiting = _read(settings, lambda letter: not letter.requeued, whole=False)
        cut = [letter for letter in waiting if letter.value_sha256 is not None]
        for letter in cut:
            typer.echo(f"{letter.id} stays: its value was too large and is cut", err=True)
        count = len({letter.id for letter in waiting} - {letter.id for letter in cut})
    else:
        count = len(set(ids or ()))
    if count and not yes:
        typer.confirm(f"Send {count} messages back?", abort=True)
    sent = asyncio.run(send_back(settings, None if all_ else ids)) if count else []
    for back in sent:
        typer.echo(f"{back.id} → {back.topic}-{back.partition}-{back.offset}")
    typer.echo(f"{len(sent)} messages sent back.", err=True)


def _read(settings: Settings, wanted: Filter, *, whole: bool) -> list[DeadLetter]:
    from services.dead_letters.reading import read_dead_letters

    async def read() -> list[DeadLetter]:
        # A table shows no values; thousands of them would fill the memory for nothing.
        return [
            letter if whole else letter.model_copy(update={"value": None})
            async for letter in read_dead_letters(settings)
            if wanted(letter)
        ]

    return sorted(asyncio.run(read()), key=lambda letter: _aware(letter.failed_at))


def _table(letters: Iterable[DeadLetter]) -> Table:
    table = Table()
    for heading in ("id", "failed at (UTC)", "stage", "error", "reason", "tries", "sent back"):
        table.add_column(heading, overflow="fold", no_wrap=heading in {"stage", "tries"})
    for letter in letters:
        cells = [letter.id, _time(letter.failed_at), letter.stage, letter.exception.rpartition(".")[2], letter.message]
        table.add_row(
            *(Text(_printable(cell)) for cell in cells), str(letter.tries), "yes" if letter.requeued else "no"
        )
    return table


def _describe(console: Console, letter: DeadLetter) -> None:
    facts = {
        "id": letter.id,
        "came from": f"{letter.topic}, partition {letter.original_partition}, offset {letter.original_offset}",
        "sent at": _time(datetime.fromtimestamp(letter.timestamp_ms / 1000, UTC)),
        "failed at": _time(letter.failed_at),
        "stage": letter.stage,
        "error": letter.exception,
        "reason": letter.message,
        "tries": str(letter.tries),
        "sent back": "yes" if letter.requeued else "no",
        "key": _bytes(letter.key),
        **{f"header {name}": _bytes(value) for name, value in letter.headers},
        "value": _size(letter),
    }
    width = max(len(name) for name in facts)
    for name, value in facts.items():
        console.print(Text(f"{name:<{width}}  {_printable(value)}"), soft_wrap=True)
    for text in (letter.stacktrace, _bytes(letter.value)[:PREVIEW] if letter.value else None):
        if text:
            console.print(Text("\n" + "\n".join(_printable(line) for line in text.splitlines())), soft_wrap=True)


def _size(letter: DeadLetter) -> str:
    if letter.value is None and letter.value_sha256 is None:
        return "none (a tombstone)"
    if letter.value_sha256 is None:
        return f"{len(letter.value or b'')} bytes"
    return f"{len(letter.value or b'')} of {letter.value_length} bytes, the whole has SHA-256 {letter.value_sha256}"


def _bytes(value: bytes | None) -> str:
    return "none" if value is None else value.decode("utf-8", "backslashreplace")


def _printable(text: str) -> str:
    """A message comes from outside: a control character in it must not steer the terminal."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def _time(moment: datetime | None) -> str:
    return "unknown" if moment is None else _aware(moment).strftime("%Y-%m-%d %H:%M:%S")


def _aware(moment: datetime | None) -> datetime:
    if moment is None:
        return datetime.min.replace(tzinfo=UTC)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _moment(text: str) -> datetime:
    try:
        return _aware(datetime.fromisoformat(text))
    except ValueError:
        raise UserError(
            f"--since {text!r} is no time", remedy="write 2024-10-28 or 2024-10-28T18:30:00+01:00"
        ) from None
