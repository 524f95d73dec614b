"""The Compare page on the stand-in service: requests, panels, address and figure sheet."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from tests.conftest import BUILT_IN_LAYERS
from tests.ui.pages import compare_page
from tests.ui.stand_in_service import (
    CLASSIFIER,
    StandInService,
    answer_without_evidence,
    explained,
    page_text,
    use_stand_in,
    without_error,
)
from xai_core.cam import PAPER_METHODS
from xai_core.explain.explanation import JobSnapshot, Status
from xai_core.explain.request import CaseRequest
from xai_core.faithfulness.metric import Measurement
from xai_core.types import MapState
from xai_core.ui.compare import captions, export, panels
from xai_core.ui.compare.panels import FIGURE_LAYOUT, Comparison, read_comparison, write_comparison
from xai_core.viz.figure_sheet import FigureSheet

IDS = ("TP-1", "TP-2", "TN-1", "TN-2")


@pytest.fixture
def stand_in() -> Iterator[StandInService]:
    with use_stand_in() as stand_in:
        yield stand_in


def opened(**address: str) -> AppTest:
    page = AppTest.from_function(compare_page, default_timeout=60)
    for name, value in address.items():
        page.query_params[name.replace("_", "-")] = value
    return without_error(page.run())


def finished(stand_in: StandInService, page: AppTest) -> AppTest:
    stand_in.finish()
    return without_error(page.run())


def address(page: AppTest) -> dict[str, str]:
    """The address now; AppTest keeps lists for parameters that the test set."""
    parameters = page.query_params.items()
    return {key: value if isinstance(value, str) else value[-1] for key, value in parameters}


def downloads(page: AppTest) -> list[bool]:
    """Whether each download button is enabled."""
    return [not button.proto.disabled for button in page.get("download_button")]


# --- methods by layers ----------------------------------------------------------------------


def test_every_method_at_every_layer_is_requested_without_curves(stand_in: StandInService) -> None:
    page = opened(case="TP-2", target="benign")
    assert len(stand_in.asked) == len(set(stand_in.asked)) == 6
    assert {(asked.request.layer, asked.request.method) for asked in stand_in.asked} == {
        (layer, method)
        for layer in BUILT_IN_LAYERS
        for method in ("score-cam", "grad-cam", "hybrid-cam")
    }
    last_two = [asked.request.method for asked in stand_in.asked[4:]]
    assert last_two == ["score-cam"] * 2  # quick methods come first
    assert {(a.case_id, a.request.target, a.request.curves) for a in stand_in.asked} == {
        ("TP-2", "benign", "none")
    }
    assert downloads(page) == [False, False]
    assert any(button.label == "Stop" for button in page.button)


def test_a_map_without_a_class_names_no_class_score(stand_in: StandInService) -> None:
    page = finished(stand_in, opened(case="TP-1", methods="grad-cam,eigen-cam"))
    assert page_text(page).count("The same for every class; activation along") == 2
    assert page_text(page).count("Malignant class score (class 1)") == 2


def test_panels_fill_in_and_name_the_class_score(stand_in: StandInService) -> None:
    page = opened(case="TP-1")
    assert "class score" not in page_text(page)
    stand_in.finish(stand_in.asked[:2])
    page = without_error(page.run())
    assert page_text(page).count("Malignant class score (class 1)") == 2
    page = finished(stand_in, page)
    text = page_text(page)
    assert text.count("Malignant class score (class 1)") == 6
    assert "Stage 3 Block 9 (finer, 24 x 24 fields)" in text
    assert "Stage 4 Block 3 (coarser, 12 x 12 fields)" in text
    assert "All 6 panels ready." in text
    assert downloads(page) == [True, True]
    assert "AUC" not in text
    assert "were blurred" not in text


def test_a_case_predicted_benign_is_explained_for_the_benign_score(
    stand_in: StandInService,
) -> None:
    page = finished(stand_in, opened(case="TN-1"))
    assert page_text(page).count("Benign class score (class 0)") == 6


def test_curves_are_measured_after_the_maps_and_only_if_switched_on(
    stand_in: StandInService,
) -> None:
    page = opened(case="TP-1", curves_too="on")
    assert {asked.request.curves for asked in stand_in.asked} == {"none"}
    page = finished(stand_in, page)
    assert [asked.request.curves for asked in stand_in.asked].count("adaptive") == 6
    page = finished(stand_in, page)
    assert page_text(page).count("Insertion AUC 0.900") == 6
    page.toggle[0].set_value(False).run()
    assert not stand_in.asked  # the maps are known together with their curves
    assert page_text(page).count("Insertion AUC 0.900") == 6  # areas known of all are shown anyway
    assert "curves-too" not in address(page)


def test_areas_are_shown_of_all_panels_or_of_none(stand_in: StandInService) -> None:
    page = finished(stand_in, opened(case="TP-1", curves_too="on"))
    assert "Areas under the curves: 0 of 6 measured; they are shown once all are." in page_text(
        page
    )
    curves = [asked for asked in stand_in.asked if asked.request.curves == "adaptive"]
    for done in range(1, 6):
        stand_in.finish(curves[done - 1 : done])
        text = page_text(without_error(page.run()))
        assert f"Areas under the curves: {done} of 6 measured; they are shown once" in text
        assert text.count("Measured.") == done
        assert "AUC" not in text
    stand_in.finish(curves[5:])
    text = page_text(without_error(page.run()))
    assert text.count("Insertion AUC 0.900") == text.count("Deletion AUC 0.200") == 6
    assert "Areas under the curves: 6 of 6 measured. " in text
    assert text.count("were blurred") == 1


def test_a_panel_whose_areas_will_not_come_is_named(stand_in: StandInService) -> None:
    """A failed measurement and a map that shows nothing do not hold the others' areas back."""
    page = opened(case="TP-1", curves_too="on")
    stand_in.finish()
    answer_without_evidence(stand_in, stand_in.asked[0])
    page = without_error(page.run())
    assert "Areas under the curves: 0 of 5 measured;" in page_text(page)
    curves = [asked for asked in stand_in.asked if asked.request.curves == "adaptive"]
    answer_without_evidence(stand_in, curves[0])
    stand_in.answers[curves[1].canonical()] = JobSnapshot(Status.FAILED, error="It broke.")
    page = without_error(page.run())
    assert "Areas under the curves: 0 of 5 measured, 1 failed; they are shown" in page_text(page)
    stand_in.finish(curves[2:])
    text = page_text(without_error(page.run()))
    assert text.count("Insertion AUC 0.900") == 4
    assert text.count("No areas: the map shows nothing to rank.") == 1
    assert text.count("No areas: the measurement failed.") == 1
    assert "It broke." in text
    assert "Areas under the curves: 4 of 5 measured, 1 failed. " in text


