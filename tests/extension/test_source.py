"""A source of cases is a file and a line: the how-to's example works everywhere."""

from __future__ import annotations

import numpy as np
import pytest

from tests.extension.conftest import Project

pytestmark = pytest.mark.slow


def test_the_how_to_s_source_is_opened_and_meets_the_contract(project: Project) -> None:
    project.follow("add_a_source.md", "xai_core/cases/sources/array_folder.py")
    folder = project.root / "arrays"
    folder.mkdir()
    np.save(folder / "one.npy", np.random.default_rng(0).random((64, 48)))
    assert "one" in project.cli("cases", str(folder), "--list", "--check")
    output = project.tests("tests/cases/test_contract.py")
    assert "test_every_case_loads_and_agrees_with_its_record[ArrayFolder] PASSED" in output
