"""The shipped library matches its manifest, and its command reproduces the pictures."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image

from xai_core.phantom.generate import SPLIT_SEEDS, SPLIT_SIZE, generate
from xai_core.phantom.library import SECOND
from xai_core.settings import LIBRARY
from xai_core.types import Pathology

MANIFEST: dict[str, Any] = json.loads((LIBRARY / "manifest.json").read_text(encoding="utf-8"))
CASES: list[dict[str, Any]] = MANIFEST["cases"]


def test_every_file_has_its_digest_and_no_file_is_extra() -> None:
    files = [f for case in CASES for f in case["files"].values()]
    files += [
        lesion[role]
        for case in CASES
        for lesion in case["lesions"]
        for role in ("mask", "thin_mask")
        if role in lesion
    ]
    listed = {f["file"]: f["sha256"] for f in files}
    there = {p.name for p in LIBRARY.iterdir()} - {"manifest.json"}
    assert there == listed.keys()
    for name, digest in listed.items():
        assert hashlib.sha256((LIBRARY / name).read_bytes()).hexdigest() == digest, name


@pytest.mark.skipif(
    "both_views" not in MANIFEST["request"],
    reason="the shipped pictures were drawn by the generator before this one",
)
@pytest.mark.parametrize("index", [0, 1, 2])
def test_seed_of_the_manifest_reproduces_the_shipped_picture(index: int) -> None:
    case = CASES[index]
    drawn = generate(
        case["texture_seed"], Pathology(case["pathology"]), case["view"], case["laterality"],
        MANIFEST["request"]["height"], first_view=not case["id"].endswith(SECOND),
    )  # fmt: skip
    shipped = np.asarray(Image.open(LIBRARY / case["files"]["low_energy"]["file"]), np.int16)
    again = np.rint(drawn.image).clip(0, 255).astype(np.int16)
    # Another processor may round the last bit of a Fourier transform the other way.
    assert again.shape == shipped.shape
    assert np.abs(again - shipped).max() <= 1
    assert (again == shipped).mean() > 0.999


def test_textures_come_from_the_test_split_and_every_patient_is_a_breast() -> None:
    seeds = {case["texture_seed"] for case in CASES}
    first = SPLIT_SEEDS["test"]
    assert all(first <= seed < first + SPLIT_SIZE for seed in seeds)
    assert len(seeds) == len({case["patient_id"] for case in CASES}) == 141


def test_both_views_of_a_patient_name_each_other_and_differ_in_view_alone() -> None:
    by_id = {case["id"]: case for case in CASES}
    for case in CASES:
        if "other_view" not in case:
            continue
        other = by_id[case["other_view"]]
        assert other["other_view"] == case["id"]
        assert {case["view"], other["view"]} == {"CC", "MLO"}
        for same in ("patient_id", "pathology", "laterality", "texture_seed"):
            assert case[same] == other[same]


def test_library_has_every_pathology_view_and_side() -> None:
    for field, least in (("pathology", 28), ("view", 70), ("laterality", 70)):
        values = [case[field] for case in CASES]
        assert min(values.count(v) for v in set(values)) >= least
    assert {case["pathology"] for case in CASES} == {"normal", "benign", "malignant"}


def test_every_case_has_its_recombined_image_its_note_and_a_mask_of_each_lesion() -> None:
    for case in CASES:
        assert "recombined" in case["files"]
        assert case["note"].count(". ") == 1
        assert bool(case["lesions"]) == ("lesion_mask" in case["files"])
        if len(case["lesions"]) > 1:
            assert all("mask" in lesion for lesion in case["lesions"])


def test_the_library_is_small_enough_to_ship() -> None:
    assert sum(p.stat().st_size for p in LIBRARY.iterdir()) < 80e6
