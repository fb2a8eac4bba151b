"""The output: event records, a union told apart by `type`. Their meaning: docs/records.md."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from schemas.article import ArticleReference
from schemas.base import SCHEMA_VERSION, Record, SchemaVersion, Span
from schemas.values import Party, Place, Quantity, Time

EventType = Literal["deployment", "supply", "statement"]
Status = Literal["actual", "planned", "possible", "denied"]
Movement = Literal["deploy", "withdraw"]
Category = Literal[
    "weapons",
    "ammunition",
    "vehicles",
    "aircraft",
    "ships",
    "technology",
    "training",
    "money",
    "humanitarian",
    "energy",
    "other",
]
StatementKind = Literal[
    "confirm",
    "deny",
    "accuse",
    "condemn",
    "support",
    "warn",
    "threaten",
    "demand",
    "refuse",
    "announce",
    "assess",
    "say",
]
Parties = tuple[Party, ...]


class EventBase(Record):
    """What every event carries, whatever its type."""

    schema_version: SchemaVersion = SCHEMA_VERSION
    event_id: Annotated[UUID, Field(description="The same article and the same finding give the same id, anywhere")]
    extraction_id: Annotated[UUID, Field(description="The extraction (article, extractor version) that found it")]
    extractor: Annotated[str, Field(min_length=1, description="Version of the extractor that found it")]
    article: ArticleReference
    evidence: Annotated[Span, Field(description="The sentence or sentences that tell the event")]
    anchor: Annotated[Span, Field(description="The word or short phrase that expresses it")]
    status: Annotated[Status, Field(description="How the article, or the source it quotes, presents the event")]
    reported: Annotated[bool, Field(description="True where it is told as somebody's report")]
    attribution: Annotated[Parties, Field(description="Who says so, if not the article itself")] = ()
    time: Time | None = None
    confidence: Annotated[
        float | None,
        Field(ge=0, le=1, description="Estimated probability that the record is right; null if unknown"),
    ] = None
    plover_code: Annotated[
        str | None,
        Field(pattern=r"^\d{2,4}$", description="CAMEO/PLOVER code derived from type, status and kind"),
    ] = None

    @model_validator(mode="after")
    def _anchor_in_evidence(self) -> Self:
        if not (self.evidence.start <= self.anchor.start and self.anchor.end <= self.evidence.end):
            raise ValueError("the anchor lies outside the evidence")
        return self


class DeploymentEvent(EventBase):
    """Armed forces or their equipment moved to, kept in or withdrawn from a place or an operation."""

    type: Literal["deployment"] = "deployment"
    actor: Annotated[Parties, Field(description="Whose forces")] = ()
    force: Annotated[Span | None, Field(description="What is deployed, without its number")] = None
    quantity: Annotated[Quantity | None, Field(description="How many")] = None
    origin: Place | None = None
    destination: Place | None = None
    beneficiary: Annotated[Parties, Field(description="In whose support")] = ()
    movement: Movement = "deploy"


class SupplyEvent(EventBase):
    """Weapons, money, training or aid going from one party to another."""

    type: Literal["supply"] = "supply"
    supplier: Parties = ()
    recipient: Parties = ()
    goods: Annotated[Span | None, Field(description="What is supplied, without its number")] = None
    category: Category = "other"
    quantity: Annotated[Quantity | None, Field(description="How many or how much, money included")] = None


class StatementEvent(EventBase):
    """Somebody says, writes, claims, asks or refuses something, and the article tells what."""

    type: Literal["statement"] = "statement"
    speaker: Parties = ()
    addressee: Annotated[Parties, Field(description="To whom, or against whom")] = ()
    kind: StatementKind = "say"
    quoted: Annotated[bool, Field(description="True if at least part is in quotation marks")] = False
    content: Annotated[Span, Field(description="What is said, one continuous stretch")]
    tells: Annotated[tuple[UUID, ...], Field(description="Events of the article told inside the content")] = ()


Event = Annotated[DeploymentEvent | SupplyEvent | StatementEvent, Field(discriminator="type")]
"""An event record: value of the `events` topic, keyed by the article's id."""
