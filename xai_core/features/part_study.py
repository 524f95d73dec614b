"""What each part of the architecture carries in one case, step by step, for a page to show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xai_core.features.ablation import differences
from xai_core.model.classifier import Classifier
from xai_core.model.edits import PartEdit, edited_logits, part_edits
from xai_core.types import FloatArray

Floats = NDArray[np.float64]
_CHUNK = 18  # edits between two steps; what lies before the first of them is computed once


@dataclass(frozen=True, eq=False)
class PartStudy:
    """What is known so far.

    ``edits``: every edit of every block.  ``plain``: the logits (classes,) of the network as it is.
    ``logits``: with each edit alone (edits, classes), NaN where not yet computed.  ``positive``:
    the positive class.
    """

    edits: tuple[PartEdit, ...]
    plain: Floats
    logits: Floats
    positive: int

    @property
    def known(self) -> int:
        """How many edits are computed."""
        return int((~np.isnan(self.logits[:, 0])).sum())

    @property
    def effects(self) -> Floats:
        """The change of the logit difference by each edit (edits,), NaN where not yet known."""
        return np.asarray(
            differences(self.logits, self.positive) - differences(self.plain, self.positive),
            np.float64,
        )


def part_study(classifier: Classifier, grey: FloatArray) -> Iterator[PartStudy]:
    """Disable one part after the other in one case, the last blocks first; whoever asks for no
    further item stops it.

    Args:
        classifier: the model; edits are made in a copy of its network.
        grey: the prepared image, float32 (S, S) in [0, 1].
    """
    own = classifier.separate()
    edits = part_edits(own.network)
    inputs = own.normalise(grey)
    logits: Floats | None = None
    order = list(range(len(edits)))[::-1]
    for start in range(0, len(order), _CHUNK):
        part = order[start : start + _CHUNK]
        plain, edited = edited_logits(own.network, inputs, [(edits[k],) for k in part])
        found = edited[:, 0].double().cpu().numpy()
        if logits is None:
            logits = np.full((len(edits), found.shape[1]), np.nan)
        logits[part] = found
        yield PartStudy(edits, plain[0].double().cpu().numpy(), logits.copy(), own.spec.positive)
