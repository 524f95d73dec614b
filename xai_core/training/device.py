"""The device that a network is trained or calibrated on."""

from __future__ import annotations

import torch

from xai_core.errors import BadRequest


def choose_device(name: str) -> torch.device:
    """The device of ``--device``: "cpu", "cuda", or "auto", which takes CUDA where there is one.

    Raises:
        BadRequest: another name, or "cuda" where torch finds none.
    """
    if name not in ("auto", "cpu", "cuda"):
        raise BadRequest(f"--device is {name!r}; allowed are auto, cpu and cuda.")
    if name == "cuda" and not torch.cuda.is_available():
        raise BadRequest("--device is cuda, but torch finds no CUDA device; use cpu or auto.")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)
