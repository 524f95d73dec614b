"""What an engine is, and why one may not be usable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor


class EngineUnavailable(Exception):  # internal: never reaches a person as an error
    """An engine cannot be used; ``str(problem)`` is half a sentence that says why."""


class Scorer(Protocol):
    """Scores batches of images; safe to call from any thread.

    Every scorer agrees with eager PyTorch in float32 within 1e-4 per logit, and an image's logits
    do not depend on the batch it comes in, within the same tolerance.
    """

    @property
    def title(self) -> str:
        """What a person reads on the About page."""

    def __call__(self, inputs: Tensor) -> Tensor:
        """Logits (B, classes), float32, of network inputs (B, 3, S, S), float32, B at least 1."""


@dataclass(frozen=True)
class EngineStatus:
    """What scores at this moment.  ``preparing``: a faster engine is being made ready.

    ``notes``: one sentence per thing that did not go as it should; empty where all is well.
    """

    title: str
    preparing: bool = False
    notes: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The whole status in words."""
        more = "; a faster engine is being prepared" if self.preparing else ""
        return " ".join((f"{self.title}{more}.", *self.notes))
