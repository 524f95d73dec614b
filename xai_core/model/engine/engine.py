"""The scorer in use: PyTorch until a faster one is ready, and again if the faster one fails."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace

import torch
from torch import Tensor

from xai_core.errors import ModelError
from xai_core.model.engine.base import EngineStatus, Scorer

_log = logging.getLogger(__name__)
_MEMORY_WORDS = ("out of memory", "can't allocate", "not enough memory", "bad_alloc")


class Engine:
    """Scores with the fastest usable scorer.  Safe to call from any thread.

    It switches from the reference to a faster scorer, or back, between two calls of :meth:`score`;
    callers are not affected.
    """

    def __init__(self, reference: Scorer) -> None:
        self.reference = reference
        self._scorer = reference
        self._lock = threading.Lock()  # guards the fields; never held while scoring
        self._limit: int | None = None  # images per pass; set after memory was short
        self._status = EngineStatus(reference.title)

    @property
    def status(self) -> EngineStatus:
        """The scorer in use and the problems so far."""
        with self._lock:
            return self._status

    def preparing(self, value: bool) -> None:
        """Set whether a faster scorer is being prepared."""
        with self._lock:
            self._status = replace(self._status, preparing=value)

    def use(self, scorer: Scorer) -> None:
        """Score with ``scorer`` from the next call on; it must have passed the parity check."""
        with self._lock:
            self._scorer = scorer
            self._status = replace(self._status, title=scorer.title)

    def say(self, sentence: str) -> None:
        """Add ``sentence`` to the notes of the status, shown on the About page, and log it; nothing
        where it is there already."""
        with self._lock:
            if sentence in self._status.notes:
                return
            self._status = replace(self._status, notes=(*self._status.notes, sentence))
        _log.warning("%s", sentence)

    def score(self, inputs: Tensor) -> Tensor:
        """Logits (B, classes), float32, of network inputs (B, 3, S, S).

        A scorer that fails is replaced by the reference, for this and all later calls.

        Raises:
            ModelError: there is not enough memory for a single image.
        """
        with self._lock:
            scorer = self._scorer
        if scorer is not self.reference:
            try:
                logits = self._in_parts(scorer, inputs)
                if bool(torch.isfinite(logits).all()):
                    return logits
                problem = "a score that is not a number"
            except Exception as found:
                _log.debug("%s failed", scorer.title, exc_info=True)
                problem = f"{type(found).__name__}: {found}".splitlines()[0][:200]
            self.use(self.reference)
            self.say(f"{scorer.title} failed while scoring ({problem}), so PyTorch took over.")
        return self._in_parts(self.reference, inputs)

    def _in_parts(self, scorer: Scorer, inputs: Tensor) -> Tensor:
        """Score in batches, halving the batch size while memory is short."""
        with self._lock:
            size = min(len(inputs), self._limit or len(inputs))
        while True:
            try:
                parts = [scorer(part) for part in inputs.split(size)] if size else []
                return torch.cat(parts) if len(parts) != 1 else parts[0]
            except (MemoryError, RuntimeError) as problem:
                if not _memory_is_short(problem):
                    raise
                if size <= 1:
                    raise ModelError(
                        "There is not enough memory to score a single image; close other programs."
                    ) from problem
                size //= 2
            # Outside the except clause: its traceback keeps the failed tensors alive.
            with self._lock:
                self._limit = size
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
            self.say(f"Memory was short, so at most {size} images are scored at a time.")


def _memory_is_short(problem: Exception) -> bool:
    return isinstance(problem, MemoryError) or any(w in str(problem) for w in _MEMORY_WORDS)
