"""Findings become records: the part of extraction that does not depend on how events are found.

For each finding of a detector: parties and places are linked, amounts and dates are read, statements that run over
several sentences are completed, attribution and what a statement tells are worked out, and ids are given.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast
from uuid import UUID

from schemas import (
    Article,
    ArticleReference,
    Category,
    DeploymentEvent,
    Event,
    EventType,
    Movement,
    Party,
    Quantity,
    Span,
    StatementEvent,
    StatementKind,
    SupplyEvent,
    event_id,
)
from services.extraction.attribution import Told, around, tells, told_in
from services.extraction.continuation import Continuation
from services.extraction.findings import PARTY_SLOTS, Finding, Offsets
from services.extraction.goods import category_of
from services.extraction.linking import ArticleContext
from services.extraction.plover import deployment_code, statement_code, supply_code
from services.extraction.values import Values, hull


class Recorder:
    """Makes the records of one article.

    Args:
        article: the article.
        context: the same article as the linker knows it.
        sentences: offsets of its sentences, in order.
        extractor: version of the extractor, written on each record.
        extraction: id of the extraction that the records belong to.
    """

    def __init__(
        self,
        article: Article,
        context: ArticleContext,
        sentences: Sequence[Offsets],
        *,
        extractor: str,
        extraction: UUID,
    ) -> None:
        self._article = article
        self._values = Values(article, context)
        self._sentences = sentences
        self._stamp: dict[str, Any] = {
            "article": ArticleReference.of(article),
            "extractor": extractor,
            "extraction_id": extraction,
        }

    def records(self, findings: Iterable[Finding]) -> list[Event]:
        """The records of all findings, ordered by anchor, then type.

        A finding without words at its anchor, and a statement without content, makes no record; equal findings make
        one. Every span holds ``article.text[start:end]``.
        """
        told = self._continued(self._usable(findings))
        drafts = _Drafts(
            told=told,
            ids=self._ids(told),
            parties=[self._parties(one.finding) for one in told],
            sources=[told_in(one, told) for one in told],
        )
        context = {"text": self._article.text}
        return [
            _MODELS[one.finding.type].model_validate(self._fields(position, drafts), context=context)
            for position, one in enumerate(told)
        ]

    def _usable(self, findings: Iterable[Finding]) -> list[Told]:
        """The findings that make records, in order and without repetition, each statement with its content."""
        ordered: dict[str, Finding] = {}
        for finding in findings:
            if anchor := self._values.trim(finding.anchor):
                placed = replace(finding, anchor=anchor)
                ordered.setdefault(repr(_order(placed)), placed)
        told = []
        for finding in sorted(ordered.values(), key=_order):
            said = finding.slot("content") if finding.type == "statement" else None
            content = None if said is None else self._values.content(said)
            if content is not None or finding.type != "statement":
                told.append(Told(finding, content, nominal=self._article.text[finding.anchor[0]].isupper()))
        return told

    def _continued(self, told: list[Told]) -> list[Told]:
        """The same findings; of the statements made in one sentence, the last that stands in no other runs on."""
        statements = [one for one in told if one.content is not None]
        running = Continuation(self._article.text, self._sentences, [one.anchor for one in statements])
        heads: dict[int, Told] = {}
        for one in statements:
            if around(one, statements) is None:
                heads[running.last_sentence(_content(one), one.anchor)] = one
        extended = {id(one): running.extend(_content(one), one.anchor) for one in heads.values()}
        return [
            replace(one, content=self._values.content(extended[id(one)])) if id(one) in extended else one
            for one in told
        ]

    def _ids(self, told: Sequence[Told]) -> list[UUID]:
        """An id for each; events of one type on one anchor are numbered in their order."""
        seen: Counter[tuple[EventType, Offsets]] = Counter()
        ids = []
        for one in told:
            place = (one.finding.type, one.anchor)
            ids.append(event_id(self._article.id, one.finding.type, *one.anchor, ordinal=seen[place]))
            seen[place] += 1
        return ids

    def _parties(self, finding: Finding) -> dict[str, tuple[Party, ...]]:
        return {slot: self._values.parties(finding.slots.get(slot, ())) for slot in PARTY_SLOTS[finding.type]}

    def _evidence(self, one: Told) -> Offsets:
        """The sentences of the finding, anchor and content included."""
        spans = [one.anchor, *filter(None, (self._values.trim(one.finding.evidence), one.content))]
        return hull(spans)

    def _attribution(self, one: Told, source: int | None, drafts: "_Drafts") -> tuple[Party, ...]:
        """Speaker of the statement that tells it, else whom the detector names."""
        if source is not None and (speaker := drafts.parties[source]["speaker"]):
            return speaker
        return self._values.parties(one.finding.slots.get("attribution", ()))

    def _fields(self, position: int, drafts: "_Drafts") -> dict[str, Any]:
        """The fields of the record's own type and those that all records have."""
        one, source = drafts.told[position], drafts.sources[position]
        evidence, attribution = self._evidence(one), self._attribution(one, source, drafts)
        status = one.finding.labels.get("status", "actual")
        common: dict[str, Any] = {
            **self._stamp,
            **drafts.parties[position],
            "event_id": drafts.ids[position],
            "evidence": self._values.span(evidence),
            "anchor": self._values.span(one.anchor),
            "status": status,
            "reported": bool(one.finding.labels.get("reported") or attribution),
            "attribution": attribution,
            "time": self._values.time(one.finding.slot("time"), ahead=status == "planned"),
            "confidence": round(min(1.0, max(0.0, one.finding.score)), 4),
        }
        return common | _OWN_FIELDS[one.finding.type](self, position, drafts, common)

    def _deployment(self, position: int, drafts: "_Drafts", common: Mapping[str, Any]) -> dict[str, Any]:
        finding = drafts.told[position].finding
        movement = finding.labels.get("movement", "deploy")
        return {
            "force": self._values.span(finding.slot("force")),
            "quantity": self._values.quantity(finding.slot("quantity"), finding.evidence),
            "origin": self._values.place(finding.slot("origin")),
            "destination": self._values.place(finding.slot("destination")),
            "movement": movement,
            "plover_code": deployment_code(
                common["status"], cast("Movement", movement), demanded=drafts.demanded(position)
            ),
        }

    def _supply(self, position: int, drafts: "_Drafts", common: Mapping[str, Any]) -> dict[str, Any]:
        finding = drafts.told[position].finding
        goods = self._values.span(finding.slot("goods"))
        quantity = self._values.quantity(finding.slot("quantity"), finding.evidence)
        category = finding.labels.get("category") or _category(goods, common["anchor"], quantity)
        return {
            "goods": goods,
            "quantity": quantity,
            "category": category,
            "plover_code": supply_code(
                common["status"], cast("Category", category), demanded=drafts.demanded(position)
            ),
        }

    def _statement(self, position: int, drafts: "_Drafts", common: Mapping[str, Any]) -> dict[str, Any]:
        one = drafts.told[position]
        content, kind = _content(one), one.finding.labels.get("kind", "say")
        inside = tells(one, drafts.told)
        return {
            "content": self._values.span(content),
            "kind": kind,
            "quoted": self._values.quoted(content),
            "tells": tuple(drafts.ids[other] for other in inside),
            "plover_code": statement_code(
                common["status"],
                cast("StatementKind", kind),
                common["anchor"].text,
                {drafts.told[other].finding.type for other in inside},
            ),
        }


