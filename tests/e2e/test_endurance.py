"""Many cases in a row with flat memory, and how many frames a second a hand gets."""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from tests.conftest import TINY_LAYERS
from tests.e2e import explore
from tests.e2e.conftest import Server, dashboard, how_started
from xai_core.explain.request import CaseRequest
from xai_core.ui.address import write_address

pytestmark = pytest.mark.e2e
Visit = Callable[[str], Page]
_FRAMES = """async (e, name) => {
  const input = [...e.querySelectorAll("input")].find((i) => i.getAttribute("aria-label") === name);
  const high = Number(input.max);
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  await frame();
  const begin = performance.now();
  let frames = 0, drawn = 0;
  while (performance.now() - begin < 3000) {
    const before = e.viewer.frames;
    input.value = frames % (high + 1);
    input.oninput();
    await frame();
    drawn += e.viewer.frames > before ? 1 : 0;
    frames += 1;
  }
  return [frames, drawn, (1000 * frames) / (performance.now() - begin)];
}"""
_NOTED = "(what) => performance.getEntriesByName(what)[0].startTime"
_IS_NOTED = "(what) => performance.getEntriesByName(what).length > 0"
MIB = 2**20


@pytest.mark.parametrize("slider", ["Largest area level", "Area p", "Patches changed"])
def test_every_frame_is_drawn_while_a_hand_slides(
    slider: str, small: Server, visit: Visit, record_property: Callable[[str, object], None]
) -> None:
    asked = CaseRequest("PH-0002").change(method="hybrid-cam", layer=TINY_LAYERS[0])
    page = visit(f"{small.url}/explore?{urlencode(write_address(asked))}&step=deletion:0")
    explore.finished(page)
    frames, drawn, rate = page.locator(".viewer").evaluate(_FRAMES, slider)
    record_property(f"frames a second, {slider}", round(rate, 1))
    print(f"\n{slider}: {rate:.1f} frames a second")  # a figure, not a test: machines differ
    assert drawn >= frames - 2


def test_a_known_case_is_drawn_from_its_address_alone(
    small: Server,
    tiny_weights: Path,
    visit: Visit,
    browser: Browser,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    address = f"{small.url}/explore?case=PH-0005"
    first = visit(address)
    explore.finished(first)
    source = explore.map_source(first)
    areas = explore.areas(first)
    expect(first.get_by_text("Predicted so far")).to_have_count(0)  # the server rests
    first.close()
    found: dict[str, list[float]] = {}

    def look(page: Page, where: str, ours: bool) -> None:
        last = "first map" if ours else "first picture"
        page.wait_for_function(_IS_NOTED, arg=last)  # looking for it by role is work
        for what in ("first picture", "first map") if ours else ("first picture",):
            whose = what if ours else "a bare page of Streamlit"
            found.setdefault(f"{whose}, {where}", []).append(page.evaluate(_NOTED, what))
        if ours:
            assert explore.map_source(page) == source
        page.close()

    with dashboard(tmp_path, "library", tiny_weights, script="tests/e2e/bare_page.py") as bare:
        for _ in range(5):  # in turn, each time as if in a browser just installed
            look(visit(bare.url), "nothing known", ours=False)
            look(visit(address), "nothing known", ours=True)
        with browser.browser_type.launch_persistent_context(
            tmp_path / "profile", **how_started(), viewport={"width": 1440, "height": 900}
        ) as known:  # it keeps files, and after two visits their scripts as compiled
            for number in range(7):
                for url, ours in ((bare.url, False), (address, True)):
                    page = known.new_page()
                    page.goto(url)
                    look(page, "seen before" if number > 1 else "on the way there", ours)
    for what, times in found.items():  # figures, not a test: machines differ
        seconds = statistics.median(times) / 1000
        record_property(f"seconds from address to {what}", round(seconds, 2))
        print(f"\nfrom address to {what}: {seconds:.2f} s, median of {len(times)}")
    assert explore.areas(visit(address)) == areas


def heap(session: CDPSession) -> tuple[float, float]:
    """MiB of JavaScript's heap in use, and nodes in documents, after collecting what is unused."""
    session.send("HeapProfiler.collectGarbage")
    metrics = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}
    return metrics["JSHeapUsedSize"] / MIB, metrics["Nodes"]


def resident(pid: int) -> float:
    """MiB of a process's memory."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) / 1024


def test_a_hundred_cases_in_a_row_with_flat_memory(
    small: Server, visit: Visit, record_property: Callable[[str, object], None]
) -> None:
    if not Path("/proc").is_dir():
        pytest.skip("the server's memory is read from /proc, which is not on this machine")
    page = visit(f"{small.url}/explore?case=PH-0001&curves=none")
    explore.finished(page)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    measured: dict[int, tuple[float, float, float]] = {}
    for number in range(2, 112):
        explore.step(page, "n")
        shown = re.compile(f"PH-{number:04d}")
        expect(page.get_by_role("img", name=shown).first).to_be_visible()
        if number in (71, 111):  # the server remembers 64 answers and 32 cases: by then it is full
            explore.finished(page)
            measured[number] = (*heap(session), resident(small.pid))
    before, after = measured[71], measured[111]
    names = ("MiB of heap", "nodes", "MiB of the server")
    for name, was, is_now in zip(names, before, after, strict=True):
        record_property(name, (round(was), round(is_now)))
        print(f"\n{name}: {was:.0f} after 70 cases, {is_now:.0f} after 110")
    assert after[0] < before[0] + 15
    assert after[1] < before[1] * 1.25 + 500
    assert after[2] < before[2] + 80
