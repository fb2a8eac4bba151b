"""What a store promises, and what a caller may not assume.

    StorageError (LagebildError)
    ├── Retryable     the database cannot be used now: locked, out of reach, full. The same write may succeed later.
    ├── Fenced        another writer has moved the offsets: read them anew before writing again.
    └── Unstorable    the database refuses a record of this batch; the others may be written without it.

Any other error of a database stops the service: it is neither the moment's fault nor a record's.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, Literal, NamedTuple, TypeAlias

from schemas import (
    Article,
    Claim,
    ClaimType,
    DeadLetter,
    DeploymentEvent,
    Event,
    EventType,
    Extraction,
    StatementEvent,
    Status,
    SupplyEvent,
)
from services.common.errors import LagebildError


class StorageError(LagebildError):
    """Base of the errors of a store."""


class Retryable(StorageError):
    """The database cannot be used at the moment; nothing was written."""


class Fenced(StorageError):
    """The stored offsets are not the ones the writer expected; nothing was written."""


class Unstorable(StorageError):
    """A record of the batch cannot be stored, ever; nothing was written."""


class Partition(NamedTuple):
    """A partition of a Kafka topic."""

    topic: str
    number: int


class Advance(NamedTuple):
    """How a write moves the stored offset of one partition.

    Attributes:
        expected: the offset stored so far, the next to be read; None where none is stored.
        next: the offset after this write.
    """

    expected: int | None
    next: int


@dataclass(frozen=True, slots=True)
class Removal:
    """A tombstone: what its topic held about the article is withdrawn."""

    article_id: str
    kind: Literal["article", "extraction"]


@dataclass(frozen=True, slots=True)
class Requeue:
    """A dead letter has been sent back to the topic that it came from."""

    dead_letter_id: str


@dataclass(frozen=True, slots=True)
class Change:
    """A record as received.

    Attributes:
        record: the record itself, a removal, or that a dead letter was sent back.
        at: when the message was first sent, by Kafka's timestamp of it, with its time zone.
    """

    record: Article | DeploymentEvent | SupplyEvent | StatementEvent | Extraction | Removal | DeadLetter | Requeue
    at: datetime


Batch: TypeAlias = Sequence[Change]
"""Changes in the order received: of one topic's records about an article the last one counts."""


@dataclass(frozen=True, slots=True)
class WriteOutcome:
    """What a write did.

    Attributes:
        articles: articles written or removed.
        events: events that readers can see since this write.
        pending: events kept back until their extraction arrives.
        extractions: extractions that became their article's current one, or stayed so.
        dead_letters: dead letters written, or known to be sent back.
        rows: rows inserted or updated in all tables.
        removed: by table, how many of the articles and extractions were removed, and how many events that readers
            could see were taken out of sight.
    """

    articles: int = 0
    events: int = 0
    pending: int = 0
    extractions: int = 0
    dead_letters: int = 0
    rows: int = 0
    removed: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events to read; all conditions must hold, an empty one always does.

    Attributes:
        types: types of event.
        statuses: statuses.
        actor: code ("PRK") or whole words of the name ("Rutte") of an actor, supplier or speaker, in any case.
        supplier: the same of a supplier alone.
        recipient: the same of a recipient, a beneficiary or an addressee.
        party: the same of a party in any role, also that of who says so.
        country: ISO 3166-1 alpha-3 code of the country of the origin or the destination.
        search: words of the article's title or text, all of which must be there; one that ends with * is a word's
            beginning. By the database's full-text index: PostgreSQL finds German inflections too.
        since, until: first and last calendar day, inclusive. An event's days are its resolved time; where that is
            unknown, the article's day of publication (UTC). Events without either are left out.
        by_publication: since and until are about the article's day of publication alone, whatever time is told.
        article_id: id of the article.
        limit: most events to return, the latest published first; None: all, in that order.
    """

    types: Sequence[EventType] = ()
    statuses: Sequence[Status] = ()
    actor: str | None = None
    supplier: str | None = None
    recipient: str | None = None
    party: str | None = None
    country: str | None = None
    search: str | None = None
    since: date | None = None
    until: date | None = None
    by_publication: bool = False
    article_id: str | None = None
    limit: int | None = None


PARTY_FILTERS: Final[Mapping[str, Sequence[str]]] = {
    "actor": ("actor", "supplier", "speaker"),
    "supplier": ("supplier",),
    "recipient": ("recipient", "beneficiary", "addressee"),
    "party": (),
}
"""Fields of an `EventFilter` and the roles in which they look for a party; none: in all."""


@dataclass(frozen=True, slots=True)
class ClaimFilter:
    """Which claims to read; all conditions must hold, an empty one always does.

    Attributes:
        types: types of claim.
        actor: code ("PRK") or whole words of the name of whose forces they are, or of the supplier, in any case.
        recipient: the same of who receives a supply.
        destination: the same of the place of a deployment: where to, or the place left; "RUS" is its country.
        source: the same of somebody who says so or denies it.
        since, until: first and last calendar day, inclusive, between which an article told it (UTC).
        disagreeing: only claims that some deny, or whose numbers differ.
        events: only claims that hold one of these records, named by `event_id`; None: whatever they hold.
        limit: most claims to return, the latest seen first; None: all, in that order.
    """

    types: Sequence[ClaimType] = ()
    actor: str | None = None
    recipient: str | None = None
    destination: str | None = None
    source: str | None = None
    since: date | None = None
    until: date | None = None
    disagreeing: bool = False
    events: Collection[str] | None = None
    limit: int | None = None


class ClaimProgress(NamedTuple):
    """What bringing the claims up to date has done.

    Attributes:
        changes: changes of articles taken up.
        changed: claims made or changed.
        gone: claims that are no more.
        waiting: changes that still wait.
    """

    changes: int = 0
    changed: int = 0
    gone: int = 0
    waiting: int = 0


class ClaimMessage(NamedTuple):
    """A claim to be sent to its topic.

    Attributes:
        claim_id: key of the message.
        claim: the claim as it is now; None where it is no more, which is told by a tombstone.
        numbers: what to hand to `Store.claims_sent` when the broker has it.
    """

    claim_id: str
    claim: Claim | None
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows of the tables: what a reader sees, what waits, and dead letters that have not been sent back."""

    articles: int
    events: int
    extractions: int
    pending: int
    by_type: Mapping[str, int] = field(default_factory=dict)
    dead_letters: int = 0


