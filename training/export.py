"""Make the shipped pipeline of a checkpoint: `python -m training.export --checkpoint FILE --out models/de_lagebild`.

The network goes to ONNX in fp32, is checked against the model in torch, quantised to int8 and checked again; then spaCy
writes the pipeline with it. Prints how true int8 is to fp32 and the SHA-256 of every file.
"""

import argparse
import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import spacy
import torch
from numpy.typing import NDArray
from spacy.language import Language
from torch import nn

from services.extraction.language.chunks import Chunk, Window, chunks, window
from services.extraction.language.encoder import Encoder
from services.extraction.language.pieces import PieceVocabulary
from services.extraction.learned.detector import Detector
from training import corpus, scheme
from training.graphs import LowerGraph, UpperGraph
from training.model import Network
from training.quantise import Feed, fidelity, quantise, session
from training.train import new_network

COMPONENTS = (
    "lagebild_sentences",
    "lagebild_encoder",
    "lagebild_tagger",
    "lagebild_lemmatizer",
    "lagebild_entities",
    "lagebild_context",
    "lagebild_detector",
)
OPSET = 17
CALIBRATION = 16  # articles, half of them to calibrate with, half to check with
CANDIDATES = 4  # of each chunk
TOLERANCE = 2e-3  # of the largest difference between torch and ONNX, both fp32

_LOWER_OUTPUTS = ("hidden", "anchors", "entities", "tags")
_UPPER_OUTPUTS = ("start", "end", "null", "verdict", *scheme.LABELS)


def lower_feed(chunk: Chunk) -> dict[str, NDArray[Any]]:
    """The lower graph's inputs for a chunk."""
    return {
        "ids": np.array([chunk.ids], np.int64),
        "word_start": np.array([chunk.first[:-1]], np.int64),
        "word_end": np.array([chunk.first[1:]], np.int64),
    }


def upper_feed(hidden: NDArray[np.float32], view: Window, kind: int) -> dict[str, NDArray[Any]]:
    """The upper graph's inputs for a candidate of type `kind`; `hidden`: the chunk's, pieces × width."""
    return {
        "hidden": hidden[None, slice(*view.subtokens)],
        "word_start": np.array([view.start], np.int64),
        "word_end": np.array([view.end], np.int64),
        "relative": np.array([view.relative], np.int64),
        "sentence": np.array([view.sentence], np.int64),
        "type_index": np.array([kind], np.int64),
        "anchor": np.array([view.anchor], np.int64),
    }


def write_graph(module: nn.Module, feed: Feed, outputs: Sequence[str], path: Path) -> None:
    """Trace the module on one input and check the file against it on the same input.

    Raises:
        ValueError: onnxruntime's numbers are not torch's.
    """
    inputs = tuple(torch.from_numpy(np.ascontiguousarray(value)) for value in feed.values())
    axes = {name: {1: f"{name}_length"} for name, value in feed.items() if value.ndim > 1}
    with torch.no_grad():
        torch.onnx.export(
            module.eval(),
            inputs,
            str(path),
            input_names=list(feed),
            output_names=list(outputs),
            dynamic_axes=axes,
            opset_version=OPSET,
            dynamo=False,
        )
        expected = module(*inputs)
    for name, right, found in zip(outputs, expected, session(path).run(list(outputs), dict(feed)), strict=True):
        if (difference := float(np.abs(right.numpy() - found).max())) > TOLERANCE:
            raise ValueError(f"{path.name}: output {name} differs from torch by {difference:.5f}")


def samples(pieces: PieceVocabulary, lower: Path) -> tuple[list[Feed], list[Feed]]:
    """Typical inputs of the two graphs, from the training passages; candidates are where anchors are likeliest."""
    articles, _ = corpus.split(corpus.read(corpus.PASSAGES), 5)
    running = session(lower)
    below: list[Feed] = []
    above: list[Feed] = []
    for article in articles[:: max(1, len(articles) // CALIBRATION)][:CALIBRATION]:
        for chunk in chunks(article["text"], pieces.encode):
            feed = lower_feed(chunk)
            hidden, anchors = running.run(["hidden", "anchors"], dict(feed))
            below.append(feed)
            for index in np.argsort(-anchors[0], axis=None, kind="stable")[:CANDIDATES]:
                word, kind = divmod(int(index), len(scheme.TYPES))
                above.append(upper_feed(hidden[0], window(chunk, word), kind))
    return below, above


def graphs(network: Network, pieces: PieceVocabulary, folder: Path) -> dict[str, Path]:
    """The int8 graphs of the network, written to `folder`; says how true they are to fp32."""
    exact = {name: folder / f"{name}.fp32.onnx" for name in ("lower", "upper")}
    small = {name: folder / f"{name}.onnx" for name in exact}
    example = chunks(corpus.read(corpus.PASSAGES)[0]["text"], pieces.encode)[0]
    write_graph(LowerGraph(network.lower), lower_feed(example), _LOWER_OUTPUTS, exact["lower"])
    hidden = session(exact["lower"]).run(["hidden"], lower_feed(example))[0][0]
    feed = upper_feed(hidden, window(example, 5), 0)
    write_graph(UpperGraph(network.upper), feed, _UPPER_OUTPUTS, exact["upper"])
    for name, feeds in zip(exact, samples(pieces, exact["lower"]), strict=True):
        quantise(exact[name], small[name], feeds[::2])
        for output in ("hidden", "anchors", "entities") if name == "lower" else ("start", "end", "null"):
            print(f"{name} {output}: {fidelity(exact[name], small[name], feeds[1::2], output)}", flush=True)
    return small


def pipeline(files: Mapping[str, Path], pieces: PieceVocabulary, version: str) -> Language:
    """The spaCy pipeline around the graphs."""
    nlp = spacy.blank("de", meta={"name": "lagebild", "version": version, "license": "Apache-2.0"})
    for component in COMPONENTS:
        nlp.add_pipe(component)
    encoder, detector = nlp.get_pipe("lagebild_encoder"), nlp.get_pipe("lagebild_detector")
    assert isinstance(encoder, Encoder)
    assert isinstance(detector, Detector)
    encoder.fill(files["lower"].read_bytes(), pieces, scheme.SCHEME)
    detector.fill(files["upper"].read_bytes())
    return nlp


def main(argv: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m training.export", description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True, help="what training.train has saved")
    parser.add_argument("--out", type=Path, required=True, help="folder of the pipeline")
    parser.add_argument("--model-version", default="0.1.0")
    options = parser.parse_args(argv)
    torch.set_num_threads(1)
    network, vocabulary = new_network(options.checkpoint)
    pieces = vocabulary.segmenter()
    with tempfile.TemporaryDirectory() as folder:
        files = graphs(network.eval(), pieces, Path(folder))
        pipeline(files, pieces, options.model_version).to_disk(options.out)
    for file in sorted(path for path in options.out.rglob("*") if path.is_file()):
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        print(f"{digest}  {file.relative_to(options.out)}  {file.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
