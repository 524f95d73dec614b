"""Digests of images; those stored in files must never change."""

from __future__ import annotations

import numpy as np

from xai_core.preprocessing.identity import (
    array_sha256,
    array_tag,
    pictures_sha256,
    pixels_sha256,
)

RAMP = (np.arange(6, dtype=np.float32) / 8).reshape(2, 3)


def test_stored_digests_do_not_change() -> None:
    assert pixels_sha256(RAMP) == "6cff4ec8cd7d23a51a4f73b101025f82433ef54f0ceeb5f86f856078c159a0ec"
    assert array_sha256(RAMP) == "259a2e23297810b6704586ca682a0f0497faa0a2260e08a6a30aa79b78fd621b"
    assert array_tag(RAMP) == "6d48747158494c16"


def test_only_pixels_sha256_depends_on_the_shape() -> None:
    turned = RAMP.reshape(3, 2)
    assert pixels_sha256(turned) != pixels_sha256(RAMP)
    assert array_sha256(turned) == array_sha256(RAMP)


def test_digest_of_a_strided_array_is_that_of_its_values() -> None:
    for name in (pixels_sha256, array_sha256, array_tag):
        assert name(RAMP[:, ::2]) == name(np.ascontiguousarray(RAMP[:, ::2]))
        assert name(RAMP[:, ::2]) != name(RAMP[:, 1:])


def test_missing_picture_changes_the_digest() -> None:
    names = {
        pictures_sha256("a", [RAMP, None]),
        pictures_sha256("a", [None, RAMP]),
        pictures_sha256("a", [RAMP]),
        pictures_sha256("b", [RAMP]),
    }
    assert len(names) == 4
