"""The database of a command that reads it: opened, closed, its troubles told in one sentence."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from services.common.errors import UserError
from services.common.settings import get_settings

if TYPE_CHECKING:
    from services.storage import Store


@contextmanager
def opened(database: str | None) -> "Iterator[Store]":
    """The store at a URL, or at LAGEBILD_DATABASE.

    Raises:
        UserError: it cannot be opened, or goes away while it is read.
    """
    from services.storage import Retryable, open_store

    try:
        store = open_store(database or get_settings().database_url, create=False)
        try:
            yield store
        finally:
            store.close()
    except Retryable as error:
        raise UserError(str(error), remedy="try again when it can be") from error
