"""The OpenVINO engine for processors, and the file in which the converted network is kept.

The network is converted once and kept in a file that is written atomically and carries a checksum;
later starts only compile it.  Images are scored in parallel streams.
"""

from __future__ import annotations

import contextlib
import hashlib
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from xai_core.files import NotRegular, read_regular, refuse_links, whole_file
from xai_core.model.engine.base import EngineKind, EngineUnavailable
from xai_core.model.engine.convolutional import FORM, as_convolutions
from xai_core.types import FloatArray

# --- The file of a converted network ----------------------------------------------------------

_MAGIC = b"XAIENG01"
_KEEP = 3  # files of other weights or versions that are kept, about 110 MB each


class Damaged(Exception):  # internal
    """The file exists, but its content is not what was written."""


def read(path: Path) -> tuple[bytes, bytes] | None:
    """The (graph, constants) written by :func:`write`; None where the file is missing.

    Raises:
        Damaged: the file is truncated or was changed, or is no regular file of the store's folder
            (the folder of ``path``'s folder).
    """
    try:
        content = read_regular(path, path.parent.parent)
    except NotRegular as problem:
        raise Damaged(path.name) from problem
    except OSError:
        return None
    magic, digest, length, start = content[:8], content[8:40], content[40:48], 48
    body = memoryview(content)[40:]
    if magic != _MAGIC or hashlib.sha256(body).digest() != digest:
        raise Damaged(path.name)
    middle = start + int.from_bytes(length, "big")
    return content[start:middle], content[middle:]


def write(path: Path, graph: bytes, constants: bytes) -> None:
    """Write the file atomically; the oldest files of other networks are removed (``_KEEP``).

    Raises:
        OSError: the folder cannot be written, or is full.
    """
    body = len(graph).to_bytes(8, "big") + graph + constants
    refuse_links(path.parent, path.parent.parent)
    with whole_file(path) as stream:
        stream.write(_MAGIC + hashlib.sha256(body).digest())
        stream.write(body)
    with contextlib.suppress(OSError):
        others = [p for p in path.parent.glob(f"*{path.suffix}") if p != path]
        for old in sorted(others, key=lambda p: p.stat().st_mtime)[:-_KEEP]:
            old.unlink()


# --- The scorer -------------------------------------------------------------------------------

_STREAMS = 4  # images scored at the same time, at most
_TRACED = 96  # px: the network is convolutional, so tracing it on a small picture is enough


class OpenVinoScorer:
    """A compiled network.  One call runs at a time; its images go through parallel streams."""

    title = "OpenVINO"

    def __init__(self, model: Any, threads: int) -> None:
        """Compile ``model`` (an ``openvino.Model``) for ``threads`` processor threads.

        float32 is set explicitly: on processors with bfloat16 OpenVINO would use that by default.
        """
        ov = _openvino()
        self._compiled = ov.Core().compile_model(
            model,
            "CPU",
            {
                "INFERENCE_PRECISION_HINT": "f32",
                "INFERENCE_NUM_THREADS": threads,
                "NUM_STREAMS": str(min(threads, _STREAMS)),
            },
        )
        streams = int(self._compiled.get_property("NUM_STREAMS"))
        self._requests = [self._compiled.create_infer_request() for _ in range(max(1, streams))]
        self._lock = threading.Lock()

    def __call__(self, inputs: Tensor) -> Tensor:
        """See :class:`xai_core.model.engine.base.Scorer`; the logits are on the processor."""
        pixels = inputs.detach().float().cpu().contiguous().numpy()
        # One image per request: its arrays fit the processor's caches better than a batch's.
        parts = [pixels[i : i + 1] for i in range(len(pixels))]
        with self._lock:
            try:
                return torch.from_numpy(np.concatenate(self._run(parts)))
            except BaseException:
                for request in self._requests:  # running requests still read this call's memory
                    with contextlib.suppress(Exception):
                        request.wait()
                raise

    def _run(self, parts: list[FloatArray]) -> list[FloatArray]:
        """The logits of each part, in order; the streams take the parts in turn."""
        rows: list[FloatArray] = []
        streams = len(self._requests)
        for i in range(len(parts) + streams):
            request = self._requests[i % streams]
            if 0 <= i - streams < len(parts):
                request.wait()
                rows.append(request.get_output_tensor(0).data.copy())
            if i < len(parts):
                request.start_async({0: parts[i]}, share_inputs=True)
        return rows


def prepare(
    network: nn.Module, digest: str, size: int, folder: Path | None, note: Callable[[str], None]
) -> OpenVinoScorer:
    """The scorer of ``network``: read from ``folder`` if kept there, else converted and kept there.

    ``digest`` identifies the weights, ``size`` is the input's side in px.  ``note`` is called with
    a sentence for the user where a kept file is damaged (it is written again) or the folder cannot
    be written (the next start converts again).

    Raises:
        EngineUnavailable: OpenVINO is not installed, or cannot convert or compile the network.
    """
    ov = _openvino()
    threads = torch.get_num_threads()
    version = str(ov.__version__).split("-")[0]
    named = hashlib.sha256(f"{digest}/{size}/openvino {version}/{FORM}".encode()).hexdigest()[:32]
    path = folder / "engine" / f"{named}.ir" if folder else None
    if path is not None:
        try:
            found = read(path)
            if found is not None:
                return OpenVinoScorer(ov.Core().read_model(*found), threads)
        except (Damaged, RuntimeError):
            note("The kept OpenVINO model was damaged, so it was converted anew.")
    try:
        model = _convert(network, size)
        graph, constants = _serialised(model)
        if path is not None:
            try:
                write(path, graph, constants)
            except OSError as problem:
                note(
                    "The OpenVINO model cannot be kept in the store folder "
                    f"({problem.strerror or type(problem).__name__}), so the next start will "
                    "convert it again."
                )
        return OpenVinoScorer(ov.Core().read_model(graph, constants), threads)
    except (RuntimeError, OSError) as problem:
        reason = str(problem).strip().splitlines() or [type(problem).__name__]
        raise EngineUnavailable(f"it cannot convert this network ({reason[-1][:200]})") from problem


def _convert(network: nn.Module, size: int) -> Any:
    """Trace a copy, since the original may be scoring, and convert it for any batch size and images
    of ``size`` px."""
    ov = _openvino()
    own = as_convolutions(network)
    side = min(size, _TRACED)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter(
            "ignore"
        )  # tracer warnings about shapes; the parity check covers them
        return ov.convert_model(
            own, example_input=torch.zeros(1, 3, side, side), input=[(-1, 3, size, size)]
        )


def _serialised(model: Any) -> tuple[bytes, bytes]:
    """The graph as XML, and the constants, which stay float32."""
    with tempfile.TemporaryDirectory() as folder:
        graph, constants = Path(folder) / "model.xml", Path(folder) / "model.bin"
        _openvino().serialize(model, str(graph), str(constants))
        return graph.read_bytes(), constants.read_bytes()


def _openvino() -> Any:
    """The library ``openvino``, imported at first use and without its telemetry.

    Its import sends an event over the network unless the telemetry package is missing.

    Raises:
        EngineUnavailable: it is not installed, or its compiled part does not load.
    """
    modules = cast(dict[str, Any], sys.modules)
    modules.setdefault("openvino_telemetry", None)  # importing it then raises ImportError
    try:
        import openvino
    except ImportError as problem:
        raise EngineUnavailable("it is not installed") from problem
    return openvino


ENGINE = EngineKind(
    "openvino",
    "OpenVINO",
    suits=lambda device: device == "cpu",
    prepare=lambda *given: prepare(*given),  # looked up when it is called: tests replace it
)
