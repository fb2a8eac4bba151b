"""Copies of one text: syndicated articles count as one source, however many papers print them.

MinHash over stretches of three words (datasketch) estimates what share of their stretches two texts have in common,
and LSH finds the pairs worth comparing, so that the cost grows with the number of texts and not with its square.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from datasketch import MinHash

ALIKE: Final = 0.5
"""Share of common stretches from which on two texts are copies. Two reports of one event by different writers stay far
below (docs/claims.md); a copy with a third of other text stands above."""
PERMUTATIONS: Final = 128
SCHEME: Final = "affine32"
"""How datasketch permutes: stored signatures are compared by the same scheme only."""
STRETCH: Final = 3
_WORD: Final = re.compile(r"\w+")


class Signature(NamedTuple):
    """What is kept of a text to find its copies.

    Attributes:
        digest: of the text and of how the signature was made.
        hashes: MinHash values, 32 bits each, little-endian, in hexadecimal.
    """

    digest: str
    hashes: str


def digest_of(text: str) -> str:
    """The digest under which a text's signature is kept."""
    made_by = f"{SCHEME} {PERMUTATIONS} {STRETCH}\n"
    return hashlib.blake2b((made_by + text).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def signature_of(text: str) -> Signature:
    """The signature of an article's text."""
    words = _WORD.findall(text.casefold())
    stretches = {" ".join(words[i : i + STRETCH]) for i in range(max(1, len(words) - STRETCH + 1))}
    minhash = _minhash()
    minhash.update_batch([stretch.encode() for stretch in stretches])
    return Signature(digest_of(text), minhash.hashvalues.astype("<u4").tobytes().hex())


def sources(media: Mapping[str, str | None], signatures: Mapping[str, str]) -> dict[str, int]:
    """The independent source of each article, numbered from 1 in the order of the article ids.

    Articles of one medium are one source, and so are copies of one text, of copies too.

    Args:
        media: articles and their medium; None where it is unknown.
        signatures: `Signature.hashes` of those whose text is known.
    """
    parent = {article_id: article_id for article_id in sorted(media)}

    def root(article_id: str) -> str:
        while parent[article_id] != article_id:
            parent[article_id] = article_id = parent[parent[article_id]]
        return article_id

    first: dict[str, str] = {}
    pairs = [(first.setdefault(medium, one), one) for one in sorted(media) if (medium := media[one])]
    for one, other in pairs + _copies({one: signatures[one] for one in sorted(media) if one in signatures}):
        low, high = sorted((root(one), root(other)))
        parent[high] = low
    numbers: dict[str, int] = {}
    return {one: numbers.setdefault(root(one), len(numbers) + 1) for one in sorted(media)}


def _copies(signatures: Mapping[str, str]) -> list[tuple[str, str]]:
    """Pairs that link every text with its copies."""
    if len(signatures) < 2:
        return []
    from datasketch import MinHashLSH

    alike: list[tuple[str, str]] = []
    # Equal texts first: a text printed a thousand times would be compared with itself a million times.
    first: dict[str, str] = {}
    for article_id, hashes in signatures.items():
        same = first.setdefault(hashes, article_id)
        if same != article_id:
            alike.append((same, article_id))
    index = MinHashLSH(num_perm=PERMUTATIONS, params=_bands())
    different = {article_id: _stored(hashes) for hashes, article_id in first.items()}
    for article_id, minhash in different.items():
        alike += [(other, article_id) for other in _found(index, minhash, different)]
        index.insert(article_id, minhash)
    return alike


def _found(index: object, minhash: "MinHash", known: Mapping[str, "MinHash"]) -> Sequence[str]:
    candidates = sorted(index.query(minhash))  # type: ignore[attr-defined]  # datasketch is imported where needed
    return [other for other in candidates if minhash.jaccard(known[other]) >= ALIKE]


def _stored(hashes: str) -> "MinHash":
    import numpy as np

    return _minhash(hashvalues=np.frombuffer(bytes.fromhex(hashes), dtype="<u4").astype(np.uint32))


def _minhash(**values: Any) -> "MinHash":
    from datasketch import MinHash

    return MinHash(num_perm=PERMUTATIONS, scheme=SCHEME, permutations=_permutations(), **values)


@cache
def _permutations() -> Any:
    """The same for all: datasketch would draw them anew for each MinHash."""
    from datasketch import MinHash

    return MinHash(num_perm=PERMUTATIONS, scheme=SCHEME).permutations


@cache
def _bands() -> tuple[int, int]:
    """Bands and their width for `ALIKE`: datasketch would search for them anew for each index (18 ms)."""
    from datasketch import MinHashLSH

    index = MinHashLSH(threshold=ALIKE, num_perm=PERMUTATIONS)
    return index.b, index.r
