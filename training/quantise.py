"""ONNX graphs from fp32 to int8, staying true to fp32: weights 7 bits, activations 8 bits.

onnxruntime's dynamic quantisation has one scale for the whole activation tensor. Two kinds of outliers spoil it, and
each has its own cure, chosen for every matrix product from calibration data:

* *outlier channels* (after layer norms): SmoothQuant (Xiao et al. 2023, arXiv:2211.10438, eq. 4): channel j of the
  activation is multiplied by s_j and row j of the weight divided by it, s_j = max|W_j|^(1-a) / max|X_j|^a;
* *outlier tokens* ("massive activations", after the GELU): each row is divided by its own maximum before the product
  and multiplied by it after, which is exact in real numbers and gives every token its own scale.

Weights keep 7 bits (`reduce_range`), since the AVX2 kernels of CPUs without VNNI saturate in 16-bit sums of 8-bit
products; so every CPU computes the same integers. The table of word embeddings becomes int8 with one scale a row.
"""

import logging
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

Feed: TypeAlias = Mapping[str, NDArray[Any]]
Floats: TypeAlias = NDArray[np.float32]

SMOOTHING = 0.65  # a in the formula above; 0.5 to 0.8 tried on the untuned encoder: 0.65 with per-token rows was best
OUTLIER_TOKENS = 8.0  # rows are scaled one by one where the largest row maximum is so many times the median
LEAST_WEIGHTS = 100_000  # smaller matrices (the heads' last layers) cost nothing and stay fp32
LEAST_ROWS = 10_000  # a lookup table with so many rows is the word embedding


@dataclass(frozen=True)
class Activations:
    """What calibration saw of one input of a matrix product."""

    channels: Floats  # largest magnitude of each channel
    rows: Floats  # largest magnitude of each row (token)

    @property
    def has_outlier_tokens(self) -> bool:
        """Whether a few tokens are so large that a common scale would drown the others."""
        return float(self.rows.max()) > OUTLIER_TOKENS * float(np.median(self.rows))


@dataclass(frozen=True)
class Fidelity:
    """How near the int8 graph's outputs are to the fp32 graph's."""

    relative_error: float  # norm of the difference over norm of the fp32 output
    cosine: float  # mean over the rows
    lowest_cosines: float  # the 1st percentile of the rows


