"""Settings: paths, device and limits, read once from the environment and passed in from there.

====================== ============================================= =========================
variable               meaning                                       default
====================== ============================================= =========================
``XAI_CASES``          ``library`` or a folder of cases              ``library``
``XAI_WEIGHTS``        weights file (``.safetensors``)               ``assets/weights/...``
``XAI_STORE``          folder in which computed scores are kept      the user's cache folder
``XAI_STORE_LIMIT_MB`` MiB of scores kept there, 1 to 1048576        2048
``XAI_PRECOMPUTED``    folder of precomputed results, read only      ``assets/explanations``
``XAI_DEVICE``         ``cpu``, ``cuda`` or ``auto``                 ``auto``
``XAI_BATCH``          images per forward pass, 1 to 256             8
``XAI_ENGINE``         ``openvino``, ``torch`` or ``auto``           ``auto``
``XAI_THRESHOLD``      operating point: a case is called malignant   the weights' own, see
                       if P(malignant) is at least this; between 0   ``ModelSpec.decision_rule``
                       and 1
``XAI_HOSTS``          host names served besides this machine's own  none
``XAI_SESSIONS``       sessions open at once, 1 to 10000             64
====================== ============================================= =========================

``XAI_READY``, the older name of ``XAI_PRECOMPUTED``, is still read where the newer one is not set.
"""

from __future__ import annotations

import math
import os
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from platformdirs import user_cache_path

from xai_core.errors import BadSetting

ROOT = Path(__file__).resolve().parent.parent
ASSETS = ROOT / "assets"
LIBRARY = ASSETS / "cases"
PRECOMPUTED = ASSETS / "explanations"
DEFAULT_WEIGHTS = ASSETS / "weights" / "cesm_phantom_tiny.safetensors"

LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
"""Host names of this machine, always served."""

_NAME = "xai-cesm"
_SHOWN = 40  # characters of a value in a sentence
_LONGEST_HOST = 253  # characters, RFC 1035
_HOST = re.compile(r"(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*|[0-9a-f]*(:[0-9a-f]*){2,7}")
_MIB = 2**20
_MOST_MIB = 2**20  # a TiB


def _cache_folder() -> Path:
    return user_cache_path(_NAME, appauthor=False)


@dataclass(frozen=True)
class Settings:
    """The settings of one process; see the table at the head of this file."""

    cases: str = "library"
    weights: Path = DEFAULT_WEIGHTS
    store: Path = field(default_factory=_cache_folder)
    device: str = "auto"
    batch: int = 8
    engine: str = "auto"  # checked by model/engine/choose.py, which knows the engines
    store_limit: int = 2048 * _MIB  # bytes
    precomputed: Path = PRECOMPUTED
    threshold: float | None = None  # None: the weights' own
    hosts: tuple[str, ...] = ()
    sessions: int = 64


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment.

    Raises:
        BadSetting: a value is not allowed; the sentence names the variable.
    """
    env = os.environ if environment is None else environment
    # The environment passed in comes first; platformdirs reads that of the process.
    asked = env.get("XDG_CACHE_HOME")
    cache = Path(asked) / _NAME if asked else _cache_folder()
    device = env.get("XAI_DEVICE") or "auto"
    if device not in ("auto", "cpu", "cuda"):
        raise BadSetting(f"XAI_DEVICE is {device[:_SHOWN]!r}; allowed are auto, cpu and cuda.")
    threshold = env.get("XAI_THRESHOLD") or None
    if threshold is not None and not 0 < _number(threshold) < 1:
        raise BadSetting(
            f"XAI_THRESHOLD is {threshold[:_SHOWN]!r}; give a probability above 0 and below 1, "
            "such as 0.3."
        )
    return Settings(
        cases=env.get("XAI_CASES") or "library",
        weights=_path(env, "XAI_WEIGHTS") or DEFAULT_WEIGHTS,
        store=_path(env, "XAI_STORE") or cache,
        device=device,
        batch=_whole_number(env, "XAI_BATCH", 8, 256),
        engine=env.get("XAI_ENGINE") or "auto",
        store_limit=_whole_number(env, "XAI_STORE_LIMIT_MB", 2048, _MOST_MIB, " (MiB)") * _MIB,
        precomputed=_path(env, "XAI_PRECOMPUTED") or _path(env, "XAI_READY") or PRECOMPUTED,
        threshold=None if threshold is None else float(threshold),
        hosts=_hosts(env.get("XAI_HOSTS") or ""),
        sessions=_whole_number(env, "XAI_SESSIONS", 64, 10_000),
    )


_LONGEST_NAME = 255  # characters of a name in a path; Linux, macOS and Windows allow no more


def _path(env: Mapping[str, str], name: str) -> Path | None:
    """The path that the setting ``name`` is, a leading ``~`` replaced by the user's folder; None
    where it is missing or empty.

    Raises:
        BadSetting: blank, with a line break or another control character, or too long.
    """
    text = env.get(name)
    if not text:
        return None
    path = Path(text)
    odd = not text.strip() or any(unicodedata.category(c) in ("Cc", "Cf", "Zl") for c in text)
    if odd or max(map(len, path.parts), default=0) > _LONGEST_NAME:
        raise BadSetting(f"{name} is {text[:_SHOWN]!a}; give the path of a file or folder.")
    try:
        return path.expanduser()
    except RuntimeError:  # no such user
        raise BadSetting(f"{name} is {text[:_SHOWN]!r}; there is no user of that name.") from None


def _whole_number(
    env: Mapping[str, str], name: str, default: int, most: int, unit: str = ""
) -> int:
    """The setting ``name``, from 1 to ``most``; ``default`` where it is missing or empty."""
    text = env.get(name) or str(default)
    plain = text.isascii() and text.isdigit() and len(text) <= len(str(most))
    if not plain or not 1 <= int(text) <= most:
        raise BadSetting(
            f"{name} is {text[:_SHOWN]!r}; give a whole number from 1 to {most}{unit}."
        )
    return int(text)


def _number(text: str) -> float:
    """The number that ``text`` is; NaN, which is not between any two, where it is none."""
    if not text.isascii() or "_" in text:  # Python would take 1_0 and other scripts' digits
        return math.nan
    try:
        return float(text)
    except ValueError:
        return math.nan


def _hosts(text: str) -> tuple[str, ...]:
    """Host names, lower case, from a list with commas."""
    hosts = tuple(name.strip().lower() for name in text.split(",") if name.strip())
    for host in hosts:
        if len(host) > _LONGEST_HOST or not _HOST.fullmatch(host):
            raise BadSetting(
                f"XAI_HOSTS has {host[:_LONGEST_HOST]!r}; give host names without port, separated "
                "by commas, such as cesm.example.org or *.example.org."
            )
    return hosts
