"""The raw-map cache.  A raw map is at its layer's resolution, before ReLU and upsampling.

A raw map is small (24 x 24 or 12 x 12 numbers at an input of 384 px), but computing it needs passes
of the network; the shown map is derived from it without any.  With the cache, an earlier result is
shown again without running the network.
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
    """Raw maps of one image, one set of weights and one layer, by name.  Thread-safe.

    The name contains everything else a map depends on: method, class, options.
    """

    def __init__(self, known: Mapping[str, FloatArray] | None = None) -> None:
        """``known``: the result of an earlier :meth:`rows`."""
        self._maps = {name: _square(row) for name, row in (known or {}).items()}
        self._lock = threading.Lock()

    def get(self, name: str) -> Tensor | None:
        """The map (h, w); None where it is not in the cache."""
        with self._lock:
            found = self._maps.get(name)
        return None if found is None else torch.from_numpy(found.copy())

    def recall(self, name: str, make: Callable[[], Tensor]) -> Tensor:
        """The map (h, w) under ``name``; computed by ``make`` if it is not in the cache."""
        found = self.get(name)
        if found is None:
            found = make().detach().float().cpu()
            self.put(name, found)
        return found

    def put(self, name: str, raw_map: Tensor) -> None:
        """Store a map (h, h); ignored where it is not square or holds values that are not
        finite."""
        array = np.asarray(raw_map.detach().float().cpu().numpy())
        if np.isfinite(array).all() and array.shape[0] == array.shape[1]:
            with self._lock:
                self._maps[name] = read_only(array.copy())

    def rows(self) -> dict[str, FloatArray]:
        """A snapshot for the disk store: name -> (h * h,)."""
        with self._lock:
            return {name: found.ravel() for name, found in self._maps.items()}


def _square(row: FloatArray) -> FloatArray:
    side = math.isqrt(row.size)
    square: FloatArray = np.array(row, np.float32).reshape(side, side)
    square.setflags(write=False)
    return square
