"""A kind of lesion is a file and a line: the how-to's example is planned, drawn and told."""

from __future__ import annotations

import pytest

from tests.extension.conftest import Project

pytestmark = pytest.mark.slow

_TOLD = """
import numpy as np
from xai_core.phantom.plan import plan_lesions
from xai_core.phantom.teaching import finding, teaching_note
from xai_core.training.sample import DESCRIPTOR_VALUES
from xai_core.types import Pathology
rng = np.random.default_rng(0)
while True:
    plans = plan_lesions(rng, Pathology.BENIGN)
    if plans[0].kind == "hamartoma":
        break
print(finding(plans[0]))
print(teaching_note(Pathology.BENIGN, plans))
print(DESCRIPTOR_VALUES["kind"], "hamartoma content" in DESCRIPTOR_VALUES)
"""


def test_the_how_to_s_kind_is_planned_drawn_and_told(project: Project) -> None:
    project.follow("add_a_lesion_kind.md", "xai_core/phantom/hamartoma.py")
    found, note, learned = project.python("-c", _TOLD).splitlines()
    assert found.startswith("hamartoma, ")
    assert "hamartoma" in note or "fat" in note or "gland" in note
    assert "hamartoma" in learned
    assert learned.endswith("True")
    output = project.tests("tests/phantom/test_kinds.py")
    assert "test_it_is_put_into_tissue[hamartoma] PASSED" in output
