"""The memory of native maps: a map at its layer's resolution, before ReLU and upsampling.

A native map is small (24 x 24 or 12 x 12 numbers at an input of 384 px) and costs the network's
passes; everything that is shown of it is arithmetic.  With it, a result that was computed once is
shown again without running the network at all.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor

from xai_core.types import FloatArray, read_only


class RawMapCache:
    """Native maps of one image under one set of weights at one layer, by name.  Thread-safe.

    A name says all that a map depends on beside these three: method, class, options.
    """

    def __init__(self, known: Mapping[str, FloatArray] | None = None) -> None:
        """``known``: what :meth:`rows` gave earlier."""
        self._maps = {name: _square(row) for name, row in (known or {}).items()}
        self._lock = threading.Lock()

    def get(self, name: str) -> Tensor | None:
        """The map (h, w), or None where it is not known."""
        with self._lock:
            found = self._maps.get(name)
        return None if found is None else torch.from_numpy(found.copy())

    def recall(self, name: str, make: Callable[[], Tensor]) -> Tensor:
        """The map (h, w) under ``name``, made now if it is not known."""
        found = self.get(name)
        if found is None:
            found = make().detach().float().cpu()
            self.put(name, found)
        return found

    def put(self, name: str, native: Tensor) -> None:
        """Remember a map (h, h); one that holds anything but finite numbers is not worth it."""
        kept = np.asarray(native.detach().float().cpu().numpy())
        if np.isfinite(kept).all() and kept.shape[0] == kept.shape[1]:
            with self._lock:
                self._maps[name] = read_only(kept.copy())

    def rows(self) -> dict[str, FloatArray]:
        """A snapshot for the store: name -> (h * h,)."""
        with self._lock:
            return {name: found.ravel() for name, found in self._maps.items()}


def _square(row: FloatArray) -> FloatArray:
    side = math.isqrt(row.size)
    square: FloatArray = np.array(row, np.float32).reshape(side, side)
    square.setflags(write=False)
    return square
