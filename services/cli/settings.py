"""`lagebild settings`: what is set, and what can be."""

import json
from typing import Annotated, Any

import typer
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from services.common.masking import MASK, masked
from services.common.settings import Settings, get_settings

PREFIX = "LAGEBILD_"


def settings(
    describe: Annotated[
        bool, typer.Option("--describe", help="Show what each setting means, with its default.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object, for programs.")] = False,
) -> None:
    """Show all settings as they are in force, secrets masked.

    Each is an environment variable (or a line of a file `.env` in the current folder): the first column is its name.
    """
    if describe:
        Console().print(_described())
        return
    current = get_settings()
    values = {f"{PREFIX}{name.upper()}": _shown(getattr(current, name)) for name in Settings.model_fields}
    if as_json:
        typer.echo(json.dumps(values, indent=2, ensure_ascii=False))
        return
    table = Table("setting", "value", "")
    for (name, value), field in zip(values.items(), Settings.model_fields, strict=True):
        changed = "set" if field in current.model_fields_set else ""
        table.add_row(name, "–" if value is None else str(value), changed)
    Console().print(table)


def _described() -> Table:
    table = Table("setting", "default", "meaning")
    for name, field in Settings.model_fields.items():
        default = _shown(field.default)
        table.add_row(f"{PREFIX}{name.upper()}", "–" if default in (None, "") else str(default), field.description)
    return table


def _shown(value: Any) -> Any:
    if isinstance(value, SecretStr):
        secret = value.get_secret_value()
        return masked(secret) if "://" in secret else MASK
    if isinstance(value, str):
        return masked(value)
    return value if isinstance(value, int | float | bool | None) else str(value)
