"""From the records of one article to mentions: what each of them adds to which block.

A block holds what may be the same happening as far as the parties tell: type, movement or class of goods, actor, and
recipient or place. Everything here depends on one article alone, so that the order of articles cannot matter.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple

from schemas import (
    ArticleReference,
    Category,
    ClaimParty,
    ClaimPlace,
    ClaimType,
    DeploymentEvent,
    Event,
    Movement,
    Party,
    Place,
    Quantity,
    Record,
    Span,
    StatementEvent,
    StatementKind,
    Status,
    SupplyEvent,
)
from services.claims.goods import class_of, kind_of_goods
from services.claims.places import place_key

SHORT: Final = timedelta(days=31)
"""Longest stated time that is taken for the time of the happening itself: its middle is the day."""


class Voice(Record):
    """Who presents the happening how, in one record; `said_by` is null for an unnamed source."""

    said_by: ClaimParty | None
    status: Status
    kind: StatementKind | None = None


class Mention(Record):
    """What one record adds to a claim.

    Attributes:
        block: all records of one happening share it.
        goods: the word by which goods are compared.
        day: the day told of, or the nearest to it that is known.
        published: the article's publication, a UTC day.
        text_digest: changes with the article's text; null where there is none.
    """

    event_id: str
    article: ArticleReference
    block: str
    goods: str
    day: date
    published: date
    type: ClaimType
    movement: Movement | None
    category: Category | None
    actor: tuple[ClaimParty, ...]
    recipient: tuple[ClaimParty, ...]
    place: ClaimPlace | None
    words: str | None
    quantity: Quantity | None
    status: Status
    voices: tuple[Voice, ...]
    evidence: str
    text_digest: str | None = None


class _Facts(NamedTuple):
    """An event with both its sides; a key is None where the record does not tell."""

    event: DeploymentEvent | SupplyEvent
    context: str
    actor_key: str | None
    target_key: str | None
    actor: tuple[Party, ...]
    recipient: tuple[Party, ...]
    place: Place | None


def mentions_of(events: Sequence[Event], first_seen: date, text_digest: str | None = None) -> list[Mention]:
    """The mentions of one article: its deployments and supplies that tell both sides, or whose article does.

    Args:
        events: all current records of the article.
        first_seen: UTC day that stands in where the publication is unknown.
        text_digest: digest of the article's text; None where there is none.
    """
    told = _told(events)
    happenings = [event for event in events if not isinstance(event, StatementEvent)]
    facts = _completed([_facts(event) for event in sorted(happenings, key=lambda event: event.event_id)])
    return [_mention(one, told, first_seen, text_digest) for one in facts if one.actor_key and one.target_key]


def _told(events: Iterable[Event]) -> dict[str, list[StatementEvent]]:
    """The statements that tell each event."""
    told: dict[str, list[StatementEvent]] = {}
    for event in events:
        if isinstance(event, StatementEvent):
            for event_id in event.tells:
                told.setdefault(str(event_id), []).append(event)
    return told


def _facts(event: DeploymentEvent | SupplyEvent) -> _Facts:
    if isinstance(event, SupplyEvent):
        actor, recipient = event.supplier, event.recipient
        context = f"supply:{class_of(event)}"
        return _Facts(event, context, parties_key(actor), parties_key(recipient), actor, recipient, None)
    place = event.destination if event.movement == "deploy" else event.origin
    actor_key = parties_key(event.actor)
    target = place_key(place, home=actor_key)
    return _Facts(event, f"deployment:{event.movement}", actor_key, target, event.actor, (), place)


def _completed(facts: Sequence[_Facts]) -> list[_Facts]:
    """Fill in what a record leaves out where the article's other records leave no choice."""
    whole: dict[tuple[str, str | None, str | None], _Facts] = {}
    for one in facts:
        if one.actor_key and one.target_key:
            whole.setdefault((one.context, one.actor_key, one.target_key), one)
    return [_complete(one, whole.values()) for one in facts]


def _complete(one: _Facts, whole: Iterable[_Facts]) -> _Facts:
    if (one.actor_key is None) == (one.target_key is None):
        return one
    fitting = [
        other
        for other in whole
        if other.context == one.context and (other.actor_key == one.actor_key or other.target_key == one.target_key)
    ]
    return fitting[0]._replace(event=one.event) if len(fitting) == 1 else one


