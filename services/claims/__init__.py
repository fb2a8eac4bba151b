"""Which records tell of the same happening, and what they say together. A plain library. See docs/claims.md."""

from services.claims.copies import Signature, signature_of
from services.claims.groups import Member, group_members, segments
from services.claims.mentions import Mention, mentions_of
from services.claims.summary import summarise

__all__ = [
    "Member",
    "Mention",
    "Signature",
    "group_members",
    "mentions_of",
    "segments",
    "signature_of",
    "summarise",
]
