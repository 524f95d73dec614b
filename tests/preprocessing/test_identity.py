"""The names of images: those kept in files must never change."""

from __future__ import annotations

import numpy as np

from xai_core.preprocessing.identity import (
    array_sha256,
    array_tag,
    pictures_sha256,
    pixels_sha256,
)

RAMP = (np.arange(6, dtype=np.float32) / 8).reshape(2, 3)


def test_the_names_in_files_stay() -> None:
    assert pixels_sha256(RAMP) == "6cff4ec8cd7d23a51a4f73b101025f82433ef54f0ceeb5f86f856078c159a0ec"
    assert array_sha256(RAMP) == "259a2e23297810b6704586ca682a0f0497faa0a2260e08a6a30aa79b78fd621b"
    assert array_tag(RAMP) == "6d48747158494c16"


def test_the_shape_is_part_of_a_case_s_name_only() -> None:
    turned = RAMP.reshape(3, 2)
    assert pixels_sha256(turned) != pixels_sha256(RAMP)
    assert array_sha256(turned) == array_sha256(RAMP)


def test_a_view_is_named_by_its_values() -> None:
    for name in (pixels_sha256, array_sha256, array_tag):
        assert name(RAMP[:, ::2]) == name(np.ascontiguousarray(RAMP[:, ::2]))
        assert name(RAMP[:, ::2]) != name(RAMP[:, 1:])


def test_an_empty_place_among_pictures_counts() -> None:
    names = {
        pictures_sha256("a", [RAMP, None]),
        pictures_sha256("a", [None, RAMP]),
        pictures_sha256("a", [RAMP]),
        pictures_sha256("b", [RAMP]),
    }
    assert len(names) == 4
