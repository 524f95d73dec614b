"""The files that say which packages are installed, and the container's recipe."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from xai_core.settings import Settings, read_settings

ROOT = Path(__file__).resolve().parents[1]
BY_VERSION = {"torch", "torchvision"}


def pins(name: str) -> set[tuple[str, str]]:
    """The packages that a requirements file pins: normalised name, version.  A lock may have two
    versions of a package, for different versions of Python."""
    text = (ROOT / name).read_text(encoding="utf-8")
    found = re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", text, re.MULTILINE)
    return {(re.sub(r"[-_.]+", "-", package).lower(), version) for package, version in found}


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_the_lock_holds_every_pin_with_digests(name: str) -> None:
    locked = pins(f"{name}.lock")
    asked = pins("requirements.txt") | pins(f"{name}.txt")
    assert {pin for pin in asked if pin[0] not in BY_VERSION} <= locked
    names = {package for package, _ in locked}
    assert not BY_VERSION & names
    assert not [package for package in names if package.startswith(("nvidia", "cuda", "triton"))]
    text = (ROOT / f"{name}.lock").read_text(encoding="utf-8")
    blocks = re.split(r"^(?=[a-z0-9].*==)", text, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(locked)
    assert all("--hash=sha256:" in block for block in blocks)
    assert "://" not in text, "a registry's address"


def test_the_test_lock_has_the_dashboard_s_versions() -> None:
    assert pins("requirements.lock") <= pins("requirements-dev.lock")


def test_the_bill_of_materials_is_of_the_lock() -> None:
    found = json.loads((ROOT / "docs" / "sbom.json").read_text(encoding="utf-8"))
    components = {(one["name"].lower(), one["version"]) for one in found["components"]}
    direct = {pin for pin in pins("requirements.txt") if pin[0] in BY_VERSION}
    assert components == pins("requirements.lock") | direct


def test_the_container_copies_what_exists_and_runs_as_a_user_without_rights() -> None:
    steps = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text(encoding="utf-8")).splitlines()
    copied = [shlex.split(step)[1:-1] for step in steps if step.startswith("COPY")]
    assert all((ROOT / name).exists() for names in copied for name in names)
    assert {"app.py", "pages", "xai_core", "assets", ".streamlit"} <= {
        name for names in copied for name in names
    }
    users = [step.split()[1] for step in steps if step.startswith("USER")]
    assert users == ["reader"]
    assert any(step.startswith("HEALTHCHECK") for step in steps)


def test_every_setting_is_documented_with_its_default() -> None:
    text = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(XAI_\w+)` \|.*\| (.*?) \|$", text, re.MULTILINE))
    source = (ROOT / "xai_core" / "settings.py").read_text(encoding="utf-8")
    read = set(re.findall(r'(?:env\.get\(|\(env, )"(XAI_\w+)"', source)) - {"XAI_READY"}
    assert rows.keys() == read
    defaults = read_settings({})
    assert isinstance(defaults, Settings)
    for name, value in (
        ("XAI_CASES", defaults.cases), ("XAI_DEVICE", defaults.device),
        ("XAI_ENGINE", defaults.engine),
    ):  # fmt: skip
        assert rows[name] == f"`{value}`"
    assert rows["XAI_BATCH"] == str(defaults.batch)
    assert rows["XAI_SESSIONS"] == str(defaults.sessions)
    assert rows["XAI_STORE_LIMIT_MB"] == str(defaults.store_limit // 2**20)
