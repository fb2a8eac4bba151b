"""Where the time goes: stacks of the extractor and its worker processes, sampled by py-spy while articles pass.

py-spy sees Python's stacks. Time inside of native code (onnxruntime, NumPy, spaCy's compiled parts) stands at the
Python function that called it; threads that native code starts for itself are not seen.
"""

import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from services.common.errors import UserError
from tests.processes import ROOT

SAMPLES_A_SECOND = 50

PARTS: Mapping[str, str] = {
    "encoder: network (onnxruntime)": r"language/encoder\.py",
    "detector: network (onnxruntime)": r"learned/detector\.py",
    "decoding and calibration": r"learned/(decoding|calibration|spans|priors)\.py",
    "entities, tags, lemmas": r"language/(entities|morphology|verbs|pieces|chunks)\.py",
    "sentences": r"language/sentences\.py",
    "linking": r"extraction/linking/",
    "amounts and dates": r"extraction/normalise/",
    "records": r"extraction/(records|continuation|attribution|values|plover|goods|findings)\.py",
    "tokenizer and spaCy": r"spacy/",
    "check and write JSON": r"schemas/codec\.py|pydantic/",
    "pool and pipes": r"pebble/|multiprocessing/",
    "Kafka and Faust": r"aiokafka/|faust/|mode/|extractor/(loop|publisher|app|progress)\.py",
}
"""Parts by the files of the stack: the deepest frame that belongs to a part decides. Both networks are run by
language/encoder_graph.py, so that its caller says whose time it is."""


@contextmanager
def sampled(pid: int, output: Path, form: Literal["raw", "flamegraph"]) -> Iterator[None]:
    """Sample a process and its children while the `with` runs, and write the stacks, or the picture of them."""
    program = str(Path(sys.executable).with_name("py-spy"))
    whom = ["--pid", str(pid), "--subprocesses", "--rate", str(SAMPLES_A_SECOND), "--duration", "unlimited"]
    with subprocess.Popen(
        [program, "record", *whom, "--format", form, "--output", str(output)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as sampler:
        try:
            yield
        finally:
            sampler.send_signal(signal.SIGINT)  # it writes what it has
            _, said = sampler.communicate(timeout=120)
    if not output.is_file():
        raise UserError(
            f"py-spy could not sample the process {pid} ({said.strip()[-300:]})",
            remedy="it needs the right to trace processes: run as root, or in a container with SYS_PTRACE",
        )
    # The command lines of the processes say where this checkout and this Python lie.
    text = output.read_text(encoding="utf-8")
    for folder in (f"{ROOT}/", str(ROOT), sys.prefix, sys.base_prefix):
        text = text.replace(folder, "")
    output.write_text(text, encoding="utf-8")


def stacks(raw: Path) -> Counter[tuple[str, ...]]:
    """Samples by stack, outermost frame first, without the process's command line."""
    found: Counter[tuple[str, ...]] = Counter()
    for line in raw.read_text(encoding="utf-8").splitlines():
        stack, _, number = line.rpartition(" ")
        frames = tuple(frame for frame in stack.split(";") if not frame.startswith("process "))
        found[frames] += int(number)
    return found


def shares(samples: Mapping[tuple[str, ...], int]) -> dict[str, float]:
    """The share of the samples of each part, largest first; idle threads are not among py-spy's samples."""
    found: Counter[str] = Counter()
    for frames, number in samples.items():
        found[_part(frames)] += number
    total = sum(found.values())
    return {part: number / total for part, number in found.most_common()}


def _part(frames: tuple[str, ...]) -> str:
    for frame in reversed(frames):
        for part, pattern in PARTS.items():
            if re.search(pattern, frame):
                return part
    return "else"
