"""The digest: what the articles of some days tell, as one self-contained HTML page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from schemas import Article, Claim, Event
from services.report.claims import ClaimBlock, claim_block
from services.report.entries import Entry, by_article, entry, timeline
from services.report.map import draw, spots
from services.report.page import ENVIRONMENT, Part, part
from services.report.wording import count, moment


@dataclass(frozen=True)
class Scope:
    """What a digest is about.

    Attributes:
        period: the days of publication in words.
        filters: further conditions in words, such as "actor PRK".
        made_at: when it was made, with a time zone.
        notes: what a reader must know of its limits, a sentence each.
    """

    period: str
    made_at: datetime
    filters: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def render_digest(
    events: Iterable[Event], articles: Iterable[Article], claims: Iterable[Claim], scope: Scope, title: str
) -> str:
    """One HTML page: claims, timeline, map, and each article with its marks.

    Args:
        events: the records, in the order in which their articles are to be shown.
        articles: the articles of these records; one that is missing is shown by its citation.
        claims: claims about these records.
        scope: what the digest is about.
        title: title of the page.

    Returns:
        A complete HTML document. Everything that comes from an article is escaped.
    """
    texts = {article.id: article for article in articles}
    told = by_article(events)
    parts = [part(texts.get(name, found[0].article), found) for name, found in told.items()]
    entries = [one for number, shown in enumerate(parts, start=1) for one in _entries(shown, number)]
    links = {one.event.event_id: one.link for one in entries}
    disputed, others = _sorted([claim_block(claim, links) for claim in claims])
    places = spots(entries)
    return ENVIRONMENT.get_template("digest.html.jinja").render(
        title=title,
        scope=scope,
        made_at=moment(scope.made_at),
        counts=_counts(entries, parts, disputed + others),
        days=timeline(entries),
        places=places,
        map=draw(places),
        disputed=disputed,
        others=others,
        parts=parts,
    )


def _entries(shown: Part, number: int) -> Iterable[Entry]:
    return (entry(card.event, f"#record-{number}-{card.number}") for card in shown.cards)


def _sorted(blocks: Sequence[ClaimBlock]) -> tuple[list[ClaimBlock], list[ClaimBlock]]:
    """Claims on which sources disagree, and all others."""
    return [one for one in blocks if one.claim.disagreement], [one for one in blocks if not one.claim.disagreement]


def _counts(entries: Sequence[Entry], parts: Sequence[Part], claims: Sequence[ClaimBlock]) -> str:
    of_type = {kind: sum(one.event.type == kind for one in entries) for kind in ("deployment", "supply", "statement")}
    supplies = f"{of_type['supply']:,} {'supply' if of_type['supply'] == 1 else 'supplies'}"
    told = [count(of_type["deployment"], "deployment"), supplies, count(of_type["statement"], "statement")]
    media = len({shown.article.source for shown in parts if shown.article.source})
    where = f" of {media:,} {'medium' if media == 1 else 'media'}" if media else ""
    return f"{', '.join(told)} in {count(len(parts), 'article')}{where}; {count(len(claims), 'claim')}"