@dataclass(frozen=True)
class _Drafts:
    """The findings of an article in the order of its records, and what is known of each."""

    told: Sequence[Told]
    ids: Sequence[UUID]
    parties: Sequence[Mapping[str, tuple[Party, ...]]]
    sources: Sequence[int | None]

    def demanded(self, position: int) -> bool:
        """Whether the event is told in a demand."""
        source = self.sources[position]
        return source is not None and self.told[source].finding.labels.get("kind") == "demand"


_OWN_FIELDS = {"deployment": Recorder._deployment, "supply": Recorder._supply, "statement": Recorder._statement}
_MODELS: Mapping[EventType, type[DeploymentEvent | SupplyEvent | StatementEvent]] = {
    "deployment": DeploymentEvent,
    "supply": SupplyEvent,
    "statement": StatementEvent,
}


def _content(statement: Told) -> Offsets:
    if statement.content is None:
        raise ValueError("a statement without content makes no record")
    return statement.content


def _category(goods: Span | None, anchor: Span, quantity: Quantity | None) -> Category:
    unit = quantity.unit if quantity else None
    return category_of(goods.text if goods else "", event=anchor.text, unit=unit) or "other"


def _order(finding: Finding) -> tuple[Any, ...]:
    slots = sorted((name, tuple(spans)) for name, spans in finding.slots.items() if spans)
    return finding.anchor, finding.type, slots, sorted((name, str(value)) for name, value in finding.labels.items())
