"""The encoder as a spaCy component: one pass of the lower network over a document, shared by all that follows.

A document is read chunk by chunk, each chunk in a run of its own and without padding. So a text gives the same numbers
alone, in a batch, and in any process. The results live beside the document, not in it: they go when the document goes,
and never into what is saved.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc

from services.extraction.language.chunks import CORE, LEFT, RIGHT, Chunk, Span, chunks
from services.extraction.language.encoder_graph import Floats, Graph
from services.extraction.language.encoder_scheme import Scheme
from services.extraction.language.pieces import PieceVocabulary
from services.extraction.language.saved import SavedPipe

_FILES = ("lower.onnx", "pieces.json", "scheme.json")


@dataclass(frozen=True)
class EncodedChunk:
    """A chunk as the lower network read it; rows of the logits are the chunk's words."""

    chunk: Chunk
    hidden: Floats  # pieces x width
    anchors: Floats  # words x types, logits
    entities: Floats  # words x entity tags, logits
    tags: Floats  # words x values of all tags, logits


@dataclass(frozen=True)
class Encoded:
    """A whole document as the lower network read it."""

    scheme: Scheme
    chunks: tuple[EncodedChunk, ...]

    @cached_property
    def words(self) -> tuple[Span, ...]:
        """The offsets of all words of the text, in order."""
        return tuple(word for part in self.chunks for word in part.chunk.words[slice(*part.chunk.core)])

    @cached_property
    def sentence(self) -> tuple[int, ...]:
        """The index of each word's sentence."""
        return tuple(index for part in self.chunks for index in part.chunk.sentence[slice(*part.chunk.core)])

    @cached_property
    def entities(self) -> Floats:
        """words x entity tags, logits."""
        return _stack([part.entities[slice(*part.chunk.core)] for part in self.chunks])

    @cached_property
    def tags(self) -> Floats:
        """words x values of all tags, logits."""
        return _stack([part.tags[slice(*part.chunk.core)] for part in self.chunks])


def _stack(parts: list[Floats]) -> Floats:
    return np.concatenate(parts) if parts else np.zeros((0, 0), np.float32)


_encoded: WeakKeyDictionary[Doc, Encoded] = WeakKeyDictionary()


def encoded(doc: Doc) -> Encoded:
    """What the encoder left for the components after it.

    Raises:
        ValueError: no encoder has seen this document, or its results have been dropped.
    """
    try:
        return _encoded[doc]
    except KeyError:
        raise ValueError("this component needs `lagebild_encoder` before it in the pipeline") from None


def drop_encoded(doc: Doc) -> None:
    """Free the encoder's results of a document that needs them no more (about 1 MB a page)."""
    _encoded.pop(doc, None)


@Language.factory(
    "lagebild_encoder", default_config={"core": CORE, "left": LEFT, "right": RIGHT}, requires=["doc.sents"]
)
class Encoder(SavedPipe):
    """Runs the lower network. Its graph, vocabulary and scheme come with the saved pipeline.

    Args:
        nlp: the pipeline.
        name: the component's name in it.
        core: pieces that a chunk answers for.
        left: pieces of context before them.
        right: pieces of context after them.
    """

    files = _FILES

    def __init__(self, nlp: Language, name: str, core: int, left: int, right: int) -> None:
        self.name = name
        self._cut = {"core": core, "left": left, "right": right}
        self._graph: Graph | None = None
        self._pieces: PieceVocabulary | None = None
        self._scheme: Scheme | None = None

    def fill(self, graph: bytes, pieces: PieceVocabulary, scheme: Scheme) -> None:
        """Put the network in, as `training.export` does."""
        self._graph, self._pieces, self._scheme = Graph(graph), pieces, scheme

    def __call__(self, doc: Doc) -> Doc:
        """Encode the document; `encoded` gives the result to the components after this one."""
        _encoded[doc] = self.encode(doc.text)
        return doc

    def encode(self, text: str) -> Encoded:
        """The text as the lower network reads it.

        Raises:
            ValueError: the component has no network yet.
        """
        if self._graph is None or self._pieces is None or self._scheme is None:
            raise ValueError(f"`{self.name}` has no network: load a pipeline that `training.export` has made")
        graph = self._graph
        found = chunks(text, self._pieces.encode, **self._cut)
        return Encoded(self._scheme, tuple(_read(graph, chunk) for chunk in found))

    def _contents(self) -> dict[str, bytes]:
        if self._graph is None or self._pieces is None or self._scheme is None:
            return {}
        parts = (self._graph.data, self._pieces.to_bytes(), self._scheme.to_bytes())
        return dict(zip(_FILES, parts, strict=True))

    def _restore(self, contents: Mapping[str, bytes]) -> None:
        if contents:
            graph, pieces, scheme = (contents[file] for file in _FILES)
            self.fill(graph, PieceVocabulary.from_bytes(pieces), Scheme.from_bytes(scheme))


def _read(graph: Graph, chunk: Chunk) -> EncodedChunk:
    outputs = graph.run(
        {
            "ids": np.array([chunk.ids], np.int64),
            "word_start": np.array([chunk.first[:-1]], np.int64),
            "word_end": np.array([chunk.first[1:]], np.int64),
        }
    )
    hidden, anchors, entities, tags = (outputs[name][0] for name in ("hidden", "anchors", "entities", "tags"))
    return EncodedChunk(chunk, hidden, anchors, entities, tags)
