"""A copy of the project, into which an example of a how-to is put."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOW_TO = ROOT / "docs" / "how_to"


def example(how_to: str, number: int = 0) -> str:
    """The ``number``-th Python block of a how-to."""
    text = (HOW_TO / how_to).read_text(encoding="utf-8")
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)[number]


@dataclass(frozen=True)
class Project:
    """A copy of the project's code in ``root``; its assets are the project's own."""

    root: Path
    weights: Path

    def python(self, *arguments: str) -> str:
        """Run Python there; what it printed, once it ended well."""
        environment = {
            **os.environ,
            "XAI_WEIGHTS": str(self.weights),
            "XAI_STORE": str(self.root / "store"),
            "XAI_READY": str(self.root / "no precomputed results"),
            "XAI_ENGINE": "torch",
            "COLUMNS": "200",
        }
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root, env=environment, capture_output=True, text=True, timeout=600,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def cli(self, *arguments: str) -> str:
        """Run the command line there."""
        return self.python("-m", "xai_core", *arguments)


def copy_project(root: Path) -> Path:
    """A copy of the project's code, to which files may be added; its assets are the project's."""
    root.mkdir()
    for name in ("xai_core", "pages", "tests", ".streamlit", "docs"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "app.py", root)
    (root / "assets").symlink_to(ROOT / "assets")
    return root


@pytest.fixture
def project(tmp_path: Path, tiny_weights: Path) -> Project:
    """A copy that a test may add files to."""
    return Project(copy_project(tmp_path / "project"), tiny_weights)
