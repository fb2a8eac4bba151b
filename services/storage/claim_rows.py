"""The rows of the claims' tables, and claims and mentions to rows."""

import hashlib
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from schemas import Claim, ClaimParty, write
from services.claims import Mention
from services.storage.columns import Day, Document, Flag, Identifier, LargeWhole, Whole, Words, day_text
from services.storage.conversion import search_words
from services.storage.rows import table_of


class ClaimRow(NamedTuple):
    """A claim: the columns one filters by, and the whole record; `digest` changes with it."""

    claim_id: Identifier
    type: Words
    movement: Words | None
    first_day: Day
    last_day: Day
    first_seen: Day
    last_seen: Day
    records: Whole
    articles: Whole
    sources: Whole
    statuses_disagree: Flag
    quantities_disagree: Flag
    digest: Words
    record: Document


class ClaimPartyRow(NamedTuple):
    """A party or place of a claim in a role: actor, recipient, place, or source with the status it gives."""

    claim_id: Identifier
    role: Words
    position: Whole
    name: Words
    name_words: Words
    code: Words | None
    status: Words | None


class ClaimRecordRow(NamedTuple):
    """A record as part of a claim; `segment` and `claim_id` are null until it is grouped.

    `cell` is block and day in one, so that one index finds many cells at once.
    """

    event_id: Identifier
    article_id: Words
    block: Words
    day: Day
    cell: Words
    goods: Words
    segment: Day | None
    claim_id: Identifier | None
    detail: Words


class SignatureRow(NamedTuple):
    """What is kept of an article's text to find its copies."""

    article_id: Words
    digest: Words
    hashes: Words


class ClaimChangeRow(NamedTuple):
    """An article whose records, text or date may have changed since the claims were made."""

    article_id: Words


class OutboxRow(NamedTuple):
    """A claim that has changed since it was sent to its topic."""

    claim_id: Identifier


class _Numbered(NamedTuple):
    number: LargeWhole
    article_id: Words


class _NumberedClaim(NamedTuple):
    number: LargeWhole
    claim_id: Identifier


CLAIMS = table_of("claims", ClaimRow)
CLAIM_PARTIES = table_of("claim_parties", ClaimPartyRow)
CLAIM_RECORDS = table_of("claim_records", ClaimRecordRow)
SIGNATURES = table_of("text_signatures", SignatureRow)
CLAIM_CHANGES = table_of("claim_changes", ClaimChangeRow)
NUMBERED_CHANGES = table_of("claim_changes", _Numbered)
OUTBOX = table_of("claim_outbox", OutboxRow)
NUMBERED_OUTBOX = table_of("claim_outbox", _NumberedClaim)


def cell_of(block: str, day: date) -> str:
    """Block and day in one."""
    return f"{block}@{day_text(day)}"


def record_row(mention: Mention) -> ClaimRecordRow:
    """The row of a mention that is not grouped yet."""
    return ClaimRecordRow(
        mention.event_id,
        mention.article.id,
        mention.block,
        day_text(mention.day),
        cell_of(mention.block, mention.day),
        mention.goods,
        None,
        None,
        mention.model_dump_json(),
    )


def claim_row(claim: Claim) -> ClaimRow:
    """The row of a claim."""
    record = write(claim)
    return ClaimRow(
        str(claim.claim_id),
        claim.type,
        claim.movement,
        day_text(claim.first_day),
        day_text(claim.last_day),
        day_text(claim.first_seen),
        day_text(claim.last_seen),
        claim.records,
        claim.articles,
        claim.sources,
        int("status" in claim.disagreement),
        int("quantity" in claim.disagreement),
        hashlib.blake2b(record, digest_size=8).hexdigest(),
        record.decode(),
    )


def party_rows(claim: Claim) -> Iterator[ClaimPartyRow]:
    """The rows of a claim's parties, its place and its sources."""
    for role, parties in (("actor", claim.actor), ("recipient", claim.recipient)):
        for position, party in enumerate(parties):
            yield _party_row(claim, role, position, party, None)
    if claim.place:
        place = ClaimParty(name=claim.place.name, code=claim.place.country)
        yield _party_row(claim, "place", 0, place, None)
    for position, one in enumerate(claim.positions):
        if one.said_by:
            yield _party_row(claim, "source", position, one.said_by, one.status)


def _party_row(claim: Claim, role: str, position: int, party: ClaimParty, status: str | None) -> ClaimPartyRow:
    words = search_words(party.name)
    return ClaimPartyRow(str(claim.claim_id), role, position, party.name, words, party.code, status)