class Pruned(NamedTuple):
    """What is deleted as too old.

    Attributes:
        articles: articles, with all their findings.
        events: their events that readers could see.
        pending: events that have waited for their extraction since before then.
        dead_letters: rows of messages that failed before then.
        claims: claims that hold records of those articles: they change, or go.
    """

    articles: int = 0
    events: int = 0
    pending: int = 0
    dead_letters: int = 0
    claims: int = 0


class Store(ABC):
    """A database of articles and their current findings. Safe to use from several threads.

    Every method raises `Retryable` when the database cannot be reached or is locked.
    """

    @abstractmethod
    def offsets(self, group: str) -> dict[Partition, int]:
        """The next offset to be read of each partition that `group` has written from; none for the others."""

    @abstractmethod
    def write(self, batch: Batch, group: str, advances: Mapping[Partition, Advance]) -> WriteOutcome:
        """Write a batch and move the offsets in one transaction: all of it, or an error and nothing.

        An event is shown to readers only when the extraction it belongs to is the article's current one; until
        that record arrives it is kept back. An extraction becomes current by being the latest written for its
        article; then the events of the former one are gone from the readers' sight in the same transaction.

        A caller may not assume that the topics are read in any order against each other, that a record is
        written once, or that the article's text is there when its events are: `Article` rows may hold the
        citation alone. It may assume that writing the same records again, in whatever batches, changes no row that
        readers see, if each topic's records about one article keep their order.

        Raises:
            Retryable, Fenced, Unstorable: as the module says; nothing was written.
        """

    @abstractmethod
    def forget_offsets(self, group: str) -> None:
        """Drop the group's offsets, so that it reads everything again. Rows stay: they are written over."""

    @abstractmethod
    def events(self, filters: EventFilter | None = None) -> Iterator[Event]:
        """The current events that pass `filters`, the latest published first, then in the order of the text.

        The records equal the ones written. A caller may not assume that one iteration sees writes made while it runs.
        """

    @abstractmethod
    def articles(self, article_ids: Collection[str]) -> Iterator[Article]:
        """The articles of these ids whose text is there, the latest published first; publication is given in UTC."""

    @abstractmethod
    def claims(self, filters: ClaimFilter | None = None) -> Iterator[Claim]:
        """The claims that pass `filters`, the latest seen first.

        They stand as `refresh_claims` has left them; what has been written since is seen after the next one.
        """

    @abstractmethod
    def refresh_claims(self, limit: int = 1000) -> ClaimProgress:
        """Take up at most `limit` changes of articles and bring the claims up to date, in one transaction.

        The claims depend on the current records and the articles' texts alone: not on the order in which they came, nor
        on how often. Claims that have changed are put into the outbox in the same transaction.
        """

    @abstractmethod
    def claim_changes_waiting(self) -> int:
        """How many changes of articles `refresh_claims` has still to take up."""

    @abstractmethod
    def unsent_claims(self, limit: int = 500) -> list[ClaimMessage]:
        """Claims of the outbox as they are now, those that have waited longest first, each once."""

    @abstractmethod
    def claims_sent(self, messages: Sequence[ClaimMessage]) -> None:
        """Take these out of the outbox, once the broker has confirmed them."""

    @abstractmethod
    def claims_turn(self) -> AbstractContextManager[bool]:
        """Whether this process may send claims as long as the `with` lasts: only one at a time may.

        Two that send at once could leave the older state of a claim as the last one in its topic.
        """

    @abstractmethod
    def counts(self) -> Counts:
        """How many rows there are."""

    @abstractmethod
    def check(self) -> list[str]:
        """Faults found in the database, one sentence each; an empty list if there are none."""

    @abstractmethod
    def prunable(self, before: datetime) -> Pruned:
        """What `prune` without a limit would delete now."""

    @abstractmethod
    def prune(self, before: datetime, limit: int | None = None) -> Pruned:
        """Delete articles published before `before` with all their findings, in one transaction; return what went.

        An article whose publication is unknown counts from the moment its first message was sent to Kafka.
        Offsets stay: what was deleted comes back only if it is sent again. The claims follow with `refresh_claims`.

        Args:
            before: a moment with its time zone.
            limit: most articles to delete, so that other writers need not wait for long; None: all.
        """

    @abstractmethod
    def close(self) -> None:
        """Close all connections; the store cannot be used afterwards."""