def test_stopped_measurements_hide_all_areas_until_they_go_on(stand_in: StandInService) -> None:
    page = finished(stand_in, opened(case="TP-1", curves_too="on"))
    curves = [asked for asked in stand_in.asked if asked.request.curves == "adaptive"]
    stand_in.finish(curves[:3])
    page = without_error(page.run())
    next(b for b in page.button if b.label == "Stop").click()
    text = page_text(without_error(page.run()))
    assert "Areas under the curves: 3 of 6 measured; they are shown once all are." in text
    assert "AUC" not in text


def test_curves_measured_on_another_page_are_kept_for_a_board_that_has_all(
    stand_in: StandInService,
) -> None:
    stand_in.finish(
        [CaseRequest("TP-1").change(layer=BUILT_IN_LAYERS[0], curves="full", reliability=True)]
    )
    page = opened(case="TP-1")
    text = page_text(page)
    assert text.count("Malignant class score") == 1  # the map of the known curves
    assert len(stand_in.asked) == 5
    text = page_text(finished(stand_in, page))
    assert "AUC" not in text  # beside five maps without
    assert "Areas under the curves" not in text
    page.toggle[0].set_value(True).run()
    assert "Areas under the curves: 1 of 6 measured;" in page_text(page)


def test_stop_and_continue(stand_in: StandInService) -> None:
    page = opened(case="TP-1")
    stand_in.finish(stand_in.asked[:1])
    next(b for b in page.button if b.label == "Stop").click()
    page = without_error(page.run())
    assert "1 of 6 panels ready; the others were stopped" in page_text(page)
    assert downloads(page) == [False, False]
    next(b for b in page.button if b.label == "Continue").click()
    page = without_error(page.run())
    assert all(snapshot.status is Status.DONE for snapshot in stand_in.answers.values())
    assert any(b.label == "Stop" for b in page.button)


def test_a_map_without_evidence_is_explained_in_words(stand_in: StandInService) -> None:
    page = opened(case="TP-1")
    stand_in.finish()
    answer_without_evidence(stand_in, stand_in.asked[0])
    page = without_error(page.run())
    assert page_text(page).count("No positive evidence") == 1
    assert downloads(page) == [True, True]


