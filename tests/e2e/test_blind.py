"""Blind reading: before the answer nothing sent to the browser reveals the truth or the model."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, WebSocket

from tests.e2e import explore
from tests.e2e.conftest import Server
from tests.e2e.expecting import TIMEOUT_MS, expect
from xai_core.cases.sources.library import PhantomLibrary
from xai_core.findings import finding_words, findings_of
from xai_core.types import Case, CaseRecord, Pathology
from xai_core.ui.blind.reading import alias, cases_by_alias

pytestmark = pytest.mark.e2e
Visit = Callable[[str], Page]
# The data sent to the viewer without pixels and digests.
_DATA = """e => {
  const data = structuredClone(e.viewer.data);
  for (const name of ["low", "recombined"]) {
    delete data.case[name].png;
    delete data.case[name].box;
  }
  delete data.case.digest; delete data.tables; delete data.diverging;
  return data;
}"""


def one_case_per_pathology() -> list[CaseRecord]:
    """The first case of each pathology; all have a recombined image."""
    records = PhantomLibrary().records()
    return [next(r for r in records if r.pathology is pathology) for pathology in Pathology]


def wait_until_drawn(page: Page) -> None:
    """Wait until the case and all thumbnails are drawn."""
    expect(page.get_by_role("img", name=re.compile(r"^Case \d+, low-energy"))).to_be_visible()
    expect(page.locator(".tile img")).to_have_count(24)
    page.wait_for_function("() => document.querySelector('[data-testid=stStatusWidget]') === null")


def mark_and_answer(page: Page, class_name: str) -> None:
    """Mark a spot and answer the questions without committing."""
    picture = page.get_by_role("img", name=re.compile("low-energy"))
    box = picture.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    expect(page.get_by_text(re.compile(": 1 mark"))).to_be_visible()
    page.get_by_role("radio", name=class_name).click()
    page.get_by_role("radio", name="75 %").click()


def test_before_the_answer_pages_of_all_pathologies_are_alike(
    small: Server, browser: Browser
) -> None:
    """What the browser gets about one case of each pathology is the same except for pixels."""
    pages_seen = []
    for record in one_case_per_pathology():
        frames: list[bytes] = []
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.set_default_timeout(TIMEOUT_MS)
        page = context.new_page()

        def record_frames(socket: WebSocket, frames: list[bytes] = frames) -> None:
            socket.on(
                "framereceived",
                lambda frame: frames.append(frame if isinstance(frame, bytes) else frame.encode()),
            )

        page.on("websocket", record_frames)
        case_alias = alias(record.id)
        page.goto(f"{small.url}/explore?blind=on&case={case_alias}")
        wait_until_drawn(page)
        aliases = list(cases_by_alias(r.id for r in PhantomLibrary().records()))
        number = aliases.index(case_alias) + 1
        received = b"".join(frames)
        content = page.content() + json.dumps(page.evaluate("() => document.body.innerText"))
        secrets = [record.id, record.patient_id, record.note, *record.findings]
        secrets += [
            "BI-RADS",
            "false negative",
            "true positive",
            "malignant logit",
            "What it teaches",
        ]
        for secret in secrets:
            if secret:
                assert secret.encode() not in received, f"{secret} was sent"
                assert secret not in content
        viewer = page.locator(".viewer").evaluate("e => e.outerHTML")
        grid = page.locator(".cases").evaluate("e => e.innerHTML.replace(/src=.[^ ]*/g, '')")
        assert record.id not in viewer + grid
        data = page.locator(".viewer").evaluate(_DATA)
        assert data["heat"] is None
        assert data["scrub"] is None
        assert data["case"]["low"]["mask"] is None
        assert data["case"]["recombined"]["mask"] is None
        text = page.evaluate("() => document.body.innerText") + grid + json.dumps(data)
        text = text.replace(case_alias, "ALIAS").replace(f"Case {number}", "Case N")
        text = re.sub(
            r'aria-checked="\w+"|tabindex="-?\d"| disabled=""|left |right |\bCC\b|\bMLO\b', "", text
        )
        pages_seen.append((text, re.sub("[&?](show|case)=[^&]*", "", page.url)))
        context.close()
    texts = [re.sub(r"Case (N|\d+)|\d of 6|page. \d", "", text) for text, _ in pages_seen]
    assert texts[0] == texts[1] == texts[2]
    assert pages_seen[0][1] == pages_seen[1][1] == pages_seen[2][1]


def test_marks_answer_truth_and_model_follow_in_this_order(small: Server, visit: Visit) -> None:
    record = one_case_per_pathology()[2]
    assert record.pathology is Pathology.MALIGNANT
    page = visit(f"{small.url}/explore?blind=on&case={alias(record.id)}")
    wait_until_drawn(page)
    commit = page.get_by_role("button", name="Commit, then see the truth")
    expect(commit).to_be_disabled()
    mark_and_answer(page, "Benign")
    expect(commit).to_be_enabled()
    expect(page.get_by_role("list", name="Your marks").get_by_role("listitem")).to_have_count(1)
    commit.click()

    # First the truth: the outline, the case's id, right or wrong; nothing about the model yet.
    expect(page.get_by_text("The truth (phantom)")).to_be_visible()
    expect(page.get_by_text(re.compile("You said benign, 75 % sure: wrong"))).to_be_visible()
    expect(page.get_by_text(record.id).first).to_be_visible()
    expect(page.get_by_role("button", name="Outline", exact=True)).to_be_visible()
    viewer = page.locator(".viewer").element_handle()
    page.wait_for_function("(e) => e.viewer.pictures.low.outline", arg=viewer)
    expect(page.get_by_text("The model says")).to_have_count(0)
    assert "method=" not in page.url
    data = page.locator(".viewer").evaluate(_DATA)
    assert data["heat"] is None

    explore.open_menu(page, "View")
    for _ in range(3):
        page.get_by_role("button", name="+", exact=True).click()
    zoomed = page.locator(".viewer").evaluate("e => e.viewer.zoom.factor")
    assert zoomed > 1
    page.get_by_role("button", name="Now the model").click()
    expect(page.get_by_text("The model says")).to_be_visible()
    expect(explore.picture(page)).to_be_visible()
    kept = page.locator(".viewer").evaluate(
        "e => [e.viewer.zoom.factor, e.viewer.viewport.outline]"
    )
    assert kept == [zoomed, True], "zoom and outline stay when the model is shown"
    explore.wait_until_done(page)
    expect(page.get_by_text(re.compile("You said benign, 75 % sure: wrong"))).to_be_visible()
    expect(page).to_have_url(re.compile("blind=on"))

    page.keyboard.press("n")
    expect(page.get_by_text("Your reading")).to_be_visible()
    expect(page.get_by_text("The model says")).to_have_count(0)
    page.keyboard.press("p")
    expect(page.get_by_text("The model says")).to_be_visible()  # the case keeps its stage


def malignant_with_a_finding() -> Case:
    """The first malignant case of which a finding is marked on the low-energy image."""
    library = PhantomLibrary()
    for record in library.records():
        if record.pathology is Pathology.MALIGNANT:
            case = library.load(record.id)
            if findings_of(case):
                return case
    pytest.fail("no malignant case of the library has a marked finding")


def answer_and_commit(page: Page, class_name: str) -> None:
    page.get_by_role("radio", name=class_name).click()
    page.get_by_role("radio", name="75 %").click()
    page.get_by_role("button", name="Commit, then see the truth").click()


def click_at(page: Page, x: float, y: float) -> None:
    """Click a place of the low-energy image, in its pixels."""
    picture = page.get_by_role("img", name=re.compile("low-energy"))
    box = picture.bounding_box()
    assert box is not None
    left, top = page.locator(".viewer").evaluate(
        """(e, [x, y]) => {
          const { viewer } = e, pane = viewer.panes.find((one) => one.role === "heat");
          const { width, height } = pane.canvas;
          const at = viewer.zoom.transform(viewer.pictures.low, { width, height });
          return [(at.left + x * at.scale) / pane.ratio, (at.top + y * at.scale) / pane.ratio];
        }""",
        [x, y],
    )
    page.mouse.click(box["x"] + left, box["y"] + top)


def test_a_reading_is_right_only_if_a_mark_lies_on_the_lesion(small: Server, visit: Visit) -> None:
    case = malignant_with_a_finding()
    findings = findings_of(case)
    rows, columns = findings[0].mask.nonzero()
    middle = len(rows) // 2  # a pixel of the finding, wherever it has holes
    page = visit(f"{small.url}/explore?blind=on&case={alias(case.id)}")
    wait_until_drawn(page)
    click_at(page, columns[middle] + 0.5, rows[middle] + 0.5)
    expect(page.get_by_text(re.compile(": 1 mark"))).to_be_visible()
    answer_and_commit(page, "Malignant")
    expect(page.get_by_text(re.compile("You said malignant, 75 % sure: right"))).to_be_visible()
    name = re.escape(finding_words(findings, 0))
    found = re.compile(f"Found on the low-energy image: {name}, by mark 1")
    expect(page.get_by_text(found)).to_be_visible()
    expect(page.get_by_text(re.compile("1 of 1 malignant right"))).to_be_visible()


def test_readings_survive_a_reload_of_the_tab_and_what_is_kept_opens_no_other_truth(
    small: Server, visit: Visit
) -> None:
    case = malignant_with_a_finding()
    page = visit(f"{small.url}/explore?blind=on&case={alias(case.id)}")
    wait_until_drawn(page)
    page.get_by_text("There is nothing to mark", exact=True).click()
    answer_and_commit(page, "Malignant")
    said = page.get_by_text(re.compile("You said malignant, 75 % sure: class right, lesion missed"))
    expect(said).to_be_visible()
    expect(page.get_by_text(re.compile("Missed on the low-energy image: "))).to_be_visible()
    expect(page.get_by_text(re.compile("0 of 1 malignant right and 1 class right"))).to_be_visible()
    page.wait_for_function("() => sessionStorage.length === 1")

    page.reload()
    expect(said).to_be_visible()
    expect(page.get_by_text(re.compile("0 of 1 malignant right and 1 class right"))).to_be_visible()
    page.get_by_role("button", name="Now the model").click()
    expect(page.get_by_text("The model says")).to_be_visible()
    page.wait_for_function("() => Object.values(sessionStorage)[0].endsWith('true]]')")
    page.reload()
    expect(page.get_by_text("The model says")).to_be_visible()
    expect(said).to_be_visible()

    kept = page.evaluate("Object.values(sessionStorage)[0]")
    for secret in (case.id, case.patient_id, *case.findings, "malignant", "missed", "right"):
        assert secret not in kept
    assert alias(case.id) not in page.evaluate("JSON.stringify(localStorage)")

    # Another tab is another reader.
    other = visit(f"{small.url}/explore?blind=on&case={alias(case.id)}")
    wait_until_drawn(other)
    expect(other.get_by_text("Your reading")).to_be_visible()
    assert other.evaluate("sessionStorage.length") == 0

    # An answer put in by hand is refused, and what is kept is put right.
    unread = next(r for r in PhantomLibrary().records() if r.id != case.id)
    forged = kept.replace(alias(case.id), alias(unread.id))
    for text in (forged, "nonsense", "[]", "x" * 1_000_000):
        other.evaluate("text => sessionStorage.setItem('cesm blind reading', text)", text)
        other.goto(f"{small.url}/explore?blind=on&case={alias(unread.id)}")
        wait_until_drawn(other)
        other.wait_for_function("() => sessionStorage.length === 0")
        expect(other.get_by_text("Your reading")).to_be_visible()
        expect(other.get_by_role("heading", name=re.compile("^The truth"))).to_have_count(0)


def test_a_mark_by_key_and_nothing_to_mark_exclude_each_other(small: Server, visit: Visit) -> None:
    record = one_case_per_pathology()[0]
    assert record.pathology is Pathology.NORMAL
    page = visit(f"{small.url}/explore?blind=on&case={alias(record.id)}")
    wait_until_drawn(page)
    page.get_by_role("img", name=re.compile("low-energy")).focus()
    page.keyboard.press("m")
    expect(page.get_by_text(re.compile(": 1 mark"))).to_be_visible()
    expect(page.get_by_role("checkbox", name="There is nothing to mark")).to_be_disabled()
    page.get_by_role("button", name="Remove mark 1").click()
    expect(page.get_by_text(re.compile(": no mark yet"))).to_be_visible()
    nothing = page.get_by_role("checkbox", name="There is nothing to mark")
    expect(nothing).to_be_enabled()
    page.get_by_text("There is nothing to mark", exact=True).click()
    expect(nothing).to_be_checked()
    page.get_by_role("radio", name="Benign").click()
    page.get_by_role("radio", name="90 %").click()
    page.get_by_role("button", name="Commit, then see the truth").click()
    expect(page.get_by_text(re.compile("Normal .counts as benign.*right"))).to_be_visible()
    expect(page.get_by_text("Nothing is marked on this case by its source")).to_be_visible()


def test_the_switch_starts_with_an_unseen_case_and_returns_to_the_former(
    small: Server, visit: Visit
) -> None:
    first = next(iter(cases_by_alias(r.id for r in PhantomLibrary().records()).values()))
    page = visit(f"{small.url}/explore?case={first}&curves=none")
    explore.wait_until_done(page)
    page.get_by_text("Blind reading", exact=True).click()
    wait_until_drawn(page)
    expect(page).not_to_have_url(re.compile(alias(first)))  # its truth was on show
    expect(page).to_have_url(re.compile("blind=on&case=[0-9a-f]{10}"))
    expect(page.get_by_text("Outcome")).to_have_count(0)
    page.get_by_text("Blind reading", exact=True).click()
    expect(page).to_have_url(re.compile(f"case={first}&"))
    expect(page.get_by_text("The model says")).to_be_visible()


def test_an_address_with_an_unknown_alias_gets_a_sentence(small: Server, visit: Visit) -> None:
    page = visit(f"{small.url}/explore?blind=on&case=PH-0001")
    expect(page.get_by_text(re.compile("names a blind case that is not among"))).to_be_visible()
    wait_until_drawn(page)


def test_filters_neither_act_nor_stay_in_the_address(small: Server, visit: Visit) -> None:
    blind, filters = re.compile("blind=on&case=[0-9a-f]{10}"), re.compile("outcome|truth|find|dens")
    count = len(PhantomLibrary().records())
    every_case = re.compile(rf"Case \d+ of {count}; 0 read")
    page = visit(
        f"{small.url}/explore?blind=on&outcome=FN&truth=malignant&find=spiculated&density=C"
    )
    wait_until_drawn(page)
    expect(page.get_by_text(every_case)).to_be_visible()
    expect(page).to_have_url(blind)
    expect(page).not_to_have_url(filters)
    expect(page.get_by_text("Blind reading shows all cases")).to_be_visible()
    page.get_by_text("Blind reading", exact=True).click()
    expect(explore.outcome_cell(page, "FN")).to_have_attribute("aria-pressed", "false")

    # What was chosen before rests, and acts again afterwards.
    explore.outcome_cell(page, "FN").click()
    page.get_by_role("searchbox").fill("spiculated")
    expect(page).to_have_url(re.compile("outcome=FN.*find=spiculated"))
    page.get_by_text("Blind reading", exact=True).click()
    wait_until_drawn(page)
    expect(page).to_have_url(blind)
    expect(page).not_to_have_url(filters)
    expect(page.get_by_text(every_case)).to_be_visible()
    expect(page.get_by_role("searchbox")).to_have_count(0)
    page.get_by_text("Blind reading", exact=True).click()
    expect(page).to_have_url(re.compile("outcome=FN.*find=spiculated"))
