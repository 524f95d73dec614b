"""Which engine scores: the list of engines, and how the one chosen is made ready."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from torch import nn

from xai_core.errors import BadSetting
from xai_core.model.engine import base, openvino_engine
from xai_core.model.engine.base import EngineKind, EngineUnavailable
from xai_core.model.engine.engine import Engine
from xai_core.model.spec import ModelSpec

_log = logging.getLogger(__name__)

ENGINES: tuple[EngineKind, ...] = (openvino_engine.ENGINE,)
"""Every engine beside PyTorch; "auto" takes the first one that suits the device."""

AUTO, REFERENCE = "auto", "torch"


def check_name(wanted: str) -> None:
    """Refuse a name that is neither an engine's, nor "auto", nor "torch".

    Raises:
        BadSetting: the sentence names XAI_ENGINE, which such names come from.
    """
    names = sorted((AUTO, REFERENCE, *(kind.name for kind in ENGINES)))
    if wanted not in names:
        raise BadSetting(
            f"XAI_ENGINE is {wanted!r}; allowed are {', '.join(names[:-1])} and {names[-1]}."
        )


def choose(wanted: str, device: str) -> EngineKind | None:
    """The engine that ``wanted`` names; for "auto" the first that suits the type of device.

    None where PyTorch stays.

    Raises:
        BadSetting: there is no such engine.
    """
    check_name(wanted)
    fits = (k for k in ENGINES if k.name == wanted or (wanted == AUTO and k.suits(device)))
    return next(fits, None)


def make_ready(
    engine: Engine, kind: EngineKind, network: nn.Module, spec: ModelSpec, folder: Path | None
) -> None:
    """Let ``engine`` score with ``kind`` where that agrees with PyTorch; else say why not.

    ``folder``: where the converted network is kept; None keeps nothing.  Never raises.
    """
    try:
        scorer = kind.prepare(network, spec.sha256, spec.input_size, folder, engine.say)
        base.check(scorer, engine.reference, spec.input_size)
        engine.use(scorer)
    except EngineUnavailable as problem:
        engine.say(f"{kind.title} is not used: {problem}; PyTorch scores instead, which is slower.")
    except Exception as problem:  # an engine is a convenience: it must never take the work down
        _log.debug("preparing %s failed", kind.title, exc_info=True)
        engine.say(
            f"{kind.title} is not used: preparing it failed ({type(problem).__name__}); "
            "PyTorch scores instead, which is slower."
        )
    finally:
        engine.preparing(False)


def start(
    engine: Engine, network: nn.Module, spec: ModelSpec, wanted: str, folder: Path | None
) -> threading.Thread | None:
    """Begin to make the engine ``wanted`` (see :func:`choose`) ready, and return.

    None where PyTorch stays.

    Raises:
        BadSetting: there is no such engine.
    """
    devices = {parameter.device.type for parameter in network.parameters()}
    kind = choose(wanted, "cpu" if devices == {"cpu"} else "cuda")
    if kind is None:
        return None
    engine.preparing(True)
    # Not a daemon: ending a process in the middle of a conversion could crash it.
    thread = threading.Thread(
        target=make_ready, args=(engine, kind, network, spec, folder), name="engine-maker"
    )
    thread.start()
    return thread
