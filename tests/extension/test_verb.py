"""A verb is a file and a line: the how-to's example is run, documented and light."""

from __future__ import annotations

import pytest

from tests.extension.conftest import Project

pytestmark = pytest.mark.slow


def test_the_how_to_s_verb_runs_and_meets_the_contract(project: Project) -> None:
    project.follow("add_a_verb.md", "xai_core/cli/methods.py")
    assert "methods" in project.cli("--help")
    assert "grad-cam\tGrad-CAM\t" in project.cli("methods")
    output = project.tests("tests/cli/test_program.py", "-k", "help or document or option or heavy")
    assert "test_every_verb_is_documented[methods] PASSED" in output
