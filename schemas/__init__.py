"""The contract of Lagebild: articles in, event records out. Needs pydantic alone."""

from schemas.article import Article, ArticleReference
from schemas.base import SCHEMA_VERSION, Record, Span
from schemas.claim import Claim, ClaimParty, ClaimPlace, ClaimType, Disagreement, Number, Position, Report
from schemas.codec import InvalidRecord, read_article, read_claim, read_event, read_extraction, write
from schemas.dead_letter import DeadLetter, Stage
from schemas.events import (
    Category,
    DeploymentEvent,
    Event,
    EventBase,
    EventType,
    Movement,
    StatementEvent,
    StatementKind,
    Status,
    SupplyEvent,
)
from schemas.extraction import Extraction
from schemas.ids import article_id, claim_id, event_id, extraction_id
from schemas.values import Party, PartyKind, Place, Quantity, Time

__all__ = [
    "SCHEMA_VERSION",
    "Article",
    "ArticleReference",
    "Category",
    "Claim",
    "ClaimParty",
    "ClaimPlace",
    "ClaimType",
    "DeadLetter",
    "DeploymentEvent",
    "Disagreement",
    "Event",
    "EventBase",
    "EventType",
    "Extraction",
    "InvalidRecord",
    "Movement",
    "Number",
    "Party",
    "PartyKind",
    "Place",
    "Position",
    "Quantity",
    "Record",
    "Report",
    "Span",
    "Stage",
    "StatementEvent",
    "StatementKind",
    "Status",
    "SupplyEvent",
    "Time",
    "article_id",
    "claim_id",
    "event_id",
    "extraction_id",
    "read_article",
    "read_claim",
    "read_event",
    "read_extraction",
    "write",
]
