"""Word pieces of the encoder: SentencePiece's unigram segmentation, word by word, in pure Python.

Each word is segmented on its own, as if a space stood before it. So the pieces of a word are the same in every
sentence, they can be cached, and a word's offsets in the text are exact whatever the normalisation does to its
characters.

The method: T. Kudo, "Subword Regularization" (2018): the segmentation with the highest sum of log-probabilities,
found by Viterbi search. Pieces, log-probabilities and the table of character normalisation are those of
multilingual-e5-small.
"""

import json
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final

WORD_START: Final = "\u2581"
BEGINNING: Final = 0
PADDING: Final = 1
END: Final = 2
UNKNOWN: Final = 3
CONTROL_PIECES: Final = 4
# A URL or a run of base64 must not push a sentence out of its window.
PIECES_PER_WORD: Final = 24
CHARACTERS_PER_WORD: Final = 200
CACHED_WORDS: Final = 100_000
# SentencePiece's penalty for a character that no piece covers (kUnkPenalty).
UNKNOWN_PENALTY: Final = 10.0


class PieceVocabulary:
    """The pieces with their ids; safe to share between threads, since the cache only ever saves work.

    Args:
        pieces: piece texts in the order of their ids; the first four are the control pieces (beginning, padding,
            end, unknown).
        scores: log-probability of each piece, in the same order; four decimal places count, so that a vocabulary
            read back segments as the one written.
        normalisation: replacement text of a single character.
    """

    def __init__(self, pieces: Sequence[str], scores: Sequence[float], normalisation: Mapping[str, str]) -> None:
        if len(pieces) != len(scores):
            raise ValueError(f"{len(pieces)} pieces but {len(scores)} scores")
        if len(pieces) <= CONTROL_PIECES:
            raise ValueError("a vocabulary needs more than the four control pieces")
        self.pieces = tuple(pieces)
        self.scores = tuple(round(float(score), 4) for score in scores)
        self.normalisation = dict(normalisation)
        self._translation = str.maketrans(self.normalisation)
        self._entries = {
            piece: (score, index)
            for index, (piece, score) in enumerate(zip(self.pieces, self.scores, strict=True))
            if index >= CONTROL_PIECES
        }
        self._longest = max(map(len, self._entries))
        self._unknown_score = min(self.scores[CONTROL_PIECES:]) - UNKNOWN_PENALTY
        self._cache: dict[str, tuple[int, ...]] = {}

    def __len__(self) -> int:
        return len(self.pieces)

    def encode(self, word: str) -> tuple[int, ...]:
        """Ids of the pieces of one word: at least one, at most 24; what is longer is cut."""
        ids = self._cache.get(word)
        if ids is None:
            if len(self._cache) >= CACHED_WORDS:
                self._cache.clear()
            ids = self._cache[word] = self._segment(self._normalise(word))[:PIECES_PER_WORD]
        return ids

    def _normalise(self, word: str) -> str:
        composed = unicodedata.normalize("NFC", word[:CHARACTERS_PER_WORD])
        text = composed.translate(self._translation).replace(WORD_START, " ")
        return "".join(WORD_START + part for part in text.split())

    def _segment(self, text: str) -> tuple[int, ...]:
        if not text:
            return (UNKNOWN,)
        length = len(text)
        best = [0.0] + [float("-inf")] * length
        back = [(0, UNKNOWN)] * (length + 1)
        for start in range(length):
            for end in range(start + 1, min(length, start + self._longest) + 1):
                entry = self._entries.get(text[start:end])
                if entry is None and end > start + 1:
                    continue
                score, index = entry or (self._unknown_score, UNKNOWN)
                if best[start] + score > best[end]:
                    best[end] = best[start] + score
                    back[end] = (start, index)
        return _fuse_unknown(_path(back))

    def to_bytes(self) -> bytes:
        """The vocabulary as UTF-8 JSON; the same vocabulary always gives the same bytes."""
        content = {
            "pieces": self.pieces,
            "scores": self.scores,
            "normalisation": dict(sorted(self.normalisation.items())),
        }
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> "PieceVocabulary":
        """Reads what `to_bytes` wrote.

        Raises:
            ValueError: the bytes are not such a vocabulary.
        """
        try:
            content = json.loads(data)
            return cls(content["pieces"], content["scores"], content["normalisation"])
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError(f"not a piece vocabulary: {error!r}") from error


def _path(back: Sequence[tuple[int, int]]) -> list[int]:
    ids = []
    end = len(back) - 1
    while end:
        end, index = back[end]
        ids.append(index)
    return ids[::-1]


def _fuse_unknown(ids: Sequence[int]) -> tuple[int, ...]:
    """A run of unknown characters is one unknown piece, as in SentencePiece."""
    return tuple(
        index for position, index in enumerate(ids) if index != UNKNOWN or position == 0 or ids[position - 1] != UNKNOWN
    )
