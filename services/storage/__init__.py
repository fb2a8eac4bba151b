"""Where records are kept: one interface, SQLite and PostgreSQL behind it. See docs/storage.md."""

from services.storage.interface import (
    Advance,
    Batch,
    Change,
    ClaimFilter,
    ClaimMessage,
    ClaimProgress,
    Counts,
    EventFilter,
    Fenced,
    Partition,
    Removal,
    Retryable,
    StorageError,
    Store,
    Unstorable,
    WriteOutcome,
)
from services.storage.opening import open_store

__all__ = [
    "Advance",
    "Batch",
    "Change",
    "ClaimFilter",
    "ClaimMessage",
    "ClaimProgress",
    "Counts",
    "EventFilter",
    "Fenced",
    "Partition",
    "Removal",
    "Retryable",
    "StorageError",
    "Store",
    "Unstorable",
    "WriteOutcome",
    "open_store",
]
