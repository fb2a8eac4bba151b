"""Records and claims in words for people, the same in a terminal and on a page. Plain text: nothing is escaped here."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Final, NamedTuple

from schemas import (
    ArticleReference,
    Claim,
    ClaimParty,
    ClaimPlace,
    DeploymentEvent,
    Event,
    Number,
    Party,
    Place,
    Position,
    Quantity,
    Span,
    StatementEvent,
    SupplyEvent,
)

UNKNOWN: Final = "?"
UNNAMED: Final = "unnamed source"
STATUSES: Final = ("actual", "planned", "possible", "denied")
"""In the order in which they are shown side by side."""
LONGEST_QUOTE: Final = 100
"""Code points of a statement's content that are shown; the record has it all."""


class Summary(NamedTuple):
    """One record in short; what the record does not know is empty.

    Attributes:
        who: actor, supplier or speaker.
        what: movement and force, category and goods, or kind and content.
        where: from where to where, or to whom.
        number: how many or how much.
        sources: who says so.
    """

    who: str
    what: str
    where: str
    number: str
    sources: str


def summary(event: Event) -> Summary:
    """The record in short."""
    sources = names(event.attribution) or ("(reported)" if event.reported else "the article")
    match event:
        case DeploymentEvent():
            what = f"{event.movement}: {_words(event.force) or event.anchor.text}"
            where = _route(event.origin, event.destination)
            return Summary(names(event.actor), what, where, amount(event.quantity), sources)
        case SupplyEvent():
            what = f"{event.category}: {_words(event.goods) or event.anchor.text}"
            return Summary(names(event.supplier), what, names(event.recipient), amount(event.quantity), sources)
        case StatementEvent():
            what = f"{event.kind}: {_cut(event.content.text)}"
            return Summary(names(event.speaker), what, names(event.addressee), "", sources)


def headline(claim: Claim) -> tuple[str, str]:
    """Who does something to whom or where, and what it is."""
    if claim.type == "supply":
        what, where = "/".join(claim.categories) or "supply", f"→ {names(claim.recipient) or UNKNOWN}"
    else:
        what = claim.movement or "deploy"
        where = f"{'←' if claim.movement == 'withdraw' else '→'} {place(claim.place) if claim.place else UNKNOWN}"
    goods = f": {', '.join(claim.goods[:3])}" if claim.goods else ""
    return f"{names(claim.actor) or UNKNOWN} {where}", f"{claim.type}, {what}{goods}"


def seen(claim: Claim) -> str:
    """When articles told the claim, of which days, and how well it is supported."""
    published = days(claim.first_seen, claim.last_seen)
    told = days(claim.first_day, claim.last_day)
    when = published if told == published else f"{published}, told of {told}"
    return f"{when}; {count(claim.articles, 'article')}, {count(claim.sources, 'independent source')}"


def voice(position: Position) -> str:
    """Who takes a position, how, and in how many articles if in several."""
    times = f" ×{position.articles}" if position.articles > 1 else ""
    how = f" ({', '.join(position.kinds)})" if {"confirm", "deny"} & set(position.kinds) else ""
    return f"{said_by(position.said_by)}{how}{times}"


def said_by(party: ClaimParty | None) -> str:
    """The name of a source."""
    return names([party]) if party else UNNAMED


def names(parties: Sequence[Party | ClaimParty]) -> str:
    """The parties by name, each with its code unless that is its name."""
    shown = (f"{one.name} ({one.code})" if one.code and one.code != one.name else one.name for one in parties)
    return ", ".join(shown)


def place(one: Place | ClaimPlace) -> str:
    """The place by name, with its country."""
    return f"{one.name} ({one.country})" if one.country else one.name


def days(first: date, last: date) -> str:
    """An interval of days, its end inclusive."""
    return str(first) if first == last else f"{first} to {last}"


def published_day(article: ArticleReference) -> date | None:
    """The UTC day of publication; None where it is unknown."""
    published = article.published_at
    return published.astimezone(UTC).date() if isinstance(published, datetime) else published


def moment(published: datetime | date | None) -> str:
    """The day, or the minute in UTC where it is known; empty where neither is."""
    if isinstance(published, datetime):
        return f"{published.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return str(published or "")


def count(number: int, what: str) -> str:
    """So many of something whose plural ends in s."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def amount(quantity: Quantity | Number | None) -> str:
    """The bounds in figures; the words as written where neither is known."""
    if quantity is None:
        return ""
    low, high, unit = _figure(quantity.min), _figure(quantity.max), f" {quantity.unit}" if quantity.unit else ""
    about = "about " if quantity.approximate else ""
    if low and high:
        return f"{about}{low}{unit}" if low == high else f"{about}{low} to {high}{unit}"
    if low or high:
        return f"{about}{'at least' if low else 'at most'} {low or high}{unit}"
    return quantity.text


def _figure(bound: float | None) -> str:
    if bound is None:
        return ""
    return f"{bound:,.0f}" if float(bound).is_integer() else f"{bound:,g}"


def _words(span: Span | None) -> str:
    return " ".join(span.text.split()) if span else ""


def _cut(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= LONGEST_QUOTE else f"{words[: LONGEST_QUOTE - 1]}…"


def _route(origin: Place | None, destination: Place | None) -> str:
    if origin and destination:
        return f"{place(origin)} → {place(destination)}"
    return f"{place(origin)} →" if origin else place(destination) if destination else ""
