"""What a person does and sees on the Explore page, in words the tests can use."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

NOTICE = re.compile("For education only, not a medical device")


def choose(page: Page, label: str) -> None:
    """Click a choice of method, layer, class or kind of curves."""
    page.get_by_role("radio", name=label, exact=True).click()
    expect(page.get_by_role("radio", name=label, exact=True)).to_be_checked()


def step(page: Page, key: str) -> None:
    """Press the key of the next or the previous case, once the list, which follows the first
    picture, is there to hear it."""
    expect(page.get_by_role("button", name=re.compile("^Next"))).to_be_visible()
    page.keyboard.press(key)


def level(page: Page, percent: str) -> Locator:
    """The switch of an area level."""
    return page.get_by_role("button", name=re.compile(rf"^{re.escape(percent)} % "))


def progress(page: Page) -> Locator:
    """The line that tells how far the job is."""
    return page.locator(".st-key-progress")


def finished(page: Page, what: str = "") -> None:
    """Wait until map and curves are there, those of ``what`` (as "Grad-CAM, Stage 3 Block 6")."""
    expect(picture(page, what)).to_be_visible()
    expect(progress(page)).to_contain_text("Done in")


def areas(page: Page, what: str = "") -> str:
    """The finished insertion and deletion areas of the map of ``what``."""
    whole = re.compile(f"curves of {re.escape(what)}.*: insertion AUC [^,]*, deletion AUC [^,]*$")
    figure = page.get_by_role("figure", name=whole)
    expect(figure).to_be_visible()
    legend = figure.locator(".legendtext")
    expect(legend).to_have_count(2)
    texts = [text.replace("  ", " ") for text in legend.all_text_contents()]
    return " / ".join(texts)


def scale(page: Page) -> str:
    """What the top of the colour bar stands for."""
    return page.locator(".viewer .bar .most").inner_text()


def picture(page: Page, what: str = "") -> Locator:
    """The picture with the heatmap of ``what`` over it."""
    name = re.compile(f"with the heatmap over it: {re.escape(what)}")
    return page.get_by_role("img", name=name)


def original(page: Page, case_id: str = "") -> Locator:
    """The picture of a case without a heatmap."""
    return page.get_by_role("img", name=re.compile(f"{re.escape(case_id)}.* as it is"))


def pixels(page: Page, what: str = "") -> str:
    """What is drawn in the picture with the heatmap, as a data address."""
    drawn: str = picture(page, what).evaluate("canvas => canvas.toDataURL()")
    return drawn


def map_source(page: Page, what: str = "") -> str:
    """The name of the map that is drawn, by its content."""
    expect(picture(page, what)).to_have_attribute("data-map", re.compile("[0-9a-f]{16}"))
    return picture(page, what).get_attribute("data-map") or ""