def session(model: Path | bytes) -> onnxruntime.InferenceSession:
    """A session as the run time has it: one thread, CPU."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    source = model if isinstance(model, bytes) else str(model)
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def quantise(source: Path, target: Path, samples: Sequence[Feed]) -> None:
    """Write the int8 form of the fp32 graph `source` to `target`.

    Args:
        source: a graph of opset 17 whose matrix products with constant weights are `MatMul` nodes.
        target: the file to write.
        samples: inputs typical of use, for calibration.
    """
    model = onnx.load(source)
    _rewrite(model, calibrate(model, samples))
    logging.getLogger().setLevel(logging.ERROR)  # the quantiser warns of a shape inference that it does not need
    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.onnx"
        onnx.save(model, prepared)
        quantize_dynamic(
            prepared,
            target,
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=True,
            op_types_to_quantize=["MatMul"],
            nodes_to_quantize=[node.name for node, _ in _products(model)],
            extra_options={"MatMulConstBOnly": True},
        )


def calibrate(model: onnx.ModelProto, samples: Sequence[Feed]) -> dict[str, Activations]:
    """Magnitudes of the inputs of all products with large constant matrices, by tensor name."""
    names = sorted({node.input[0] for node, _ in _products(model)})
    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    del probe.graph.output[:]
    probe.graph.output.extend(helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in names)
    running = session(probe.SerializeToString())
    channels: dict[str, Floats] = {}
    rows: dict[str, list[Floats]] = {name: [] for name in names}
    for sample in samples:
        for name, value in zip(names, running.run(names, dict(sample)), strict=True):
            magnitudes = np.abs(value).reshape(-1, value.shape[-1])
            seen = channels.get(name, np.zeros(value.shape[-1], np.float32))
            channels[name] = np.maximum(seen, magnitudes.max(0))
            rows[name].append(magnitudes.max(1))
    return {name: Activations(channels[name], np.concatenate(rows[name])) for name in names}


def fidelity(reference: Path, quantised: Path, samples: Sequence[Feed], output: str) -> Fidelity:
    """Compare one output of two graphs on `samples`, row by row of its last axis."""
    expected, found = (
        np.concatenate([_rows(running.run([output], dict(sample))[0]) for sample in samples])
        for running in (session(reference), session(quantised))
    )
    norms = np.linalg.norm(expected, axis=1) * np.linalg.norm(found, axis=1)
    cosines = (expected * found).sum(1) / np.maximum(norms, 1e-9)
    error = np.linalg.norm(expected - found) / np.linalg.norm(expected)
    return Fidelity(float(error), float(cosines.mean()), float(np.quantile(cosines, 0.01)))


def _rows(value: Floats) -> Floats:
    return value.reshape(-1, value.shape[-1])


def _products(model: onnx.ModelProto) -> list[tuple[onnx.NodeProto, onnx.TensorProto]]:
    """The products with a large constant matrix, each with its matrix."""
    constants = {constant.name: constant for constant in model.graph.initializer}
    return [
        (node, constants[node.input[1]])
        for node in model.graph.node
        if node.op_type == "MatMul"
        and node.input[1] in constants
        and np.prod(constants[node.input[1]].dims) >= LEAST_WEIGHTS
    ]


def _rewrite(model: onnx.ModelProto, seen: Mapping[str, Activations]) -> None:
    products = {node.output[0]: constant for node, constant in _products(model)}
    tables = {c.name: c for c in model.graph.initializer if len(c.dims) == 2 and c.dims[0] >= LEAST_ROWS}
    nodes: list[onnx.NodeProto] = []
    for node in model.graph.node:
        if node.output[0] in products:
            nodes += _scaled_product(model, node, products[node.output[0]], seen[node.input[0]])
        elif node.op_type == "Gather" and node.input[0] in tables:
            nodes += _byte_lookup(model, node, tables[node.input[0]])
        else:
            nodes.append(node)
    copies = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del model.graph.node[:]
    model.graph.node.extend(copies)


def _scaled_product(
    model: onnx.ModelProto, node: onnx.NodeProto, constant: onnx.TensorProto, seen: Activations
) -> Iterator[onnx.NodeProto]:
    source, matrix, output = node.input[0], node.input[1], node.output[0]
    if not seen.has_outlier_tokens:
        scale = _smooth(constant, seen.channels)
        model.graph.initializer.append(numpy_helper.from_array(scale, f"{output}_smoothing"))
        yield helper.make_node("Mul", [source, f"{output}_smoothing"], [f"{output}_smoothed"])
        yield helper.make_node("MatMul", [f"{output}_smoothed", matrix], [output], name=node.name)
        return
    yield helper.make_node("Abs", [source], [f"{output}_magnitude"])
    yield helper.make_node("ReduceMax", [f"{output}_magnitude"], [f"{output}_largest"], axes=[-1], keepdims=1)
    yield helper.make_node("Div", [source, f"{output}_largest"], [f"{output}_unit"])
    yield helper.make_node("MatMul", [f"{output}_unit", matrix], [f"{output}_product"], name=node.name)
    yield helper.make_node("Mul", [f"{output}_product", f"{output}_largest"], [output])


def _smooth(constant: onnx.TensorProto, channels: Floats) -> Floats:
    """Divide the rows of the matrix by the smoothing scale; the scale, for the activations."""
    matrix = numpy_helper.to_array(constant)
    largest = np.maximum(np.abs(matrix).max(1), 1e-4)
    scale = largest ** (1 - SMOOTHING) / np.maximum(channels, 1e-4) ** SMOOTHING
    scale = np.asarray(scale / scale.mean(), np.float32)
    constant.CopyFrom(numpy_helper.from_array((matrix / scale[:, None]).astype(np.float32), constant.name))
    return scale


def _byte_lookup(model: onnx.ModelProto, node: onnx.NodeProto, table: onnx.TensorProto) -> Iterator[onnx.NodeProto]:
    """The lookup in a table of floats as one in a table of bytes times one in the rows' scales."""
    values = numpy_helper.to_array(table)
    scale = (np.maximum(np.abs(values).max(1, keepdims=True), 1e-8) / 127).astype(np.float32)
    table.CopyFrom(numpy_helper.from_array(np.rint(values / scale).astype(np.int8), table.name))
    model.graph.initializer.append(numpy_helper.from_array(scale, f"{table.name}_scale"))
    output, ids = node.output[0], node.input[1]
    yield helper.make_node("Gather", [table.name, ids], [f"{output}_bytes"], axis=0, name=node.name)
    yield helper.make_node("Cast", [f"{output}_bytes"], [f"{output}_wide"], to=onnx.TensorProto.FLOAT)
    yield helper.make_node("Gather", [f"{table.name}_scale", ids], [f"{output}_scale"], axis=0)
    yield helper.make_node("Mul", [f"{output}_wide", f"{output}_scale"], [output])
