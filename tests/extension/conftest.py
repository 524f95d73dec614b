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


def changes(how_to: str) -> list[tuple[str, str, str]]:
    """The changes that a how-to's ``diff`` blocks describe: file, text before, text after."""
    text = (HOW_TO / how_to).read_text(encoding="utf-8")
    found = []
    for block in re.findall(r"```diff\n\+\+\+ (.*?)```", text, re.DOTALL):
        file, *lines = block.splitlines()
        before = [line[1:] for line in lines if not line.startswith("+")]
        after = [line[1:] for line in lines if not line.startswith("-")]
        found.append((file, "\n".join(before) + "\n", "\n".join(after) + "\n"))
    return found


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
            "XAI_PRECOMPUTED": str(self.root / "no precomputed results"),
            "XAI_ENGINE": "torch",
            "COLUMNS": "200",
        }
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root, env=environment, capture_output=True, text=True, timeout=600,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def follow(self, how_to: str, *files: str) -> None:
        """Do what a how-to says: its Python blocks become ``files``, its diffs are made."""
        for number, file in enumerate(files):
            path = self.root / file
            assert not (ROOT / file).exists(), f"{how_to} has an example that is there: {file}"
            path.parent.mkdir(exist_ok=True)
            path.write_text(example(how_to, number), encoding="utf-8")
        for file, before, after in changes(how_to):
            path = self.root / file
            text = path.read_text(encoding="utf-8")
            assert text.count(before) == 1, f"{how_to} changes lines that {file} lacks:\n{before}"
            path.write_text(text.replace(before, after), encoding="utf-8")
        changed = [*files, *{file for file, _, _ in changes(how_to) if file.endswith(".py")}]
        self.python("-m", "ruff", "check", "--no-cache", *changed)
        self.python("-m", "ruff", "format", "--no-cache", "--check", *changed)

    def tests(self, *arguments: str) -> str:
        """Run tests there, which must pass; what pytest printed."""
        return self.python("-m", "pytest", "-v", "-p", "no:cacheprovider", *arguments)

    def cli(self, *arguments: str) -> str:
        """Run the command line there."""
        return self.python("-m", "xai_core", *arguments)


def copy_project(root: Path) -> Path:
    """A copy of the project's code, to which files may be added; its assets are the project's."""
    root.mkdir()
    for name in ("xai_core", "pages", "tests", ".streamlit", "docs"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("app.py", "pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, root)
    (root / "assets").symlink_to(ROOT / "assets")
    return root


@pytest.fixture
def project(tmp_path: Path, tiny_weights: Path) -> Project:
    """A copy that a test may add files to."""
    return Project(copy_project(tmp_path / "project"), tiny_weights)
