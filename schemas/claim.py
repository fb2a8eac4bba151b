"""The claim: what several articles tell of one happening, who says so, and who says otherwise.

A claim is made from the current records of type deployment or supply (docs/claims.md). It is replaced whenever one of
them comes, changes or goes.
"""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from schemas.article import ArticleReference
from schemas.base import SCHEMA_VERSION, Record, SchemaVersion
from schemas.events import Category, Movement, StatementKind, Status
from schemas.values import CountryCode, PartyKind

ClaimType = Literal["deployment", "supply"]
Disagreement = Literal["status", "quantity"]


class ClaimParty(Record):
    """A party, by the name that most of the records give it."""

    name: Annotated[str, Field(min_length=1)]
    code: Annotated[str | None, Field(description="As in the records' parties")] = None
    kind: PartyKind = "unknown"


class ClaimPlace(Record):
    """Where forces went to, or were withdrawn from."""

    name: Annotated[str, Field(min_length=1)]
    country: CountryCode | None = None


class Position(Record):
    """Who presents the happening how. Counts are over the records in which this party does so."""

    said_by: Annotated[
        ClaimParty | None,
        Field(description="The source named, or the medium (the article by its title) in its own voice; null: unnamed"),
    ]
    status: Status
    kinds: Annotated[tuple[StatementKind, ...], Field(description="How the party said it, where a statement tells it")]
    records: Annotated[int, Field(ge=1)]
    articles: Annotated[int, Field(ge=1)]
    sources: Annotated[int, Field(ge=1, description="Independent sources among the articles")]
    first_seen: Annotated[date, Field(description="Publication of the first of them, a UTC day")]
    last_seen: date


class Number(Record):
    """Who gives which number, as closed bounds; null means unbounded or unknown on that side."""

    said_by: ClaimParty | None
    status: Status
    text: Annotated[str, Field(description="As one of the articles writes it")]
    min: int | float | None
    max: int | float | None
    approximate: bool
    unit: str | None
    articles: Annotated[int, Field(ge=1)]


class Report(Record):
    """One record of the claim, with the article to cite."""

    event_id: UUID
    article: ArticleReference
    status: Status
    evidence: Annotated[str, Field(description="The sentence or sentences that tell it")]
    source_number: Annotated[int, Field(ge=1, description="Articles of one claim with the same number are one source")]


class Claim(Record):
    """Value of the `claims` topic, keyed by `claim_id`; a tombstone says that the claim is no more."""

    schema_version: SchemaVersion = SCHEMA_VERSION
    claim_id: Annotated[UUID, Field(description="The same records give the same id, anywhere")]
    type: ClaimType
    movement: Annotated[Movement | None, Field(description="Of a deployment")] = None
    categories: Annotated[tuple[Category, ...], Field(description="Of a supply, the most frequent first")] = ()
    actor: Annotated[tuple[ClaimParty, ...], Field(description="Whose forces, or the supplier")]
    recipient: Annotated[tuple[ClaimParty, ...], Field(description="Of a supply")] = ()
    place: Annotated[
        ClaimPlace | None, Field(description="Of a deployment: its destination; of a withdrawal the place left")
    ] = None
    goods: Annotated[
        tuple[str, ...], Field(description="What was deployed or supplied, as written, the most frequent first")
    ] = ()
    first_day: Annotated[date, Field(description="First day told of")]
    last_day: Annotated[date, Field(description="Last day told of")]
    first_seen: Annotated[date, Field(description="Publication of the first article, a UTC day")]
    last_seen: Annotated[date, Field(description="Publication of the last article, a UTC day")]
    records: Annotated[int, Field(ge=1)]
    articles: Annotated[int, Field(ge=1)]
    sources: Annotated[
        int, Field(ge=1, description="Independent sources: a medium counts once, copies of one text count once")
    ]
    disagreement: Annotated[
        tuple[Disagreement, ...],
        Field(description="status: some deny what others assert; quantity: the numbers of different sources differ"),
    ] = ()
    positions: Annotated[tuple[Position, ...], Field(description="Who says so, the best supported first; at most 100")]
    numbers: Annotated[tuple[Number, ...], Field(description="The range of numbers by source; at most 100")] = ()
    reports: Annotated[
        tuple[Report, ...], Field(description="The records, the latest published first; at most 200 of them")
    ]
