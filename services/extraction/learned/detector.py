"""The learned detector as a spaCy component: ``lagebild_detector``.

The lower network (`lagebild_encoder`) has said of every word whether it may be an anchor. Each candidate is read
once more by the upper network, in a window around it: is it an event, which words fill its slots, which labels
does it carry.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Literal, cast

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc
from spacy.tokens import Span as TokenSpan

from services.extraction.findings import Finding, Offsets, register_extensions
from services.extraction.language.chunks import REACH, Chunk, Span, window
from services.extraction.language.encoder import Encoded, EncodedChunk, drop_encoded, encoded
from services.extraction.language.encoder_graph import Graph
from services.extraction.language.encoder_scheme import Scheme
from services.extraction.language.saved import SavedPipe
from services.extraction.learned import priors, spans
from services.extraction.learned.calibration import Calibration
from services.extraction.learned.decoding import Candidate, Filler, Limits, best_of_neighbours, decode, sigmoid
from services.extraction.learned.wording import Wording, buckets

_FILE = "upper.onnx"
_CALIBRATION = "calibration.json"
_WORDING = "wording.npz"
_SURE = 0.95  # probability that an event is not `reported` over which the content around it is not its source


@Language.factory(
    "lagebild_detector",
    default_config={"reach": REACH},
    assigns=["doc._.findings"],
    requires=["doc.sents"],
)
class Detector(SavedPipe):
    """Runs the upper network on the candidates. Its graph, thresholds and wordings come with the saved pipeline.

    Args:
        nlp: the pipeline.
        name: the component's name in it.
        reach: pieces on each side of a candidate that its window holds; the network was trained with 64.
    """

    files = (_FILE, _CALIBRATION, _WORDING)

    def __init__(self, nlp: Language, name: str, reach: int) -> None:
        register_extensions()
        self.name = name
        self._reach = reach
        self._graph: Graph | None = None
        self.calibration = Calibration()
        self.wording = Wording()

    def fill(self, graph: bytes, calibration: Calibration | None = None, wording: Wording | None = None) -> None:
        """Put the network in, as `training.export` does."""
        self._graph = Graph(graph)
        self.calibration = calibration or Calibration()
        self.wording = wording or Wording()

    def __call__(self, doc: Doc) -> Doc:
        """Set ``doc._.findings`` and free the encoder's results, which no later component needs."""
        text = encoded(doc)
        found = tuple(self.findings(doc, text))
        sure = any(finding.score >= self.calibration.document for finding in found)
        doc._.findings = found if sure else ()
        drop_encoded(doc)
        return doc

    def findings(self, doc: Doc, text: Encoded) -> Iterator[Finding]:
        """The events of a document that the encoder has read, in the order of their anchors."""
        thresholds = self.calibration.thresholds
        for part in text.chunks:
            for candidate in best_of_neighbours(list(self.candidates(text, part)), thresholds):
                yield self._finding(doc, part.chunk, text.scheme, candidate)

    def candidates(self, text: Encoded, part: EncodedChunk) -> Iterator[Candidate]:
        """Every word of a chunk's core that may be an anchor, read once more.

        Raises:
            ValueError: the component has no network yet.
        """
        if self._graph is None:
            raise ValueError(f"`{self.name}` has no network: load a pipeline that `training.export` has made")
        likely = sigmoid(part.anchors)
        limits = Limits.of(text.scheme, part.chunk, part.tags)
        for word in range(*part.chunk.core):
            for kind, name in enumerate(text.scheme.types):
                if likely[word, kind] > self.calibration.candidates[name]:
                    view = window(part.chunk, word, self._reach)
                    outputs = self._graph.run(
                        {
                            "hidden": part.hidden[None, slice(*view.subtokens)],
                            "word_start": np.array([view.start], np.int64),
                            "word_end": np.array([view.end], np.int64),
                            "relative": np.array([view.relative], np.int64),
                            "sentence": np.array([view.sentence], np.int64),
                            "type_index": np.array([kind], np.int64),
                            "anchor": np.array([view.anchor], np.int64),
                        }
                    )
                    yield decode(text.scheme, limits, view, kind, outputs)

    def _finding(self, doc: Doc, chunk: Chunk, scheme: Scheme, candidate: Candidate) -> Finding:
        anchor = chunk.words[candidate.word]
        cue = doc.char_span(*anchor, alignment_mode="expand") or doc[:]
        evidence = cue.sent.start_char, cue.sent.end_char
        slots, reasons = _slots(doc.text, chunk, scheme.fields[candidate.type], candidate, self.calibration)
        told = slots.get("content", (evidence,))[0]
        features = buckets(candidate.type, doc.text, anchor, told, addressed="addressee" in slots)
        labels: dict[str, str | bool] = {}
        for name, values in candidate.labels.items():
            names, known = scheme.labels[name], _known(doc.text, name, cue, slots)
            judged = self.wording.judges(name, candidate.type)
            chances = priors.raised(self.wording.joined(name, values, features) if judged else values, names, known)
            value = names[int(chances.argmax())]
            labels[name] = value == "true" if value in {"true", "false"} else value
            sources = ["network", *(["wording"] if judged else []), *(["lexicon"] if known == value else [])]
            reasons[name] = f"{' and '.join(sources)}, {_percent(float(chances.max()))}"
        firsthand = labels.get("reported") is False and _vouched_for(candidate, scheme)
        if firsthand:
            reasons["reported"] += "; the article itself says so"
        return Finding(
            type=cast("Literal['deployment', 'supply', 'statement']", candidate.type),
            anchor=anchor,
            evidence=evidence,
            slots=slots,
            labels=labels,
            score=self.calibration.confidence(candidate.type, candidate.verdict),
            reasons=reasons,
            firsthand=firsthand,
        )

    def _contents(self) -> dict[str, bytes]:
        if self._graph is None:
            return {}
        parts = (self._graph.data, self.calibration.to_bytes(), self.wording.to_bytes())
        return dict(zip(self.files, parts, strict=True))

    def _restore(self, contents: Mapping[str, bytes]) -> None:
        if contents:
            graph, calibration, wording = (contents[file] for file in self.files)
            self.fill(graph, Calibration.from_bytes(calibration), Wording.from_bytes(wording))


