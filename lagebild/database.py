"""A database of records, opened to be read."""

from collections.abc import Iterator
from dataclasses import fields
from datetime import date
from typing import TYPE_CHECKING, Any, Final, Literal, Self, get_args, overload

from schemas import Event, EventType, Status
from services.common.errors import UserError
from services.storage import Counts, EventFilter, Store, open_store

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

ALIASES: Final = {"type": "types", "status": "statuses", "article": "article_id"}
KNOWN: Final = {"types": get_args(EventType), "statuses": get_args(Status)}


class Database:
    """An open database; a context manager. Made by `connect`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def records(self, **filters: Any) -> Iterator[Event]:
        """The current records that pass the filters, one by one, the latest published first.

        Args:
            **filters: as `lagebild events` has them. `type` and `status`: a word or several; `actor`, `supplier`,
                `recipient`, `party`: a code ("PRK") or words of a name; `country`: of origin or destination, ISO
                3166-1 alpha-3; `search`: words of the article; `since`, `until`: days, inclusive, as `date` or
                "2024-10-28"; `article`: its id; `limit`: most records.

        Raises:
            UserError: a filter does not exist, or its value cannot be used.
            services.storage.Retryable: the database cannot be reached.
        """
        return self._store.events(_filter(filters))

    @overload
    def events(self, *, frame: Literal["pandas"] = "pandas", **filters: Any) -> "pd.DataFrame": ...

    @overload
    def events(self, *, frame: Literal["polars"], **filters: Any) -> "pl.DataFrame": ...

    def events(self, *, frame: Literal["pandas", "polars"] = "pandas", **filters: Any) -> Any:
        """The same records as a data frame, one row an event; the columns: docs/export.md.

        Args:
            frame: "pandas" or "polars"; either, and pyarrow, must be installed.
            **filters: as in `records`.

        Raises:
            UserError: as `records`; or a package is missing.
        """
        if frame not in ("pandas", "polars"):
            raise UserError(f"there are no frames of {frame!r}", remedy='choose "pandas" or "polars"')
        from services.export.arrow import table

        found = table(self.records(**filters))
        try:
            if frame == "pandas":
                return found.to_pandas()
            import polars

            return polars.from_arrow(found)
        except ImportError:
            raise UserError(
                f"{frame} is not installed", remedy="install it with: pip install 'lagebild[notebook]'"
            ) from None

    def counts(self) -> Counts:
        """How many articles and events there are."""
        return self._store.counts()

    def close(self) -> None:
        """Close all connections."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def connect(url: str) -> Database:
    """Open a database that the sink has made; nothing is written.

    Args:
        url: sqlite:///FILE (four slashes: an absolute path), or postgresql://user:password@host:port/name.

    Raises:
        UserError: there is no database of this version, or it refuses the user.
        services.storage.Retryable: it cannot be reached.
    """
    return Database(open_store(url, create=False))


def _filter(given: dict[str, Any]) -> EventFilter:
    values: dict[str, Any] = {ALIASES.get(name, name): value for name, value in given.items()}
    known = {field.name for field in fields(EventFilter)}
    if unknown := sorted(set(values) - known):
        names = sorted(known - set(ALIASES.values()) | set(ALIASES))
        raise UserError(f"there is no filter {unknown[0]!r}", remedy=f"choose from {', '.join(names)}")
    for name, words in KNOWN.items():
        values[name] = _words(values.get(name) or (), words)
    for name in ("since", "until"):
        values[name] = _day(values.get(name))
    return EventFilter(**values)


def _words(given: Any, known: tuple[str, ...]) -> list[str]:
    chosen = [given] if isinstance(given, str) else list(given)
    for word in chosen:
        if word not in known:
            raise UserError(f"{word!r} does not exist", remedy=f"choose from {', '.join(known)}")
    return chosen


def _day(given: Any) -> date | None:
    if given is None or isinstance(given, date):
        return given
    try:
        return date.fromisoformat(given)
    except (TypeError, ValueError):
        raise UserError(f"{given!r} is no day", remedy='write "2024-10-28", or give a datetime.date') from None
