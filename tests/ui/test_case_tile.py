"""The texts of a case's tile in the list."""

from __future__ import annotations

import pytest

from xai_core.types import CaseRecord, Outcome, Pathology
from xai_core.ui.case_tile import deciding_cue, make_tile


def record(*findings: str, pathology: Pathology | None = Pathology.BENIGN) -> CaseRecord:
    return CaseRecord(id="A", source="s", patient_id="P", pathology=pathology, findings=findings)


@pytest.mark.parametrize(
    ("finding", "cue"),
    [
        ("irregular mass, spiculated margin, high density", "spiculated mass"),
        ("oval mass, circumscribed margin, equal density", "circumscribed mass"),
        ("irregular mass, obscured margin, equal density", "irregular mass"),
        ("oval mass, circumscribed margin, fat-containing", "fat-containing mass"),
        ("fine linear calcifications, linear distribution", "fine linear calcifications"),
        ("coarse heterogeneous calcifications, grouped", "coarse heterogeneous calcs"),
        ("architectural distortion", "architectural distortion"),
        ("High density mass with spiculated margin", "spiculated mass"),
        ("Diffuse skin thickening", "Diffuse skin thickening"),
        ("Asymmetrical increased density and edema pattern", "asymmetry and edema pattern"),
        ("Diffuse edematous changes with nipple retraction", "Diffuse edematous changes"),
        ("Clusters of pleomorphic microcalcifications", "pleomorphic microcalcs"),
    ],
)
def test_the_cue_is_the_first_findings_kind_with_its_deciding_descriptor(
    finding: str, cue: str
) -> None:
    assert deciding_cue(record(finding, "rim calcifications")) == cue


def test_a_margin_that_the_finding_does_not_name_is_taken_from_the_descriptors() -> None:
    known = CaseRecord(
        id="A", source="s", patient_id="P", findings=("High density axillary mass",),
        descriptors={"mass margin": "indistinct, obscured"},
    )  # fmt: skip
    assert deciding_cue(known) == "indistinct mass"


def test_a_case_without_findings_is_normal_or_its_truth() -> None:
    assert deciding_cue(record(pathology=Pathology.NORMAL)) == "normal"
    assert deciding_cue(record(pathology=Pathology.MALIGNANT)) == "malignant"
    assert deciding_cue(record(pathology=None)) == "truth not given"


def test_a_tile_leads_with_the_cue_then_id_and_outcome_then_the_rest() -> None:
    whole = CaseRecord(
        id="PH-1", source="s", patient_id="P", pathology=Pathology.MALIGNANT, laterality="R",
        view="CC", density="B", birads=5, findings=("architectural distortion",),
    )  # fmt: skip
    tile = make_tile(whole, Outcome.FN)
    assert tile.lead.replace("\N{SOFT HYPHEN}", "") == "architectural distortion"
    assert (tile.name, tile.badge, tile.right) == ("PH-1", "FN", False)
    assert tile.lines == ("R CC, density B", "BI-RADS 5")
    assert tile.words == (
        "architectural distortion, PH-1, right CC, malignant, FN, density B, BI-RADS 5"
    )
    unknown = make_tile(CaseRecord(id="X", source="s", patient_id="P"), None)
    assert (unknown.badge, unknown.lines) == ("", ())
    assert unknown.words == "truth not given, X"
