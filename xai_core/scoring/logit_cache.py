"""The logit cache: perturbed image -> logits of all classes.

Score-CAM's channels, Hybrid-CAM's levels and the points of insertion and deletion curves all need
the model's logits for perturbed images.  The cache scores each perturbed image once.  Its keys name
the *perturbed image*, not the method, so that equal masks of different methods are scored once.

A cache belongs to one image and one set of weights.  Keys that name no filling of removed patches
stand for one baseline, the blurred image.  Images are in the network's input space (normalised).
Blending an image with its blurred copy there equals blending in [0, 1]
before the normalisation, because that is affine:
``n(m x + (1 - m) b) = m n(x) + (1 - m) n(b)`` for any affine ``n``.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from xai_core.errors import BadRequest, ModelError
from xai_core.types import BoolArray, FloatArray, Report, no_report, read_only

Scorer = Callable[[Tensor], Tensor]
"""Images (B, C, S, S), float32, input space -> logits (B, K)."""

Render = Callable[[Sequence[int]], Tensor]
"""Ascending positions in the list of keys -> those images (B, C, S, S), on the scorer's device."""

INTACT = "image/intact"  # the image itself: the key of every mask that keeps all pixels
BASELINE = "image/baseline"  # the blurred image: the key of every mask that keeps no pixel
_HEX_LIMIT = 1024  # longest mask, in bits, that is written out in the key instead of its digest


def mask_key(kind: str, kept: BoolArray) -> str:
    """The key of the image that shows the original where ``kept`` and the baseline elsewhere.

    ``kind`` names the mask's grid (``"patches"``, ``"pixels"``).  A mask that keeps all or nothing
    gets the key shared by all kinds; a short mask is written out in hexadecimal (most significant
    bit first, zero-padded); of a longer one the SHA-256 is used, cut to 128 bits.
    """
    if kept.all():
        return INTACT
    if not kept.any():
        return BASELINE
    packed = np.packbits(kept, axis=None).tobytes()
    name = packed.hex() if kept.size <= _HEX_LIMIT else hashlib.sha256(packed).hexdigest()[:32]
    return f"{kind}/{'x'.join(str(n) for n in kept.shape)}/{name}"


class LogitCache:
    """Scores perturbed images in chunks and caches the logits.

    Thread-safe: one chunk runs at a time, and no key is ever scored twice.
    """

    def __init__(
        self, scorer: Scorer, chunk: int = 8, known: Mapping[str, FloatArray] | None = None
    ) -> None:
        """
        Args:
            scorer: the model; must be in evaluation mode, so that images of a batch do not affect
                each other.
            chunk: images per forward pass, at least 1.
            known: the items of an earlier cache of the same image, baseline and weights.

        Raises:
            BadRequest: ``chunk`` is below 1.
        """
        if chunk < 1:
            raise BadRequest(f"The chunk size is {chunk}; give at least 1 image per forward pass.")
        self.chunk = chunk
        self._scorer = scorer
        self._logits = {key: read_only(np.asarray(row)) for key, row in (known or {}).items()}
        self._forwards = 0
        self._memory = threading.Lock()  # guards the two fields above; never held while scoring
        self._model = threading.Lock()  # held while one chunk is rendered and scored

    @property
    def forwards(self) -> int:
        """The number of images scored by this cache so far; those found in the cache do not
        count."""
        with self._memory:
            return self._forwards

    def known(self, keys: Sequence[str]) -> BoolArray:
        """Which of ``keys`` are in the cache: bool (n,)."""
        with self._memory:
            return np.array([key in self._logits for key in keys], dtype=np.bool_)

    def items(self) -> dict[str, FloatArray]:
        """A snapshot of the cache: key -> logits (K,), read-only."""
        with self._memory:
            return dict(self._logits)

    def score(
        self,
        keys: Sequence[str],
        render: Render,
        report: Report = no_report,
        scorer: Scorer | None = None,
    ) -> FloatArray:
        """The logits of the images with ``keys``; only those not in the cache are scored.

        Args:
            keys: one key per image; a key may occur more than once.
            render: makes the images at some positions of ``keys``; called just before each chunk
                is scored, so that the whole stack is never in memory.
            report: called after each chunk with (positions with known logits, ``len(keys)``,
                logits so far (n, K), NaN where not yet known).
            scorer: scores what ``render`` makes instead of the model, and may take something else
                than images (such as activations); its keys must be of its own.

        Returns:
            float32 (n, K), in the order of ``keys``.

        Raises:
            ModelError: the model returned logits that are not finite or not (B, K).
            Cancelled: raised by ``report``; chunks scored before stay in the cache.
        """
        position: dict[str, int] = {}
        for i, key in enumerate(keys):
            position.setdefault(key, i)
        while self._score_chunk(position, render, scorer or self._scorer):
            table = self._table(keys)
            done = int(np.isfinite(table[:, 0]).sum())
            report(done, len(keys), table)
        return self._table(keys)

    def _score_chunk(self, position: Mapping[str, int], render: Render, scorer: Scorer) -> bool:
        """Score the next chunk of keys that are not in the cache; False where there are none."""
        with self._model:  # look up under the lock: another thread may have scored them meanwhile
            with self._memory:
                missing = [key for key in position if key not in self._logits][: self.chunk]
            if not missing:
                return False
            with torch.inference_mode():
                images = render([position[key] for key in missing])
                logits = scorer(images).detach().float().cpu().numpy()
            self._check(logits, len(missing))
            with self._memory:
                self._logits |= {
                    key: read_only(row) for key, row in zip(missing, logits, strict=True)
                }
                self._forwards += len(missing)
        return True

    def _check(self, logits: FloatArray, rows: int) -> None:
        if logits.ndim != 2 or len(logits) != rows:
            raise ModelError(
                f"The model answered {rows} images with scores of shape {logits.shape}; "
                "one row per image with one logit per class was expected."
            )
        if not np.isfinite(logits).all():
            raise ModelError(
                "The model gave a score that is not a finite number for a perturbed image; "
                "its weights or the image are damaged."
            )

    def _table(self, keys: Sequence[str]) -> FloatArray:
        with self._memory:
            rows = [self._logits.get(key) for key in keys]
        classes = next((len(row) for row in rows if row is not None), 0)
        table = np.full((len(keys), classes), np.nan, dtype=np.float32)
        for i, row in enumerate(rows):
            if row is not None:
                table[i] = row
        return table
