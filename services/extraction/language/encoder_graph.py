"""An ONNX graph as a pipeline carries it: bytes, with a session that is made when it is first needed."""

import hashlib
from collections.abc import Mapping
from threading import Lock
from typing import Any, TypeAlias

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from services.common.errors import UserError

Floats: TypeAlias = NDArray[np.float32]


class Graph:
    """Runs on one thread of the CPU, so that processes scale and sums are always added in the same order.

    The session is made lazily and left out of pickles: the graph survives fork, spawn and deep copies.

    Args:
        data: the ONNX file's content.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._session: onnxruntime.InferenceSession | None = None
        self._lock = Lock()

    @property
    def sha256(self) -> str:
        """Digest of the file's content, in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()

    def run(self, feed: Mapping[str, NDArray[Any]]) -> dict[str, Floats]:
        """All outputs of the graph by name.

        Raises:
            UserError: the bytes are not a graph that this onnxruntime can run.
        """
        session = self._session or self._open()
        names = [output.name for output in session.get_outputs()]
        return dict(zip(names, session.run(names, dict(feed)), strict=True))

    def _open(self) -> onnxruntime.InferenceSession:
        with self._lock:
            if self._session is None:
                self._session = _session(self.data)
            return self._session

    def __getstate__(self) -> dict[str, bytes]:
        return {"data": self.data}

    def __setstate__(self, state: Mapping[str, bytes]) -> None:
        self.__init__(state["data"])  # type: ignore[misc]  # a lock cannot be pickled, so it is made anew


def _session(data: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's exceptions share no base class
        raise UserError(
            f"the pipeline's network cannot be read ({type(error).__name__})",
            remedy="Install the pipeline's folder anew, or make it with `make model`.",
        ) from error
