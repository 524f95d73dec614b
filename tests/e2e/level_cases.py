"""Cases of the library by what Hybrid-CAM's area levels keep of them: levels that keep the same
area share one switch.  They are searched for, because the small network is random."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from xai_core.cases.sources.library import PhantomLibrary
from xai_core.explain.explainer import Explainer
from xai_core.explain.explanation import Explanation
from xai_core.explain.request import CaseRequest
from xai_core.model.classifier import Classifier


def same_area(found: Explanation) -> list[list[float]]:
    """The levels, in percent, in groups that keep the same share of the pixels."""
    groups: dict[float, list[float]] = {}
    for level in found.levels:
        groups.setdefault(level.realised, []).append(level.percent)
    return list(groups.values())


def first_case(weights: Path, *, merged: bool, skip: int = 0, **fields: Any) -> CaseRequest:
    """The first case whose paper's levels all keep different areas, or with ``merged`` do not.

    Args:
        weights: of the network.
        merged: whether some levels keep the same area.
        skip: how many cases at the beginning are not taken.
        fields: of the request, besides the method.
    """
    explainer, library = Explainer(Classifier.open(weights, "cpu", 8)), PhantomLibrary()
    for record in library.records()[skip:]:
        shown = CaseRequest(record.id).change(method="hybrid-cam", curves="none", **fields)
        found = explainer.explain(library.load(record.id), shown.request)
        if found.levels and (len(same_area(found)) < len(found.levels)) is merged:
            return shown
    pytest.fail("no case of the library has such levels")
