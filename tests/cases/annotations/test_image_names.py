from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xai_core.cases.annotations.cdd_cesm import ImageName, parse_file_name, parse_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("P7_L_DM_MLO.jpg", ImageName(7, "L", "MLO", 1, "DM")),
        ("P7_L_DM_MLO  ", ImageName(7, "L", "MLO", 1, "DM")),
        ("p326_r_cm_cc.JPG", ImageName(326, "R", "CC", 1, "CM")),
        ("P99_L_DM_MLO_2", ImageName(99, "L", "MLO", 2, "DM")),
        ("P281_L_CM_MLO2.jpg", ImageName(281, "L", "MLO", 2, "CM")),
    ],
)
def test_names_of_the_release_are_parsed(text: str, name: ImageName) -> None:
    assert parse_name(text) == name


@pytest.mark.parametrize(
    "text",
    ["", "desktop.ini", "P7_L_DM", "P7_X_DM_CC", "xP7_L_DM_CC", "P7_L_DM_CC.docx", "P_L_DM_CC"],
)
def test_other_names_give_none(text: str) -> None:
    assert parse_name(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "P7_L_DM_MLO (1).jpg",
        "P7_L_DM_MLO - Copy.jpg",
        "P7_L_DM_MLO - Copy (2).jpg",
        "P7_L_DM_MLO copy.png",
        "P7_L_DM_MLO.jpg.jpg",
        "P7_L_DM_MLO.jpg (1).jpg",
        "P7_L_DM_MLO_resized.png",
        "P7_L_DM_MLO_resized (3).png",
        "P7-L-DM-MLO.jpg",
        "P7 L DM MLO.tiff",
        "P7_L_DM_MLO.jpg",
    ],
)
def test_files_that_were_copied_or_resized_keep_their_name(text: str) -> None:
    assert parse_file_name(text) == ImageName(7, "L", "MLO", 1, "DM")


@pytest.mark.parametrize(
    "text",
    ["P7_L_DM_ML.jpg", "P7_L_DM_MLO_mask.png", "copy.jpg", "P7_L_DM_MLO_cropped.jpg", "P٧_L_DM_CC"],
)
def test_files_with_other_names_give_none(text: str) -> None:
    assert parse_file_name(text) is None


def test_partner_of_partner_is_the_image_itself() -> None:
    name = parse_name("P99_L_DM_MLO_2")
    assert name is not None
    assert name.partner == parse_name("P99_L_CM_MLO2")
    assert name.partner.partner == name


@given(st.text(max_size=30))
def test_any_text_is_parsed_without_error(text: str) -> None:
    found = parse_name(text) or parse_file_name(text)
    assert found is None or found.view in ("CC", "MLO")
