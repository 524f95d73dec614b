"""The Explore page in a browser, on the built-in library."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page

from tests.conftest import TINY_LAYERS
from tests.e2e import explore
from tests.e2e.conftest import Server
from tests.e2e.expecting import expect
from tests.e2e.level_cases import first_case, same_area
from xai_core.cases.sources.library import PhantomLibrary
from xai_core.explain.explainer import Explainer
from xai_core.explain.request import CaseRequest, ExplainRequest
from xai_core.model.classifier import Classifier
from xai_core.phantom.kinds import LESION_KINDS
from xai_core.types import BENIGN, PAPER_LEVELS, CaseRecord, Outcome
from xai_core.ui.address import write_address
from xai_core.ui.case_filter import CaseFilter
from xai_core.ui.case_tile import make_tile

pytestmark = pytest.mark.e2e
Visit = Callable[[str], Page]


@pytest.fixture(scope="module")
def case_with_small_levels(tiny_weights: Path) -> str:
    """A case for which the two smallest levels alone give a map, and so curves, and all ten keep
    different areas, so that each has a switch.

    It is searched for, because the network is random.
    """
    explainer, library = Explainer(Classifier.open(tiny_weights, "cpu", 8)), PhantomLibrary()
    for record in library.records():
        request = ExplainRequest("hybrid-cam", TINY_LAYERS[1], curves="none").with_options(
            levels=PAPER_LEVELS[:2]
        )
        case = library.load(record.id)
        found = explainer.explain(case, request)
        if found.target != BENIGN or max(level.delta for level in found.levels) <= 0.01:
            continue
        ten = explainer.explain(case, request.with_options(levels=PAPER_LEVELS))
        if len(same_area(ten)) == len(PAPER_LEVELS):
            return record.id
    pytest.fail("no case of the library has a map of levels 1 and 2 %")


def tile_leads() -> list[str]:
    """The first line of the tile of every finding that the lexicon has."""
    leads = set()
    for kind in LESION_KINDS.values():
        for values in itertools.product(*kind.terms.values()):
            words = kind.finding or (lambda _, name=kind.name: name)
            finding = words(dict(zip(kind.terms, values, strict=True)))
            record = CaseRecord(id="A", source="s", patient_id="P", findings=(finding,))
            leads.add(make_tile(record, None).lead)
    return sorted(leads)


def test_layer_method_and_levels_change_the_curves(
    small: Server, visit: Visit, case_with_small_levels: str
) -> None:
    page = visit(f"{small.url}/?case={case_with_small_levels}")
    fine = explore.auc_texts(page, "Grad-CAM, Stage 3 Block 6")
    source = explore.map_digest(page, "Grad-CAM, Stage 3 Block 6")

    explore.choose(page, "Stage 4 Block 2")
    expect(page).to_have_url(re.compile(r"layer=stages\.3\.blocks\.1"))
    coarse = explore.auc_texts(page, "Grad-CAM, Stage 4 Block 2")
    assert coarse != fine
    assert explore.map_digest(page, "Grad-CAM, Stage 4 Block 2") != source

    explore.choose(page, "Hybrid-CAM")
    hybrid = "Hybrid-CAM, Stage 4 Block 2, benign, levels"
    ten = explore.auc_texts(page, f"{hybrid} 1, 2, 3, 5, 10, 20, 35, 50, 70, 90 %")
    bars = page.get_by_role("group", name=re.compile("^Area levels: ")).get_by_role("button")
    expect(bars).to_have_count(10)

    explore.level(page, "90").click()
    expect(explore.level(page, "90")).to_have_attribute("aria-pressed", "false")
    for percent in ("70", "50", "35", "20", "10", "5", "3"):
        explore.level(page, percent).click()
        expect(explore.level(page, percent)).to_have_attribute("aria-pressed", "false")
    expect(page).to_have_url(re.compile(r"levels=1(%2C|,)2$"))
    two = explore.auc_texts(page, f"{hybrid} 1, 2 %")
    expect(bars.and_(page.locator("[aria-pressed=true]"))).to_have_count(2)
    assert two != ten

    explore.choose(page, "Grad-CAM")
    # Grad-CAM does not depend on the levels.
    assert explore.auc_texts(page, "Grad-CAM, Stage 4 Block 2") == coarse
    explore.choose(page, "Hybrid-CAM")
    assert explore.auc_texts(page, f"{hybrid} 1, 2 %") == two  # the levels were kept


def test_a_range_of_levels_is_chosen_and_own_levels_are_added(
    small: Server, visit: Visit, tiny_weights: Path
) -> None:
    case_id = first_case(tiny_weights, merged=False, layer=TINY_LAYERS[0]).case_id
    page = visit(f"{small.url}/?case={case_id}&method=hybrid-cam&curves=none")
    explore.wait_until_done(page)
    end = page.get_by_role("slider", name="Largest area level")
    end.focus()
    for _ in range(4):
        end.press("ArrowLeft")
    expect(explore.level(page, "35")).to_have_attribute("aria-pressed", "false")
    expect(explore.level(page, "10")).to_have_attribute("aria-pressed", "true")

    expect(end).to_be_focused()

    box = page.get_by_role("textbox", name="Own levels, %")
    box.fill("15, 7.5")
    box.press("Enter")
    expect(explore.level(page, "7.5")).to_have_attribute("aria-pressed", "true")
    expect(page).to_have_url(re.compile(r"7\.5.*15"))

    expect(box).to_have_value("")
    expect(box).to_be_focused()
    page.keyboard.type("120")
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile("Area levels are .*120"))).to_be_visible()
    expect(box).to_have_value("")
    box.fill("a lot")
    box.press("Enter")
    expect(page.get_by_text(re.compile("is not a list of numbers"))).to_be_visible()
    expect(explore.level(page, "7.5")).to_have_attribute("aria-pressed", "true")


def test_the_address_restores_the_request(small: Server, visit: Visit, tiny_weights: Path) -> None:
    fields = {"layer": TINY_LAYERS[1], "target": "benign"}
    case_id = first_case(tiny_weights, merged=False, skip=1, **fields).case_id
    ids = [record.id for record in PhantomLibrary().records()]
    page = visit(f"{small.url}/?case={ids[ids.index(case_id) - 1]}")
    explore.wait_until_done(page)
    page.get_by_role("button", name=re.compile("^Next")).click()
    expect(explore.tile(page, case_id)).to_be_checked()
    explore.choose(page, "Hybrid-CAM")
    explore.choose(page, "Stage 4 Block 2")
    explore.choose(page, "benign")
    explore.level(page, "50").click()
    expect(page).to_have_url(re.compile(r"target=benign.*levels=|levels=.*target=benign"))
    what = "Hybrid-CAM, Stage 4 Block 2, benign, levels 1, 2, 3, 5, 10, 20, 35, 70, 90 %"
    seen = (
        explore.auc_texts(page, what),
        explore.map_digest(page, what),
        explore.scale_maximum(page),
    )

    again = visit(page.url)
    found = (
        explore.auc_texts(again, what),
        explore.map_digest(again, what),
        explore.scale_maximum(again),
    )
    assert found == seen
    expect(explore.tile(again, case_id)).to_be_checked()
    for chosen in ("Hybrid-CAM", "Stage 4 Block 2", "benign"):
        expect(again.get_by_role("radio", name=chosen, exact=True)).to_be_checked()
    expect(explore.level(again, "50")).to_have_attribute("aria-pressed", "false")


def test_unusable_address_parameters_are_listed_and_left_out(small: Server, visit: Visit) -> None:
    page = visit(f"{small.url}/?case=../../etc/passwd&method=magic&layer=x&levels=0,200")
    main = page.get_by_test_id("stMain")
    expect(main.get_by_text("The address names the case")).to_contain_text("../../etc/passwd")
    expect(main.get_by_text("The address names the method")).to_contain_text("magic")
    expect(main.get_by_text("The address names the layer")).to_be_visible()
    expect(main.get_by_text("The address's levels were left out")).to_be_visible()
    expect(explore.tile(page, "PH-0001")).to_be_checked()
    explore.wait_until_done(page)
    page.get_by_role("button", name=re.compile("^Next")).click()
    expect(main.get_by_text("The address names the case")).to_have_count(0)


def test_two_sessions_at_once_get_their_own_maps(
    small: Server, visit: Visit, tiny_weights: Path
) -> None:
    requests = [
        CaseRequest("PH-0007", ExplainRequest("grad-cam", target="malignant", curves="none")),
        CaseRequest("PH-0008", ExplainRequest("hybrid-cam", target="benign", curves="none")),
    ]
    pages = [visit(f"{small.url}/?{urlencode(write_address(r))}") for r in requests]
    explainer, library = Explainer(Classifier.open(tiny_weights, "cpu", 8)), PhantomLibrary()
    for page, shown in zip(pages, requests, strict=True):
        explore.wait_until_done(page)
        heatmap = explainer.explain(library.load(shown.case_id), shown.request).heatmap
        assert heatmap is not None
        assert float(explore.scale_maximum(page)) == pytest.approx(heatmap.scale, rel=6e-3)
        expect(explore.original(page, shown.case_id)).to_be_visible()


def test_cases_are_filtered_by_outcome_and_truth(small: Server, visit: Visit) -> None:
    page = visit(f"{small.url}/?curves=none")
    explore.wait_until_done(page)
    expect(page.get_by_text("predicted so far")).to_have_count(0)  # all cases are predicted
    cells = {outcome: explore.outcome_cell(page, outcome) for outcome in Outcome}
    by_outcome = {outcome: explore.count_of(cell) for outcome, cell in cells.items()}
    records = PhantomLibrary().records()
    assert sum(by_outcome.values()) == len(records)
    first, second = sorted(by_outcome, key=lambda outcome: -by_outcome[outcome])[:2]
    cells[first].focus()
    page.keyboard.press("Space")
    expect(cells[first]).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_text(re.compile(f"\\b{by_outcome[first]} shown"))).to_be_visible()
    tiles = explore.tiles(page)
    expect(tiles).to_have_count(min(24, by_outcome[first]))
    named = page.get_by_role("radio", name=re.compile(f", {first},"))
    expect(tiles.and_(named)).to_have_count(min(24, by_outcome[first]))
    # A second outcome adds its cases; the counts of the outcomes are those of the other filters.
    cells[second].click()
    both = by_outcome[first] + by_outcome[second]
    expect(page.get_by_text(re.compile(f"\\b{both} shown"))).to_be_visible()
    assert {outcome: explore.count_of(cell) for outcome, cell in cells.items()} == by_outcome

    page.get_by_role("button", name="Clear filters").click()
    expect(cells[first]).to_have_attribute("aria-pressed", "false")
    normal = sum(r.pathology == "normal" for r in records)
    truth = explore.filter_value(page, "truth normal")
    expect(truth).to_have_accessible_name(f"truth normal: {normal} cases")
    truth.click()
    expect(page.get_by_text(re.compile(f"\\b{normal} shown"))).to_be_visible()
    for outcome in (Outcome.TP, Outcome.FN):  # no normal case is one
        expect(cells[outcome]).to_have_accessible_name(re.compile(": 0 cases$"))
    page.get_by_role("button", name=re.compile("^Next")).click()
    shown = explore.original(page)
    following = next(r.id for r in records[1:] if r.pathology == "normal")
    expect(shown).to_have_accessible_name(f"The mammogram {following} as it is")
    expect(page.get_by_text("normal (counts as benign)")).to_be_visible()


def test_the_counts_follow_the_search(small: Server, visit: Visit) -> None:
    page = visit(f"{small.url}/?curves=none")
    explore.wait_until_done(page)
    expect(page.get_by_text("predicted so far")).to_have_count(0)
    page.get_by_role("searchbox").fill("malignant mlo")
    records = {record.id: record for record in PhantomLibrary().records()}
    found = len(CaseFilter(search="malignant mlo").apply(records, {}))
    expect(page.get_by_text(re.compile(f"\\b{found} shown"))).to_be_visible()
    assert sum(explore.count_of(explore.outcome_cell(page, o)) for o in ("TP", "FN")) == found
    assert sum(explore.count_of(explore.outcome_cell(page, o)) for o in ("FP", "TN")) == 0
    expect(explore.filter_value(page, "view CC")).to_have_accessible_name("view CC: 0 cases")
    expect(explore.filter_value(page, "view MLO")).to_have_accessible_name(
        f"view MLO: {found} cases"
    )


def test_the_filters_are_kept_in_the_address_and_restored(small: Server, visit: Visit) -> None:
    page = visit(f"{small.url}/?curves=none")
    explore.wait_until_done(page)
    expect(page.get_by_text("predicted so far")).to_have_count(0)
    explore.outcome_cell(page, "TN").click()
    expect(page).to_have_url(re.compile("outcome=TN"))
    explore.outcome_cell(page, "FN").click()
    expect(page).to_have_url(re.compile("outcome=FN(%2C|,)TN"))
    explore.filter_value(page, "view MLO").click()
    expect(page).to_have_url(re.compile("projection=MLO"))
    page.get_by_role("searchbox").fill("right")
    expect(page).to_have_url(re.compile("find=right"))
    status = page.locator(".cases .status")
    expect(status).to_have_text(re.compile("shown"))

    for address in (page.url, page.url.replace("/explore", "/features")):
        again = visit(address)
        for outcome in ("TN", "FN"):
            cell = explore.outcome_cell(again, outcome)
            expect(cell).to_have_attribute("aria-pressed", "true")
        value = explore.filter_value(again, "view MLO")
        expect(value).to_have_attribute("aria-pressed", "true")
        expect(again.get_by_role("searchbox")).to_have_value("right")
        expect(again.locator(".cases .status")).to_have_text(status.inner_text())
        assert "find=right" in again.url

    # Another page keeps it; a cleared filter leaves the address; back restores it.
    page.get_by_role("link", name="Compare").click()
    expect(page).to_have_url(re.compile("compare.*outcome=FN(%2C|,)TN"))
    expect(page).to_have_url(re.compile("view=methods"))
    expect(explore.outcome_cell(page, "TN")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Clear filters").click()
    expect(page).not_to_have_url(re.compile("outcome=|projection="))
    expect(page).to_have_url(re.compile("find=right"))
    page.go_back()
    expect(explore.outcome_cell(page, "TN")).to_have_attribute("aria-pressed", "true")
    expect(page).to_have_url(re.compile("outcome=FN(%2C|,)TN"))


def test_unusable_filters_of_an_address_are_told(small: Server, visit: Visit) -> None:
    page = visit(f"{small.url}/explore?curves=none&outcome=TP,maybe&density=Z&find=mlo")
    main = page.get_by_test_id("stMain")
    expect(main.get_by_text("The address's outcome names “maybe”")).to_be_visible()
    expect(main.get_by_text("The address's density names “Z”")).to_be_visible()
    expect(explore.outcome_cell(page, "TP")).to_have_attribute("aria-pressed", "true")
    expect(page).to_have_url(re.compile("outcome=TP&|outcome=TP$"))
    expect(page).not_to_have_url(re.compile("density="))


def test_an_empty_list_offers_ways_out(small: Server, visit: Visit) -> None:
    records = {record.id: record for record in PhantomLibrary().records()}
    normal = len(CaseFilter(search="normal").apply(records, {}))
    page = visit(f"{small.url}/explore?curves=none&truth=malignant&find=normal")
    explore.wait_until_done(page)
    status = page.locator(".cases .status")
    expect(status).to_have_text("No case matches the search “normal” and truth malignant.")
    page.get_by_role("button", name=f"Show {normal} cases without filters").click()
    expect(explore.tiles(page)).to_have_count(min(24, normal))
    expect(page.get_by_role("searchbox")).to_have_value("normal")
    expect(page).not_to_have_url(re.compile("truth="))
    page.get_by_role("searchbox").fill("spiculated mn")
    expect(status).to_have_text("No case matches the search “spiculated mn”.")
    page.get_by_role("button", name="Clear the search").click()
    expect(page.get_by_role("searchbox")).to_have_value("")
    expect(explore.tiles(page)).to_have_count(24)
    expect(page).not_to_have_url(re.compile("find="))


def test_no_deciding_cue_is_cut_off_in_a_narrow_tile(small: Server, visit: Visit) -> None:
    """Every finding that the lexicon has, in a tile of 110 px."""
    page = visit(f"{small.url}/explore?curves=none")
    explore.wait_until_done(page)
    expect(explore.tiles(page)).to_have_count(24)
    cut = page.locator(".tiles").evaluate(
        """(place, cues) => {
          place.style.gridTemplateColumns = "110px";
          const lead = place.querySelector(".lead");
          lead.style.overflowWrap = "normal"; // words are broken at hyphens alone
          return cues.filter((cue) => {
            lead.textContent = cue;
            return lead.scrollHeight > lead.clientHeight || lead.scrollWidth > lead.clientWidth;
          });
        }""",
        tile_leads(),
    )
    assert cut == []


def test_keys_go_to_the_next_and_the_previous_case(small: Server, visit: Visit) -> None:
    ids = [record.id for record in PhantomLibrary().records()]
    page = visit(f"{small.url}/?case={ids[2]}&curves=none")
    explore.wait_until_done(page)
    explore.press_step_key(page, "n")
    expect(explore.tile(page, ids[3])).to_be_checked()
    explore.wait_until_done(page)
    explore.press_step_key(page, "p")
    expect(explore.tile(page, ids[2])).to_be_checked()
    explore.wait_until_done(page)
    explore.tile(page, ids[2]).focus()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile(rf"case={ids[4]}\b"))
    explore.wait_until_done(page)
    expect(explore.tile(page, ids[4])).to_be_focused()


def test_baselines_are_measured_on_demand(small: Server, visit: Visit) -> None:
    page = visit(f"{small.url}/?case=PH-0004")
    explore.wait_until_done(page)
    page.get_by_role("button", name="Measure baselines").click()
    expect(page.get_by_role("cell", name=re.compile("Random, mean of"))).to_be_visible()
    expect(page.locator(".st-key-curve-figure .scatterlayer .trace")).to_have_count(10)
    # The baseline orders are requested for one map at a time, so another map lacks them.
    explore.choose(page, "Stage 4 Block 2")
    expect(page.get_by_role("button", name="Measure baselines")).to_be_visible()


def test_cases_are_found_by_search_words_and_by_turning_pages(small: Server, visit: Visit) -> None:
    records = PhantomLibrary().records()
    page = visit(f"{small.url}/?case={records[0].id}&curves=none")
    explore.wait_until_done(page)
    tiles = explore.tiles(page)
    expect(tiles).to_have_count(24)
    expect(tiles.locator("img")).to_have_count(24)  # every thumbnail is made
    page.get_by_role("button", name="Page after").click()
    expect(explore.tile(page, records[24].id)).to_be_visible()
    expect(explore.tile(page, records[0].id)).to_have_count(0)

    box = page.get_by_role("searchbox")
    box.click()
    page.keyboard.type("spiculated mn")  # n and p are shortcuts outside the search box
    expect(page.get_by_text(re.compile("No case matches"))).to_be_visible()
    assert f"case={records[0].id}" in page.url
    box.fill("spiculated mlo")
    matching = [
        r.id
        for r in records
        if r.view == "MLO" and any("spiculated" in finding for finding in r.findings)
    ]
    expect(page.get_by_text(re.compile(f"\\b{len(matching)} shown"))).to_be_visible()
    explore.tile(page, matching[1]).click()
    expect(page).to_have_url(re.compile(rf"case={matching[1]}\b"))
    explore.wait_until_done(page)
    expect(box).to_have_value("spiculated mlo")


def test_a_second_methods_curves_are_drawn_in_the_same_plot(
    small: Server, visit: Visit, case_with_small_levels: str
) -> None:
    page = visit(f"{small.url}/?case={case_with_small_levels}&layer={TINY_LAYERS[1]}")
    explore.wait_until_done(page)
    page.get_by_role("radio", name="+ Hybrid-CAM").click()
    legend = page.locator(".st-key-curve-figure .legendtext")
    expect(legend).to_have_count(4)
    expect(legend.filter(has_text="Hybrid-CAM insertion")).to_have_count(1)
    expect(page).to_have_url(re.compile("beside=hybrid-cam"))
    again = visit(page.url)
    expect(again.locator(".st-key-curve-figure .legendtext")).to_have_count(4)


def test_a_method_from_the_list_takes_the_place_of_one_with_a_button(
    small: Server, visit: Visit
) -> None:
    """All methods are within reach in one line at 1440 px: three buttons and a list."""
    page = visit(f"{small.url}/explore?case=PH-0005&curves=none")
    explore.wait_until_done(page, "Grad-CAM")
    explore.choose_listed(page, "Eigen-CAM")
    explore.wait_until_done(page, "Eigen-CAM")
    expect(page.get_by_role("radio", name="Grad-CAM", exact=True)).not_to_be_checked()
    explore.choose(page, "Grad-CAM")
    explore.wait_until_done(page, "Grad-CAM")
    expect(page.get_by_role("combobox", name="Other methods")).to_have_value("")
    explore.choose_listed(page, "Eigen-CAM")
    explore.wait_until_done(page, "Eigen-CAM")
    method = page.get_by_role("radio", name="Grad-CAM", exact=True).bounding_box()
    target = page.get_by_role("radio", name="malignant", exact=True).bounding_box()
    assert method is not None
    assert target is not None
    assert method["y"] == target["y"]
