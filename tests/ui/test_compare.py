"""The Compare page on a service without a network: what it asks for, shows, keeps and exports."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from tests.conftest import BUILT_IN_LAYERS
from tests.ui.pages import compare_page
from tests.ui.stand_in_service import CLASSIFIER, StandInService, clean, empty_map, on_duty, words
from xai_core.cam import PAPER_METHODS
from xai_core.explain.explanation import Status
from xai_core.explain.request import CaseRequest
from xai_core.ui.compare import captions, export, panels
from xai_core.ui.compare.panels import FIGURE_VIEW, Comparison, read_comparison, write_comparison

IDS = ("TP-1", "TP-2", "TN-1", "TN-2")


@pytest.fixture
def stand_in() -> Iterator[StandInService]:
    with on_duty() as stand_in:
        yield stand_in


def opened(**address: str) -> AppTest:
    page = AppTest.from_function(compare_page, default_timeout=60)
    for name, value in address.items():
        page.query_params[name.replace("_", "-")] = value
    return clean(page.run())


def finished(stand_in: StandInService, page: AppTest) -> AppTest:
    stand_in.finish()
    return clean(page.run())


def address(page: AppTest) -> dict[str, str]:
    """The address now: the test gives lists, pages write text."""
    given = page.query_params.items()
    return {key: value if isinstance(value, str) else value[-1] for key, value in given}


def downloads(page: AppTest) -> list[bool]:
    """Of each button to save, whether it can be pressed."""
    return [not button.proto.disabled for button in page.get("download_button")]


# --- the matrix -----------------------------------------------------------------------------


def test_every_method_at_every_layer_is_asked_for_without_curves(stand_in: StandInService) -> None:
    page = opened(case="TP-2", target="benign")
    assert len(stand_in.asked) == len(set(stand_in.asked)) == 6
    assert {(one.request.layer, one.request.method) for one in stand_in.asked} == {
        (layer, method)
        for layer in BUILT_IN_LAYERS
        for method in ("score-cam", "grad-cam", "hybrid-cam")
    }
    assert [one.request.method for one in stand_in.asked[4:]] == [
        "score-cam"
    ] * 2  # what is quick goes first
    assert {(o.case_id, o.request.target, o.request.curves) for o in stand_in.asked} == {
        ("TP-2", "benign", "none")
    }
    assert downloads(page) == [False, False]
    assert any(button.label == "Stop" for button in page.button)


def test_the_matrix_fills_and_names_the_class_s_score(stand_in: StandInService) -> None:
    page = opened(case="TP-1")
    assert "class score" not in words(page)
    stand_in.finish(stand_in.asked[:2])
    page = clean(page.run())
    assert words(page).count("Malignant class score (class 1)") == 2
    page = finished(stand_in, page)
    said = words(page)
    assert said.count("Malignant class score (class 1)") == 6
    assert "Stage 3 Block 9 \\(finer, 24 x 24 fields\\)" in said
    assert "Stage 4 Block 3 \\(coarser, 12 x 12 fields\\)" in said
    assert "All 6 panels ready." in said
    assert downloads(page) == [True, True]
    assert "AUC" not in said


def test_a_case_without_cancer_is_about_the_benign_score(stand_in: StandInService) -> None:
    page = finished(stand_in, opened(case="TN-1"))
    assert words(page).count("Benign class score (class 0)") == 6


def test_curves_come_after_the_maps_and_only_when_wanted(stand_in: StandInService) -> None:
    page = opened(case="TP-1", curves_too="on")
    assert {one.request.curves for one in stand_in.asked} == {"none"}
    page = finished(stand_in, page)
    assert [one.request.curves for one in stand_in.asked].count("adaptive") == 6
    page = finished(stand_in, page)
    assert words(page).count("Insertion AUC 0.900") == 6
    page.toggle[0].set_value(False).run()
    assert not stand_in.asked  # the maps are known with their curves
    assert words(page).count("Insertion AUC 0.900") == 6  # known, so shown
    assert "curves-too" not in address(page)


def test_curves_measured_elsewhere_are_shown_unasked(stand_in: StandInService) -> None:
    stand_in.finish(
        [CaseRequest("TP-1").change(layer=BUILT_IN_LAYERS[0], curves="full", reliability=True)]
    )
    page = opened(case="TP-1")
    said = words(page)
    assert said.count("Deletion AUC 0.200") == 1
    assert said.count("Malignant class score") == 1  # never the areas without their map
    assert len(stand_in.asked) == 5
    assert words(finished(stand_in, page)).count("Deletion AUC 0.200") == 1


def test_stop_and_go_on(stand_in: StandInService) -> None:
    page = opened(case="TP-1")
    stand_in.finish(stand_in.asked[:1])
    next(b for b in page.button if b.label == "Stop").click()
    page = clean(page.run())
    assert "1 of 6 panels ready; the others were stopped" in words(page)
    assert downloads(page) == [False, False]
    next(b for b in page.button if b.label == "Continue").click()
    page = clean(page.run())
    assert all(view.status is Status.DONE for view in stand_in.answers.values())
    assert any(b.label == "Stop" for b in page.button)


def test_a_map_that_says_nothing_is_said_in_words(stand_in: StandInService) -> None:
    page = opened(case="TP-1")
    stand_in.finish()
    empty_map(stand_in, stand_in.asked[0])
    page = clean(page.run())
    assert words(page).count("No positive evidence") == 1
    assert downloads(page) == [True, True]


def test_a_case_that_cannot_be_read_is_one_sentence_a_row(stand_in: StandInService) -> None:
    stand_in.unreadable = ("TP-1",)
    page = opened(case="TP-1")
    assert "is damaged" in words(page)


# --- Figure 3 -------------------------------------------------------------------------------


def test_one_click_shows_figure_3(stand_in: StandInService) -> None:
    page = opened(case="TN-2")
    page.segmented_control[0].set_value(FIGURE_VIEW).run()
    clean(page)
    assert {(one.case_id, one.request.method, one.request.layer) for one in stand_in.asked} == {
        (case, method, layer)
        for case in ("TP-1", "TN-1")
        for method, layer in (
            ("score-cam", BUILT_IN_LAYERS[1]),
            ("grad-cam", BUILT_IN_LAYERS[0]),
            ("hybrid-cam", BUILT_IN_LAYERS[0]),
        )
    }
    assert address(page)["view"] == "figure3"
    assert address(page)["tp"] == "TP-1"
    page = finished(stand_in, page)
    said = words(page)
    assert said.count("Malignant class score") == said.count("Benign class score") == 3
    assert "true positive \\(TP\\)" in said
    assert downloads(page) == [True, True]


def test_other_cases_can_be_chosen(stand_in: StandInService) -> None:
    page = opened(view="figure3")
    assert [box.options[0].split(",")[0] for box in page.selectbox] == ["TP-1", "TN-1"]
    page.selectbox[0].set_value("TP-2").run()
    clean(page)
    assert {one.case_id for one in stand_in.asked} == {"TP-2", "TN-1"}
    assert address(page)["tp"] == "TP-2"


def test_figure_3_waits_for_predictions(stand_in: StandInService) -> None:
    stand_in.said = {}
    page = opened(view="figure3")
    assert "none among the cases predicted so far" in words(page)
    assert stand_in.asked == ()
    stand_in.predict_all()
    page = clean(page.run())
    assert {one.case_id for one in stand_in.asked} == {"TP-1", "TN-1"}


def test_a_case_in_the_wrong_place_is_called_what_it_is(stand_in: StandInService) -> None:
    page = opened(view="figure3", tp="TN-2")
    assert "Phantom TN\\-2\\: true negative" in words(page)


# --- addresses ------------------------------------------------------------------------------


def test_every_state_has_an_address_that_restores_it(stand_in: StandInService) -> None:
    page = opened(view="figure3", case="TN-2", target="benign", tp="TP-2", tn="TN-2",
                  curves_too="on", levels="1,50")  # fmt: skip
    assert address(page) == {
        "view": "figure3", "case": "TN-2", "target": "benign", "levels": "1,50",
        "curves-too": "on", "tp": "TP-2", "tn": "TN-2",
    }  # fmt: skip
    assert not page.warning


@pytest.mark.parametrize(
    "comparison",
    [
        Comparison(),
        Comparison(FIGURE_VIEW, curves=True, positive="TP-1", negative="TN-2"),
        Comparison(negative="TN-1", methods=("grad-cam",)),
    ],
)
def test_what_is_written_is_read(comparison: Comparison) -> None:
    request = CaseRequest("TP-2").change(target="malignant", levels=(5.0,))
    assert read_comparison(write_comparison(comparison, request), IDS) == (comparison, [])


def test_what_an_address_asks_for_wrongly_is_said_once(stand_in: StandInService) -> None:
    page = opened(case="x" * 200, view="3d", curves_too="yes", tp="<b>no</b>", target="cat")
    assert len(page.warning) == 1
    said = page.warning[0].value
    for part in ("the case", "the view", "curves\\-too", "the TP case", "the target"):
        assert part in said
    assert "<b>" not in said
    assert {one.case_id for one in stand_in.asked} == {"TP-1"}
    page.toggle[0].set_value(True).run()
    assert not clean(page).warning  # past, once something else was asked for


# --- the plate ------------------------------------------------------------------------------


def plate(
    stand_in: StandInService, lines: tuple[panels.PanelRow, ...], curves: bool = False
) -> export.FigureSheet:
    requests = [one for line in lines for one in line.requests]
    for _ in range(2):
        panels.ask_panels(stand_in, requests, curves, "me")  # type: ignore[arg-type]
        stand_in.finish()
    answers = panels.ask_panels(stand_in, requests, curves, "me")  # type: ignore[arg-type]
    heads = dict.fromkeys(lines, "head")
    return export.build(stand_in, "title", lines, heads, answers)  # type: ignore[arg-type]


def test_the_plate_holds_what_is_shown_and_every_convention(stand_in: StandInService) -> None:
    made = plate(
        stand_in,
        panels.matrix(
            "TP-1", PAPER_METHODS, "malignant", (("levels", (1.0, 2.5)),), CLASSIFIER.layers
        ),
        curves=True,
    )
    assert [[p is not None for p in row.panels] for row in made.rows] == [
        [True] * 4,
        [False, True, True, True],
    ]
    bars = [p.bar for row in made.rows for p in row.panels if p and p.bar]
    assert [bar.ends() for bar in bars] == [("0", "0.25")] * 6
    text = made.text()
    for part in (
        "Phantom TP-1 (a synthetic image, not a patient)", "malignant (class 1), as predicted",
        "ab" * 32, "cd" * 32, "trained on phantoms", "Stage 3 Block 9 is stages.2.blocks.8",
        "Score-CAM:", "Grad-CAM:", "Hybrid-CAM:", "Area levels of Hybrid-CAM: 1, 2.5 %",
        "sigma 35 px", "Insertion AUC 0.900", "Deletion AUC 0.200", "24 x 24 patches",
    ):  # fmt: skip
        assert part in text
    assert made.notes[-1] == captions.SENTENCE
    assert text.endswith(
        "For education only, not a medical device; a heatmap shows what moved this model, not "
        "where disease is."
    )


def test_the_plate_of_figure_3_names_both_cases_and_no_curves(stand_in: StandInService) -> None:
    made = plate(
        stand_in,
        (
            panels.figure_3("TP-1", (), CLASSIFIER.layers),
            panels.figure_3("TN-1", (), CLASSIFIER.layers),
        ),
    )
    text = made.text()
    assert "Phantom TP-1" in text
    assert "Phantom TN-1" in text
    assert "benign class score (class 0)" in text
    assert "AUC" not in text
    assert [len([p for p in row.panels if p and p.bar]) for row in made.rows] == [3, 3]


def test_a_map_that_says_nothing_is_a_sentence_on_the_plate(stand_in: StandInService) -> None:
    line = panels.figure_3("TP-1", (), CLASSIFIER.layers)
    panels.ask_panels(stand_in, line.requests, False, "me")  # type: ignore[arg-type]
    stand_in.finish()
    empty_map(stand_in, line.requests[1])
    answers = panels.ask_panels(stand_in, line.requests, False, "me")  # type: ignore[arg-type]
    made = export.build(stand_in, "title", (line,), {line: "head"}, answers)  # type: ignore[arg-type]
    panel = made.rows[0].panels[2]
    assert panel is not None
    assert panel.bar is None
    assert "No positive evidence" in panel.lines[0]


def test_a_real_case_is_not_called_a_phantom(stand_in: StandInService) -> None:
    stand_in.cases = {
        k: dataclasses.replace(c, is_phantom=False) for k, c in stand_in.cases.items()
    }
    made = plate(stand_in, panels.matrix("TP-1", PAPER_METHODS, "predicted", (), CLASSIFIER.layers))
    assert "Case TP-1, source test." in made.text()
