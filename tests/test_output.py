"""The checks of a command's output place; the verbs' tests have the rest of their sentences."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from xai_core.errors import BadRequest
from xai_core.output import check_parent


def test_a_folder_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_parent(tmp_path / "a" / "b")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    message = f"b cannot be written: {tmp_path.name} is a folder that cannot be written; give "
    with pytest.raises(BadRequest, match=message):
        check_parent(tmp_path / "a" / "b")