def parties_key(parties: Iterable[Party]) -> str | None:
    """Who they are together: their codes in order, names where there is no code; None where nobody is known."""
    keys = {key for party in parties if (key := _party_key(party))}
    return "+".join(sorted(keys)) or None


def _party_key(party: Party) -> str | None:
    if party.code:
        return party.code
    # Without a code "Rebellen", "Ausland" or "er" may be anybody; a named group is itself.
    named = party.kind in {"organisation", "armed_group", "state"}
    words = " ".join(party.name.casefold().split())
    return f"'{words}'" if named and words else None


def _mention(
    facts: _Facts, told: dict[str, list[StatementEvent]], first_seen: date, text_digest: str | None
) -> Mention:
    event, place = facts.event, facts.place
    deployment = event if isinstance(event, DeploymentEvent) else None
    supply = event if isinstance(event, SupplyEvent) else None
    published = _utc_day(event.article.published_at) or first_seen
    return Mention(
        event_id=str(event.event_id),
        article=event.article,
        block=f"{facts.context}|{facts.actor_key}|{facts.target_key}",
        goods=kind_of_goods(event),
        day=day_of(event, published),
        published=published,
        type=event.type,
        movement=deployment.movement if deployment else None,
        category=supply.category if supply else None,
        actor=claim_parties(facts.actor),
        recipient=claim_parties(facts.recipient),
        place=ClaimPlace(name=place.name, country=place.country) if place else None,
        words=_words(deployment.force if deployment else supply.goods if supply else None),
        quantity=event.quantity,
        status=event.status,
        voices=_voices(event, told.get(str(event.event_id), ())),
        evidence=event.evidence.text,
        text_digest=text_digest,
    )


def day_of(event: Event, published: date) -> date:
    """The day by which records are compared: the middle of a short stated time, else what is nearest to publication.

    "Seit Mai" and "bis Ende 2027" hold on the day of publication; "2019" does not, its last day is nearest.
    """
    earliest, latest = (event.time.earliest, event.time.latest) if event.time else (None, None)
    if earliest and latest and latest - earliest <= SHORT:
        return earliest + (latest - earliest) // 2
    if earliest and earliest > published:
        return earliest
    return latest if latest and latest < published else published


def _voices(event: DeploymentEvent | SupplyEvent, statements: Sequence[StatementEvent]) -> tuple[Voice, ...]:
    """Who says so: the attribution, and the speakers of the statements that tell it; else the medium itself."""
    denied = {_name(p) for s in statements if s.kind == "deny" and s.status == "actual" for p in s.speaker}
    voices = [
        Voice(said_by=_claim_party(party), status="denied" if _name(party) in denied else event.status)
        for party in event.attribution
    ]
    for statement in statements:
        for party in statement.speaker:
            status: Status = "denied" if _name(party) in denied else event.status
            voices.append(Voice(said_by=_claim_party(party), status=status, kind=statement.kind))
    if not voices:
        voices.append(Voice(said_by=None if event.reported else _medium(event.article), status=event.status))
    return tuple(dict.fromkeys(voices))


def _medium(article: ArticleReference) -> ClaimParty:
    """Who speaks where an article speaks for itself; where its medium is unknown, the article by its title."""
    if article.source:
        return ClaimParty(name=article.source, kind="organisation")
    return ClaimParty(name=article.title or article.id)


def _name(party: Party) -> tuple[str, str | None]:
    return party.name, party.code


def claim_parties(parties: Iterable[Party]) -> tuple[ClaimParty, ...]:
    """The parties without their words' places, each once."""
    return tuple(dict.fromkeys(_claim_party(party) for party in parties))


def _claim_party(party: Party) -> ClaimParty:
    return ClaimParty(name=party.name, code=party.code, kind=party.kind)


def _words(span: Span | None) -> str | None:
    return " ".join(span.text.split()) if span else None


def _utc_day(published: datetime | date | None) -> date | None:
    return published.astimezone(UTC).date() if isinstance(published, datetime) else published