def _slots(
    text: str, chunk: Chunk, fields: Mapping[str, str], candidate: Candidate, calibration: Calibration
) -> tuple[dict[str, tuple[Offsets, ...]], dict[str, str]]:
    """The filled slots by the record's names, and why each is."""
    slots: dict[str, tuple[Offsets, ...]] = {}
    reasons: dict[str, str] = {}
    for slot, filler in candidate.fillers.items():
        field = fields[slot]
        if filler.odds > calibration.slots.get(field, 0.0) and (span := _span(text, chunk, slot, filler)):
            slots[field] = (span,)
            reasons[field] = f"network, {_percent(1 / (1 + math.exp(-filler.odds)))}"
    return slots, reasons


def _vouched_for(candidate: Candidate, scheme: Scheme) -> bool:
    """Whether the network is sure that the article tells the event on its own account."""
    chances = dict(zip(scheme.labels.get("reported", ()), candidate.labels.get("reported", ()), strict=True))
    return bool(chances.get("false", 0.0) > _SURE)


def _known(text: str, label: str, cue: TokenSpan, slots: Mapping[str, tuple[Offsets, ...]]) -> str | None:
    """What the lexica say of the label."""
    if label == "kind":
        return priors.kind_of(cue)
    if label == "category":
        goods = next((text[start:end] for start, end in slots.get("goods", ())), "")
        return priors.category(goods, cue.text)
    return None


def _span(text: str, chunk: Chunk, slot: str, filler: Filler) -> Span | None:
    words = chunk.words[filler.words[0]][0], chunk.words[filler.words[1] - 1][1]
    return spans.content(text, words) if slot == "content" else spans.trimmed(text, words)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
