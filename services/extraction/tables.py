"""The data tables of the extraction core: YAML files in ``data/`` that a person who knows German can extend."""

import hashlib
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import yaml

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The safe loader, in C where libyaml is there."""


@lru_cache(maxsize=32)
def read_table(name: str) -> dict[str, Any]:
    """The table ``data/<name>.yaml``.

    Raises:
        FileNotFoundError: the package lacks it.
        ValueError: it is not a mapping.
    """
    text = files("services.extraction").joinpath("data", f"{name}.yaml").read_text("utf-8")
    table = yaml.load(text, Loader=LOADER)  # noqa: S506 - a safe loader
    if not isinstance(table, dict):
        raise ValueError(f"data/{name}.yaml is not a mapping of names to entries")
    return table


def digest() -> str:
    """Eight hexadecimal digits that change when any table that makes records changes.

    Covers the tables of this package and of its parts (``*/data/*.yaml``).
    """
    root = files("services.extraction")
    total = hashlib.sha256()
    for path, content in sorted(_tables(root, "")):
        total.update(path.encode() + b"\0" + content + b"\0")
    return total.hexdigest()[:8]


def _tables(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found = []
    for entry in folder.iterdir():
        path = f"{prefix}/{entry.name}"
        if entry.is_dir():
            found += _tables(entry, path)
        elif entry.name.endswith(".yaml"):
            found.append((path, entry.read_bytes()))
    return found
