"""The components of the list of cases in a blank page: filters, previous and next, the grid."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.expecting import expect
from tests.ui.test_case_filter import OUTCOMES, RECORDS
from xai_core.settings import ASSETS
from xai_core.ui.case_filter import CaseFilter
from xai_core.ui.case_tile import make_tile
from xai_core.ui.filter_panel import panel_data
from xai_core.ui.small_component import component_parts

pytestmark = pytest.mark.e2e

# As Streamlit mounts a component: in a shadow tree, by its script's default function.
_MOUNT = """async ({ html, css, js }) => {
  const host = document.body.appendChild(document.createElement("div"));
  const place = host.attachShadow({ mode: "open" });
  place.innerHTML = `<style>${css}</style>${html}`;
  const script = URL.createObjectURL(new Blob([js], { type: "text/javascript" }));
  const mount = (await import(script)).default;
  window.sent = [];
  const setTriggerValue = (name, value) => window.sent.push([name, value]);
  window.draw = (data) => { window.end = mount({ parentElement: place, data, setTriggerValue }); };
}"""
Draw = Callable[..., None]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 260, "height": 900})
    page = context.new_page()
    page.set_content("<title>list</title><style>body { margin: 0; font: 16px sans-serif }</style>")
    yield page
    context.close()


def mount(page: Page, parts: dict[str, str]) -> Draw:
    """Mount a component; returns what draws it with data."""
    page.evaluate(_MOUNT, parts)
    return lambda **data: page.evaluate("data => draw(data)", data)


def sent(page: Page) -> list[Any]:
    """The messages so far: name and value."""
    messages: list[list[Any]] = page.evaluate("sent")
    return messages


def last_id(page: Page) -> int:
    """The id of the last message through an outbox."""
    number: int = sent(page)[-1][1]["id"]
    return number


def height(page: Page) -> float:
    """The height of all that is drawn, px."""
    pixels: float = page.evaluate("document.body.getBoundingClientRect().height")
    return pixels


# --- filters ---


def filters(case_filter: CaseFilter | None = None, done: int = 3) -> dict[str, Any]:
    return panel_data(case_filter or CaseFilter(), RECORDS, OUTCOMES, (done, 3)) | {"answered": 0}


def test_the_outcomes_are_a_table_of_switches(page: Page) -> None:
    draw = mount(page, component_parts("filters"))
    draw(**filters(CaseFilter(outcomes=frozenset({"TP"}))))
    table = page.get_by_role("table", name="Outcome: the truth by what the model says")
    cells = [
        [cell.get_by_role("button").inner_text().split() for cell in row.get_by_role("cell").all()]
        for row in table.get_by_role("row").all()[2:]
    ]
    assert cells == [[["TP", "1"], ["FN", "0"]], [["FP", "1"], ["TN", "0"]]]
    tp = page.get_by_role("button", name="TP, true positive: 1 case")
    fn = page.get_by_role("button", name="FN, false negative: 0 cases")
    expect(tp).to_have_attribute("aria-pressed", "true")
    expect(fn).to_have_attribute("aria-pressed", "false")
    fn.focus()
    page.keyboard.press("Enter")
    expect(fn).to_have_attribute("aria-pressed", "true")
    assert [name for name, _ in sent(page)] == ["filter"]
    assert sent(page)[0][1]["value"]["outcomes"] == ["TP", "FN"]


def test_choices_faster_than_answers_are_kept(page: Page) -> None:
    draw = mount(page, component_parts("filters"))
    draw(**filters())
    page.get_by_role("button", name="TP,").click()
    page.get_by_role("button", name="FP,").click()
    first = last_id(page)
    draw(**filters())  # a timer's answer, from before the first choice
    assert len(sent(page)) == 1, "the second waits for the answer to the first"
    expect(page.get_by_role("button", name="FP,")).to_have_attribute("aria-pressed", "true")
    draw(**filters(CaseFilter(outcomes=frozenset({"TP"}))) | {"answered": first})
    assert sent(page)[1][1]["value"]["outcomes"] == ["TP", "FP"]
    expect(page.get_by_role("button", name="FP,")).to_have_attribute("aria-pressed", "true")
    draw(**filters() | {"answered": last_id(page)})  # cleared elsewhere
    expect(page.get_by_role("button", name="FP,")).to_have_attribute("aria-pressed", "false")


def test_the_other_fields_are_counted_and_cleared_with_the_outcomes(page: Page) -> None:
    draw = mount(page, component_parts("filters"))
    draw(**filters())
    clear = page.get_by_role("button", name="Clear filters")
    expect(clear).to_be_hidden()
    page.get_by_text("More filters").click()
    group = page.get_by_role("group", name="Density (ACR)")
    group.get_by_role("button", name="density C: 1 case").click()
    page.get_by_role("button", name="TN,").click()
    expect(page.get_by_text("More filters, 1 in use")).to_be_visible()
    draw(**filters() | {"answered": last_id(page)})
    sent_before = len(sent(page))
    assert sent_before == 2
    draw(**filters(CaseFilter(densities=frozenset({"C"}))) | {"answered": last_id(page)})
    clear.click()
    assert not any(sent(page)[-1][1]["value"].values())
    expect(clear).to_be_hidden()
    expect(page.get_by_text("More filters", exact=True)).to_be_focused()


def test_nothing_moves_when_predictions_arrive(page: Page) -> None:
    draw = mount(page, component_parts("filters"))
    places = """() => {
      const root = document.querySelector("div").shadowRoot;
      return [...root.querySelectorAll("button, th, summary, legend, .title")].map((e) => {
        const box = e.getBoundingClientRect();
        return [e.tagName, box.x, box.y, box.width, box.height];
      });
    }"""
    draw(**filters(done=0))
    page.get_by_text("More filters").click()
    expect(page.get_by_text("0 of 3 predicted so far")).to_be_visible()
    before = page.evaluate(places)
    many = filters()
    for cell in many["outcomes"]["values"]:
        cell["count"] = 141
    for field in many["fields"]:
        for value in field["values"]:
            value["count"] = 88
    draw(**many)
    expect(page.get_by_text("so far")).to_have_count(0)
    assert page.evaluate(places) == before


def test_without_any_truth_there_is_no_table(page: Page) -> None:
    draw = mount(page, component_parts("filters"))
    draw(**panel_data(CaseFilter(), {"C": RECORDS["C"]}, {}, (0, 1)), answered=0)
    expect(page.get_by_role("table")).to_have_count(0)
    expect(page.get_by_text("More filters")).to_be_hidden()
    expect(page.get_by_text("0 of 1 predicted so far")).to_be_visible()


# --- previous and next ---


def test_six_fast_presses_are_six_steps_in_one_sum(page: Page) -> None:
    draw = mount(page, component_parts("steps"))
    draw(previous=True, next=True, answered=0)
    page.keyboard.type("nnnnnn")
    assert [value["value"][1] for _, value in sent(page)] == [1], "one message at a time"
    draw(previous=True, next=True, answered=last_id(page))
    assert [value["value"][1] for _, value in sent(page)] == [1, 6]
    draw(previous=True, next=True, answered=last_id(page))
    page.keyboard.press("p")
    page.get_by_role("button", name="Previous").click()
    draw(previous=True, next=True, answered=last_id(page))
    assert sent(page)[-1][1]["value"][1] == 4


def test_keys_are_left_to_text_boxes_and_to_other_shortcuts(page: Page) -> None:
    draw = mount(page, component_parts("steps"))
    draw(previous=False, next=True, answered=0)
    page.keyboard.press("p")  # no case before
    page.keyboard.press("Control+n")
    page.evaluate("document.body.append(document.createElement('input'))")
    page.get_by_role("textbox").focus()
    page.keyboard.type("n")
    assert sent(page) == []
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("n")
    assert len(sent(page)) == 1
    page.evaluate("end()")
    page.keyboard.press("n")
    assert len(sent(page)) == 1


# --- the grid ---


def grid(outcomes: bool = True, **data: Any) -> dict[str, Any]:
    tiles = [make_tile(record, OUTCOMES.get(key) if outcomes else None)
             for key, record in RECORDS.items()]  # fmt: skip
    items = [
        {"key": t.key, "lead": t.lead, "name": t.name, "badge": t.badge, "right": t.right,
         "lines": list(t.lines), "words": t.words, "picture": None}
        for t in tiles
    ]  # fmt: skip
    return {
        "label": "Cases", "status": "Case 1 of 3 shown, 3 in all", "hint": "Find", "search": "",
        "ways": [], "above": "27rem", "items": items, "current": "A", "page": 0, "pages": 1,
    } | data  # fmt: skip


def grid_parts() -> dict[str, str]:
    folder: Path = ASSETS / "viewer" / "grid"
    return {kind: (folder / f"grid.{kind}").read_text("utf-8") for kind in ("html", "css", "js")}


def test_tiles_and_what_is_below_stay_when_outcomes_and_long_sentences_come(page: Page) -> None:
    draw = mount(page, grid_parts())
    draw(**grid(outcomes=False))
    before = height(page)
    tops = """() => {
      const tiles = document.querySelector("div").shadowRoot.querySelectorAll(".tile");
      return [...tiles].map((tile) => tile.getBoundingClientRect().y);
    }"""
    placed = page.evaluate(tops)
    draw(**grid(status="121 shown, 141 in all; the one on show is not among them"))
    expect(page.get_by_role("radio", name="TP")).to_be_visible()
    assert height(page) == before
    assert page.evaluate(tops) == placed


def test_the_search_box_keeps_typed_letters_and_takes_a_cleared_search(page: Page) -> None:
    draw = mount(page, grid_parts())
    draw(**grid())
    box = page.get_by_role("searchbox")
    box.click()
    page.keyboard.type("oval")
    box.press("Enter")
    assert sent(page) == [["search", "oval"]]
    page.keyboard.type(" ma")
    draw(**grid())  # a timer's answer, from before
    expect(box).to_have_value("oval ma")
    draw(**grid(search="oval"))
    expect(box).to_have_value("oval ma")
    draw(**grid(search=""))  # cleared elsewhere, although the box has the focus
    expect(box).to_have_value("")


def test_ways_out_are_buttons_and_the_focus_goes_to_the_search_box(page: Page) -> None:
    draw = mount(page, grid_parts())
    ways = [{"key": "search", "label": "Clear the search"}, {"key": "both", "label": "Clear both"}]
    draw(**grid(items=[], ways=ways, search="x", status="No case matches the search “x”."))
    expect(page.get_by_role("status")).to_have_text("No case matches the search “x”.")
    expect(page.get_by_role("radiogroup")).to_have_count(0)
    page.get_by_role("button", name="Clear the search").click()
    assert sent(page) == [["way", "search"]]
    draw(**grid())
    expect(page.get_by_role("button", name="Clear the search")).to_have_count(0)
    expect(page.get_by_role("searchbox")).to_be_focused()
    expect(page.get_by_role("searchbox")).to_have_value("")
