"""``python -m docs.pictures``: start the dashboard, open its pages in Chromium, keep what is seen.

The pictures show built-in phantoms and the built-in model, and nothing else.
"""

from __future__ import annotations

import argparse
import io
import re
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from tests.e2e import explore
from tests.e2e.conftest import TIMEOUT_MS, chromium, dashboard
from xai_core.settings import DEFAULT_WEIGHTS, PRECOMPUTED

HERE = Path(__file__).parent
WIDTH, HEIGHT = 1440, 900
_FRAMES = 16  # of the animated picture
_UPPER = 0.74  # of the viewer's least height: picture, bars and range


def main() -> None:
    """Take all pictures of one malignant case that the model calls malignant."""
    parser = argparse.ArgumentParser(prog="python -m docs.pictures", description=__doc__)
    parser.add_argument("--case", default="PH-0015", help="a case of the library")
    case = parser.parse_args().case
    expect.set_options(timeout=TIMEOUT_MS)
    with (
        tempfile.TemporaryDirectory() as folder,
        dashboard(
            Path(folder), "library", DEFAULT_WEIGHTS, engine="auto", precomputed=PRECOMPUTED
        ) as server,
        sync_playwright() as play,
    ):
        browser = chromium(play)
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.set_default_timeout(TIMEOUT_MS)
        start = f"{server.url}/explore?case={case}&layer=stages.2.blocks.8&target=malignant"
        page.goto(f"{start}&method=grad-cam")
        explore.wait_until_done(page, "Grad-CAM")
        _keep(page, "explore")
        page.goto(f"{start}&method=hybrid-cam")
        explore.wait_until_done(page, "Hybrid-CAM")
        _levels(page)
        page.goto(f"{server.url}/compare?view=methods&case={case}")
        expect(page.get_by_text(re.compile("Score-CAM, Stage 4 Block 3")).first).to_be_visible()
        expect(page.get_by_text("Waiting for the model")).to_have_count(0)
        expect(page.get_by_role("progressbar")).to_have_count(0)
        _keep(page, "compare")
        page.goto(f"{server.url}/demo?stop=1")
        expect(page.get_by_text(re.compile("^1 / 7 "))).to_be_visible()
        page.wait_for_timeout(4000)
        _keep(page, "demo")
        page.goto(f"{server.url}/explore?case={case}")
        page.get_by_text("Blind reading").first.click()
        expect(page.get_by_text(re.compile("Mark", re.IGNORECASE)).first).to_be_visible()
        page.wait_for_timeout(4000)
        _keep(page, "blind")
        browser.close()


def _keep(page: Page, name: str) -> None:
    page.wait_for_timeout(5000)  # the small pictures
    Image.open(io.BytesIO(page.screenshot())).convert("RGB").save(
        HERE / f"{name}.jpg", quality=82, optimize=True
    )


def _levels(page: Page) -> None:
    """An animated picture of the range of area levels under the hand."""
    shots = []
    viewer = page.locator(".viewer").first
    low = page.get_by_role("slider", name="Smallest area level")
    low.focus()
    for k in range(_FRAMES):
        shot = Image.open(io.BytesIO(viewer.screenshot())).convert("RGB")
        shots.append(shot)
        page.keyboard.press("ArrowRight" if k < _FRAMES // 2 else "ArrowLeft")
        page.wait_for_timeout(250)
    # All of one size, though the viewer is less high while curves are measured anew: Pillow would
    # leave parts of the frame before.
    height = round(_UPPER * min(shot.height for shot in shots))
    shots = [shot.crop((0, 0, shot.width, height)) for shot in shots]
    width, height = shots[0].size
    # One palette for all, by range of colour, not by number of pixels: most are nearly black.
    strip = Image.new("RGB", (width, height * len(shots)))
    for k, shot in enumerate(shots):
        strip.paste(shot, (0, k * height))
    palette = strip.quantize(256, Image.Quantize.MAXCOVERAGE)
    frames = [shot.quantize(palette=palette, dither=Image.Dither.NONE) for shot in shots]
    frames[0].save(
        HERE / "levels.gif", save_all=True, append_images=frames[1:], duration=350, loop=0
    )


if __name__ == "__main__":
    main()
