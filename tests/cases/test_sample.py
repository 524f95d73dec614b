"""The real sample of CDD-CESM, where it is on this machine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from xai_core.cases import CddCesm, open_source
from xai_core.settings import Settings
from xai_core.types import Pathology


@pytest.mark.slow
@pytest.mark.sample
@pytest.mark.usefixtures("decoded_here")
def test_every_case_of_the_sample_loads(sample_folder: Path) -> None:
    source = open_source(str(sample_folder), Settings())
    assert isinstance(source, CddCesm)
    records = source.records()
    assert len(records) == 248
    assert len({r.patient_id for r in records}) <= 137
    assert sum(r.pathology is Pathology.MALIGNANT for r in records) == 244
    assert not any("no row" in w for r in records for w in r.warnings)
    masks = recombined = 0
    for record in records:
        case = source.load(record.id)
        assert case.image.shape[0] == 512
        assert np.ptp(case.image) > 0.3
        if case.lesion_mask is not None:
            masks += 1
            assert 0 < case.lesion_mask.mean() < 0.8  # whole-breast oedema is marked, too
            # Findings lie on breast tissue, not on air: the mask is in the picture's own place.
            assert case.image[case.lesion_mask].mean() > 0.8 * case.image.mean()
        recombined += case.recombined is not None
    assert masks / len(records) >= 0.97
    assert recombined == 243