def test_an_unreadable_case_shows_a_sentence_in_its_rows(stand_in: StandInService) -> None:
    stand_in.unreadable = ("TP-1",)
    page = opened(case="TP-1")
    assert "is damaged" in page_text(page)


# --- Figure 3 -------------------------------------------------------------------------------


def test_choosing_figure_3_shows_the_first_true_positive_and_true_negative(
    stand_in: StandInService,
) -> None:
    page = opened(case="TN-2")
    page.segmented_control[0].set_value(FIGURE_LAYOUT).run()
    without_error(page)
    assert {(a.case_id, a.request.method, a.request.layer) for a in stand_in.asked} == {
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
    text = page_text(page)
    assert text.count("Malignant class score") == text.count("Benign class score") == 3
    assert "true positive (TP)" in text
    assert downloads(page) == [True, True]


def test_other_cases_can_be_chosen_for_figure_3(stand_in: StandInService) -> None:
    page = opened(view="figure3")
    assert [box.options[0].split(",")[0] for box in page.selectbox] == ["TP-1", "TN-1"]
    page.selectbox[0].set_value("TP-2").run()
    without_error(page)
    assert {asked.case_id for asked in stand_in.asked} == {"TP-2", "TN-1"}
    assert address(page)["tp"] == "TP-2"


def test_figure_3_waits_for_predictions(stand_in: StandInService) -> None:
    stand_in.known_predictions = {}
    page = opened(view="figure3")
    assert "none among the cases predicted so far" in page_text(page)
    assert stand_in.asked == ()
    stand_in.predict_all()
    page = without_error(page.run())
    assert {asked.case_id for asked in stand_in.asked} == {"TP-1", "TN-1"}


def test_a_case_of_another_outcome_is_titled_with_its_real_outcome(
    stand_in: StandInService,
) -> None:
    page = opened(view="figure3", tp="TN-2")
    assert "Phantom TN-2: true negative" in page_text(page)


# --- addresses ------------------------------------------------------------------------------


def test_an_address_is_restored_and_written_again(stand_in: StandInService) -> None:
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
        Comparison(FIGURE_LAYOUT, curves=True, positive="TP-1", negative="TN-2"),
        Comparison(negative="TN-1", methods=("grad-cam",)),
    ],
)
def test_a_written_comparison_reads_back_the_same(comparison: Comparison) -> None:
    request = CaseRequest("TP-2").change(target="malignant", levels=(5.0,))
    assert read_comparison(write_comparison(comparison, request), IDS) == (comparison, [])


def test_unknown_methods_of_the_address_are_left_out_and_named(stand_in: StandInService) -> None:
    page = opened(methods="nope,eigen-cam")
    assert [warning.value.count("“nope”") for warning in page.warning] == [1]
    assert {asked.request.method for asked in stand_in.asked} == {"eigen-cam"}


def test_unusable_address_parameters_are_listed_in_one_warning(stand_in: StandInService) -> None:
    page = opened(case="x" * 200, view="3d", curves_too="yes", tp="<b>no</b>", target="cat")
    assert len(page.warning) == 1
    warning = page.warning[0].value
    for part in ("the case", "the view", "curves\\-too", "the TP case", "the target"):
        assert part in warning
    assert "<b>" not in warning
    assert {asked.case_id for asked in stand_in.asked} == {"TP-1"}
    page.toggle[0].set_value(True).run()
    assert not without_error(page).warning  # it goes with the next change of the request


# --- the figure sheet -----------------------------------------------------------------------


def figure_sheet(
    stand_in: StandInService, rows: tuple[panels.PanelRow, ...], curves: bool = False
) -> FigureSheet:
    requests = [request for row in rows for request in row.requests]
    for _ in range(2):
        panels.ask_panels(stand_in, requests, curves, "me")  # type: ignore[arg-type]
        stand_in.finish()
    answers = panels.ask_panels(stand_in, requests, curves, "me")  # type: ignore[arg-type]
    titles = dict.fromkeys(rows, "head")
    return export.build(stand_in, "title", rows, titles, answers)  # type: ignore[arg-type]


