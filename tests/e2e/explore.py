"""Actions and elements of the Explore page, for the browser tests."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page

from tests.e2e.expecting import expect

NOTICE = re.compile("For education only, not a medical device")


def choose(page: Page, label: str) -> None:
    """Click a choice of method, layer, class or kind of curves."""
    page.get_by_role("radio", name=label, exact=True).click()
    expect(page.get_by_role("radio", name=label, exact=True)).to_be_checked()


def choose_listed(page: Page, title: str) -> None:
    """Choose a method from the list of those that have no button."""
    methods = page.get_by_role("combobox", name="Other methods")
    methods.click()
    page.get_by_role("option", name=title, exact=True).click()
    expect(methods).to_have_value(title)


def press_step_key(page: Page, key: str) -> None:
    """Press the key of the next or previous case, once the (deferred) list of cases is drawn."""
    expect(page.get_by_role("button", name=re.compile("^Next"))).to_be_visible()
    page.keyboard.press(key)


def open_menu(page: Page, name: str) -> None:
    """Open a menu of the tools over the picture: Heatmap, View or Keys."""
    menu = page.locator(".viewer .menu", has=page.get_by_text(name, exact=True))
    menu.locator("summary").click()
    expect(menu).to_have_attribute("open", "")


def leave_stage(page: Page) -> None:
    """Leave the stage, on which Demo begins."""
    page.get_by_role("button", name="Leave the stage").click()
    expect(page.get_by_role("link", name="Explore", exact=True)).to_be_visible()


def outcome_cell(page: Page, outcome: str) -> Locator:
    """The cell of an outcome in the table of outcomes: a button that filters the list of cases."""
    return page.get_by_role("button", name=re.compile(f"^{outcome}, "))


def count_of(button: Locator) -> int:
    """The number of cases that the name of a filter's button gives, once it is final."""
    expect(button).to_have_accessible_name(re.compile(r" cases?$"))  # no longer "so far"
    found = re.search(r": (\d+) cases?$", button.get_attribute("aria-label") or "")
    assert found is not None
    return int(found[1])


def filter_value(page: Page, words: str) -> Locator:
    """The button of another filter, such as "density C"; its list is opened if it is not."""
    button = page.get_by_role("button", name=re.compile(f"^{re.escape(words)}: "))
    if not button.is_visible():
        page.get_by_text("More filters").click()
    expect(button).to_be_visible()
    return button


def tiles(page: Page) -> Locator:
    """The tiles of the list of cases."""
    return page.get_by_role("radiogroup", name="Cases").get_by_role("radio")


def tile(page: Page, case_id: str) -> Locator:
    """The tile of a case; its name holds the id as a whole."""
    return page.get_by_role("radio", name=re.compile(rf"\b{re.escape(case_id)}(,|$)"))


def level(page: Page, percent: str) -> Locator:
    """The switch of an area level; levels that keep the same area share one."""
    return page.locator(f'.viewer .bars button[data-levels~="{percent}"]')


def progress(page: Page) -> Locator:
    """The progress line of the job."""
    return page.locator(".st-key-progress")


def wait_until_done(page: Page, what: str = "") -> None:
    """Wait until the job is done.  ``what``: of which map, such as "Grad-CAM, Stage 3 Block 6"."""
    expect(picture(page, what)).to_be_visible()
    expect(progress(page)).to_contain_text("Done in")


def auc_texts(page: Page, what: str = "") -> str:
    """The areas in the legend of the finished curves of ``what``."""
    finished = re.compile(
        f"curves of {re.escape(what)}.*: insertion AUC [^,]*, deletion AUC [^,]*$"
    )
    figure = page.get_by_role("figure", name=finished)
    expect(figure).to_be_visible()
    legend = figure.locator(".legendtext")
    expect(legend).to_have_count(2)
    texts = [text.replace("  ", " ") for text in legend.all_text_contents()]
    return " / ".join(texts)


def scale_maximum(page: Page) -> str:
    """The label at the upper end of the colour bar."""
    label = page.locator(".viewer .bar .most")
    expect(label).to_have_text(re.compile(r"\d"))  # it is filled when the map is first drawn
    return label.inner_text()


def picture(page: Page, what: str = "") -> Locator:
    """The picture with the heatmap of ``what`` over it."""
    name = re.compile(f"with the heatmap over it: {re.escape(what)}")
    return page.get_by_role("img", name=name)


def original(page: Page, case_id: str = "") -> Locator:
    """The picture of a case without a heatmap."""
    return page.get_by_role("img", name=re.compile(f"{re.escape(case_id)}.* as it is"))


def pixels(page: Page, what: str = "") -> str:
    """The pixels of the picture with the heatmap, as a data URL."""
    url: str = picture(page, what).evaluate("canvas => canvas.toDataURL()")
    return url


def map_digest(page: Page, what: str = "") -> str:
    """The digest of the map that is drawn."""
    expect(picture(page, what)).to_have_attribute("data-map", re.compile("[0-9a-f]{16}"))
    return picture(page, what).get_attribute("data-map") or ""
