"""`lagebild schema`: write the contract for other languages, or check it."""

from pathlib import Path
from typing import Annotated

import typer

from schemas import compatibility, generate


def schema(
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Write nothing; exit code 1 if a file differs from the models, or if they break an earlier release.",
        ),
    ] = False,
) -> None:
    """Write JSON Schema 2020-12 files into `schemas/json/` and `schemas/asyncapi.json`, made from the models.

    The files are part of the repository, and a test fails when they no longer fit the models. The check holds the
    models also against the released schemas in `schemas/json/v1/`: see docs/consuming.md.
    """
    changed = _stale() if check else generate.write_files()
    for path in changed:
        typer.echo(f"{'differs' if check else 'written'}: {path.relative_to(generate.HERE.parent)}")
    if not changed:
        typer.echo(f"{len(generate.files())} files, all as the models have it")
    broken = compatibility.breaks() if check else []
    for one in broken:
        typer.echo(f"incompatible: {one}")
    if check and not broken:
        typer.echo(f"compatible with the released schemas of {', '.join(compatibility.releases())}")
    if check and (changed or broken):
        raise typer.Exit(1)


def _stale() -> list[Path]:
    wanted = generate.files()
    return [path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