def test_the_sheet_holds_all_panels_and_every_convention(stand_in: StandInService) -> None:
    sheet = figure_sheet(
        stand_in,
        panels.method_rows(
            "TP-1", PAPER_METHODS, "malignant", (("levels", (1.0, 2.5)),), CLASSIFIER.layers
        ),
        curves=True,
    )
    assert [[p is not None for p in row.panels] for row in sheet.rows] == [
        [True] * 4,
        [False, True, True, True],
    ]
    bars = [p.bar for row in sheet.rows for p in row.panels if p and p.bar]
    assert [bar.ends() for bar in bars] == [("0", "0.25")] * 6
    text = sheet.text()
    for part in (
        "Phantom TP-1 (a synthetic image, not a patient)", "malignant (class 1), as predicted",
        "ab" * 32, "cd" * 32, "trained on phantoms", "Stage 3 Block 9 is stages.2.blocks.8",
        "Score-CAM:", "Grad-CAM:", "Hybrid-CAM:", "Area levels of Hybrid-CAM: 1, 2.5 %",
        "sigma 35 px", "Insertion AUC 0.900", "Deletion AUC 0.200", "24 x 24 patches",
        "decided by the larger logit", "12 % of this model's training pictures were blurred",
    ):  # fmt: skip
        assert part in text
    assert sheet.notes[-1] == captions.SENTENCE
    assert text.endswith(
        "For education only, not a medical device; a heatmap shows what moved this model, not "
        "where disease is."
    )


def test_the_sheet_of_figure_3_names_both_cases_and_no_curves(stand_in: StandInService) -> None:
    sheet = figure_sheet(
        stand_in,
        (
            panels.figure_3_row("TP-1", (), CLASSIFIER.layers),
            panels.figure_3_row("TN-1", (), CLASSIFIER.layers),
        ),
    )
    text = sheet.text()
    assert "Phantom TP-1" in text
    assert "Phantom TN-1" in text
    assert "benign class score (class 0)" in text
    assert "AUC" not in text
    assert [len([p for p in row.panels if p and p.bar]) for row in sheet.rows] == [3, 3]


def test_the_sheet_has_the_areas_of_all_panels_or_of_none(stand_in: StandInService) -> None:
    row = panels.figure_3_row("TP-1", (), CLASSIFIER.layers)
    stand_in.finish([row.requests[0].change(curves="full")])
    text = figure_sheet(stand_in, (row,)).text()
    assert "AUC" not in text
    assert "Insertion and deletion" not in text


def test_a_map_without_evidence_is_a_sentence_on_the_sheet(stand_in: StandInService) -> None:
    row = panels.figure_3_row("TP-1", (), CLASSIFIER.layers)
    panels.ask_panels(stand_in, row.requests, False, "me")  # type: ignore[arg-type]
    stand_in.finish()
    answer_without_evidence(stand_in, row.requests[1])
    answers = panels.ask_panels(stand_in, row.requests, False, "me")  # type: ignore[arg-type]
    sheet = export.build(stand_in, "title", (row,), {row: "head"}, answers)  # type: ignore[arg-type]
    panel = sheet.rows[0].panels[2]
    assert panel is not None
    assert panel.bar is None
    assert "No positive evidence" in panel.lines[0]


def test_a_real_case_is_not_called_a_phantom(stand_in: StandInService) -> None:
    stand_in.cases = {
        k: dataclasses.replace(c, is_phantom=False) for k, c in stand_in.cases.items()
    }
    sheet = figure_sheet(
        stand_in, panels.method_rows("TP-1", PAPER_METHODS, "predicted", (), CLASSIFIER.layers)
    )
    assert "Case TP-1, source test." in sheet.text()


def test_a_nearly_empty_map_is_shown_and_named_with_its_heat_outside(
    stand_in: StandInService,
) -> None:
    row = panels.figure_3_row("TP-1", (), CLASSIFIER.layers)
    request = row.requests[1]
    shown = explained(stand_in.cases["TP-1"], request, MapState.NEARLY_EMPTY)
    shown = dataclasses.replace(shown, metrics={"heat_outside_breast": Measurement(0.25)})
    panels.ask_panels(stand_in, row.requests, False, "me")  # type: ignore[arg-type]
    stand_in.finish()
    stand_in.answers[request.canonical()] = JobSnapshot(Status.DONE, explanation=shown)
    answers = panels.ask_panels(stand_in, row.requests, False, "me")  # type: ignore[arg-type]
    sheet = export.build(stand_in, "title", (row,), {row: "head"}, answers)  # type: ignore[arg-type]
    panel = sheet.rows[0].panels[2]
    assert panel is not None
    assert panel.bar is not None
    assert "nearly empty" in panel.lines[0]
    assert panel.lines[1] == "Outside the breast: 25% of the heat"
