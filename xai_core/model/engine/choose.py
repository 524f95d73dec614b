"""Which engine scores, chosen at start and made ready in the background."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from torch import nn

from xai_core.model.engine import base, openvino_engine
from xai_core.model.engine.base import EngineUnavailable
from xai_core.model.engine.engine import Engine
from xai_core.model.spec import ModelSpec

_log = logging.getLogger(__name__)


def make_ready(engine: Engine, network: nn.Module, spec: ModelSpec, folder: Path | None) -> None:
    """Let ``engine`` score with OpenVINO where that agrees with PyTorch; else say why not.

    ``folder``: where the converted network is kept; None keeps nothing.  Never raises.
    """
    try:
        scorer = openvino_engine.prepare(network, spec.sha256, spec.input_size, folder, engine.say)
        base.check(scorer, engine.reference, spec.input_size)
        engine.use(scorer)
    except EngineUnavailable as problem:
        engine.say(f"OpenVINO is not used: {problem}; PyTorch scores instead, which is slower.")
    except Exception as problem:  # an engine is a convenience: it must never take the work down
        _log.debug("preparing OpenVINO failed", exc_info=True)
        engine.say(
            f"OpenVINO is not used: preparing it failed ({type(problem).__name__}); "
            "PyTorch scores instead, which is slower."
        )
    finally:
        engine.preparing(False)


def start(
    engine: Engine, network: nn.Module, spec: ModelSpec, wanted: str, folder: Path | None
) -> threading.Thread | None:
    """Begin to make the engine ``wanted`` ("auto", "openvino" or "torch") ready, and return.

    "auto" is OpenVINO on the processor and PyTorch on a graphics card.  None where PyTorch stays.
    """
    on_cpu = all(p.device.type == "cpu" for p in network.parameters())
    if wanted == "torch" or (wanted == "auto" and not on_cpu):
        return None
    engine.preparing(True)
    # Not a daemon: ending a process in the middle of a conversion could crash it.
    thread = threading.Thread(
        target=make_ready, args=(engine, network, spec, folder), name="engine-maker"
    )
    thread.start()
    return thread
