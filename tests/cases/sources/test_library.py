from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cases.builders import encode, make_library
from xai_core.cases import PhantomLibrary, open_source
from xai_core.errors import BadAnnotation, SourceNotFound, UnreadableImage
from xai_core.settings import LIBRARY, Settings
from xai_core.types import Pathology


def _edit(folder: Path, **changes: Any) -> None:
    """Change the manifest's first case."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["cases"][0].update(changes)
    path.write_text(json.dumps(manifest))


def test_case_with_all_pictures_and_masks(tmp_path: Path) -> None:
    case = PhantomLibrary(make_library(tmp_path)).load("PH-0001")
    assert case.is_phantom
    assert case.pathology is Pathology.MALIGNANT
    assert case.descriptors == {"mass shape": "oval"}
    assert case.lesion_mask is not None
    assert case.lesion_mask.sum() == 100
    assert case.recombined is not None
    assert case.recombined.shape == (66, 50)
    assert case.recombined_mask is not None
    assert case.recombined_mask.all()


def test_a_case_with_a_picture_only(tmp_path: Path) -> None:
    case = PhantomLibrary(make_library(tmp_path)).load("PH-0002")
    assert case.lesion_mask is case.recombined is case.recombined_mask is None


def test_lesions_have_their_own_masks(tmp_path: Path) -> None:
    folder = make_library(tmp_path)
    files = json.loads((folder / "manifest.json").read_text())["cases"][0]["files"]
    whole = PhantomLibrary(folder).load("PH-0001").lesion_mask
    assert whole is not None
    assert PhantomLibrary(folder).lesions("PH-0001") == ()  # of a manifest that describes none
    thin = {"thin_mask": files["lesion_mask"]}
    described = [
        {"kind": "mass", "descriptors": {"mass shape": "oval"}, **thin},
        {"kind": "cyst", "descriptors": {}, "mask": files["low_energy"]},
    ]
    _edit(folder, lesions=described)
    mass, cyst = PhantomLibrary(folder).lesions("PH-0001")
    assert (mass.kind, mass.descriptors, cyst.kind) == ("mass", {"mass shape": "oval"}, "cyst")
    assert (mass.mask == whole).all()
    assert mass.thin is not None
    assert (mass.thin == whole).all()
    assert cyst.thin is None
    assert cyst.mask.shape == whole.shape
    (folder / files["lesion_mask"]["file"]).unlink()
    with pytest.raises(UnreadableImage, match="is not there"):
        PhantomLibrary(folder).lesions("PH-0001")


@pytest.mark.parametrize(
    "lesions",
    [
        3, [3], [{}], [{"kind": "mass", "descriptors": 3}],
        [{"kind": "mass", "descriptors": {}, "mask": {"file": "../a.png", "sha256": ""}}],
    ],
)  # fmt: skip
def test_lesions_that_cannot_be_understood_are_told(tmp_path: Path, lesions: Any) -> None:
    folder = make_library(tmp_path)
    _edit(folder, lesions=lesions)
    with pytest.raises(BadAnnotation, match="describes a lesion of PH-0001"):
        PhantomLibrary(folder).lesions("PH-0001")


def _write_mask(folder: Path, name: str, row: int) -> dict[str, str]:
    """A mask of one square of four pixels; returns its entry in the manifest."""
    mask = np.zeros((64, 48), np.uint8)
    mask[row : row + 2, 5:7] = 255
    data = encode(mask)
    (folder / name).write_bytes(data)
    return {"file": name, "sha256": hashlib.sha256(data).hexdigest()}


def test_findings_are_read_one_by_one_with_their_kinds(tmp_path: Path) -> None:
    folder = make_library(tmp_path)
    assert PhantomLibrary(folder).load("PH-0001").lesions == ()  # the manifest lists none
    _edit(folder, lesions=[{"kind": "mass"}])
    case = PhantomLibrary(folder).load("PH-0001")
    assert [lesion.kind for lesion in case.lesions] == ["mass"]
    assert case.lesion_mask is not None
    np.testing.assert_array_equal(case.lesions[0].mask, case.lesion_mask)
    kinds = ("mass", "calcifications")
    described = [
        {"kind": kind, "mask": _write_mask(folder, f"m{row}.png", row)}
        for row, kind in enumerate(kinds)
    ]
    _edit(folder, lesions=described)
    case = PhantomLibrary(folder).load("PH-0001")
    assert [lesion.kind for lesion in case.lesions] == list(kinds)
    assert [lesion.mask.nonzero()[0].min() for lesion in case.lesions] == [0, 1]
    _edit(folder, lesions=[described[0], {"kind": "mass"}])  # not all have a mask of their own
    assert PhantomLibrary(folder).load("PH-0001").lesions == ()


def test_a_changed_or_missing_file_is_named(tmp_path: Path) -> None:
    library = PhantomLibrary(make_library(tmp_path))
    path = tmp_path / "PH-0001.png"
    path.write_bytes((tmp_path / "PH-0002.png").read_bytes())
    with pytest.raises(UnreadableImage, match=r"^PH-0001\.png .*differs from its manifest"):
        library.load("PH-0001")
    path.unlink()
    with pytest.raises(UnreadableImage, match=r"^PH-0001\.png .*is not there"):
        library.load("PH-0001")


def test_folder_without_manifest_raises_source_not_found(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFound, match=r"manifest\.json"):
        PhantomLibrary(tmp_path)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"format": 1}', '{"format": 1, "cases": []}', "[" * 100_000, "\xff"],
)
def test_damaged_manifest_raises_bad_annotation(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text, encoding="latin-1")
    with pytest.raises(BadAnnotation, match="damaged or lists no case"):
        PhantomLibrary(tmp_path)


def test_manifest_of_another_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"format": 2, "cases": [1]}')
    with pytest.raises(BadAnnotation, match="format 2"):
        PhantomLibrary(tmp_path)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"pathology": "odd"}, "pathology is 'odd'; allowed are"),
        ({"view": "XX"}, "view is 'XX'; allowed are"),
        ({"birads": "x"}, "a field has a value of another kind"),
        ({"files": {}}, "it lacks “low_energy”"),
        (
            {"files": {"low_energy": {"file": "../x.png", "sha256": "0"}}},
            "is not a plain file name",
        ),
        ({"files": {"low_energy": {"file": "/etc/passwd", "sha256": "0"}}}, "is not a plain file"),
        ({"files": {"low_energy": {"file": "..", "sha256": "0"}}}, "is not a plain file name"),
        ({"files": {"low_energy": {"file": "x.png"}}}, "it lacks “sha256”"),
        ({"descriptors": []}, "a field has a value of another kind"),
        ({"lesions": ["mass"]}, "a field has a value of another kind"),
        ({"lesions": 1}, "a field has a value of another kind"),
        (
            {"lesions": [{"mask": {"file": "../x.png", "sha256": "0"}}] * 2},
            "is not a plain file name",
        ),
    ],
)
def test_invalid_case_in_the_manifest_is_refused(
    tmp_path: Path, changes: dict[str, Any], says: str
) -> None:
    _edit(make_library(tmp_path), **changes)
    with pytest.raises(BadAnnotation, match="Case 1 of the phantom library") as caught:
        PhantomLibrary(tmp_path)
    assert says in str(caught.value)


@pytest.mark.parametrize("cut", [1, 300])
def test_a_library_with_a_damaged_manifest_is_not_read_as_a_folder_of_pictures(
    tmp_path: Path, cut: int
) -> None:
    path = make_library(tmp_path) / "manifest.json"
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(BadAnnotation, match="damaged or lists no case"):
        open_source(str(tmp_path), Settings())


def test_a_pipe_in_a_library_is_not_opened(tmp_path: Path) -> None:
    library = PhantomLibrary(make_library(tmp_path))
    (tmp_path / "PH-0001.png").unlink()
    os.mkfifo(tmp_path / "PH-0001.png")
    with pytest.raises(UnreadableImage, match=r"^PH-0001\.png .* is not a regular file"):
        library.load("PH-0001")


def test_texts_of_the_manifest_are_printable(tmp_path: Path) -> None:
    folder = make_library(tmp_path)
    _edit(
        folder, id="a\u202eb", patient_id="c\0d", findings=["e\u200bf"],
        descriptors={"g\x1bh": "i\u2066j"}, note="k\n l\u200e",
    )  # fmt: skip
    record = PhantomLibrary(folder).records()[0]
    assert (record.id, record.patient_id, record.findings) == ("a�b", "c�d", ("e�f",))
    assert (dict(record.descriptors), record.note) == ({"g�h": "i�j"}, "k l�")
    assert PhantomLibrary(folder).load("a�b").id == "a�b"


def test_duplicate_id_in_the_manifest_is_refused(tmp_path: Path) -> None:
    _edit(make_library(tmp_path), id="PH-0002")
    with pytest.raises(BadAnnotation, match="'PH-0002' twice"):
        PhantomLibrary(tmp_path)


@pytest.mark.skipif(
    not (LIBRARY / "manifest.json").exists(), reason="the built-in library is not generated yet"
)
def test_all_cases_of_the_built_in_library_load() -> None:
    library = PhantomLibrary()
    for record in library.records():
        assert library.load(record.id).is_phantom
