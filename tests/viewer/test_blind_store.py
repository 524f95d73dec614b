"""The script that keeps blind readings in the tab: what it keeps, and when it reports."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from xai_core.settings import ASSETS

pytestmark = pytest.mark.e2e
Run = Callable[..., Any]
_SCRIPT = (ASSETS / "pages" / "blind_store.js").read_text("utf-8")
# A module of its own for every test, as after a reload of the page; `draw` is a run of Streamlit's.
_LOAD = """async ([script, actions]) => {
  const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  const { default: drawn } = await import(url);
  const sent = [], key = "cesm blind reading";
  const draw = (data) => drawn({
    data: { session: "first", reported: false, readings: "", limit: 100, ...data },
    setTriggerValue: (name, value) => sent.push([name, value[0]]),
  });
  const kept = () => sessionStorage.getItem(key);
  return new Function("draw", "kept", "sent", "key", actions)(draw, kept, sent, key);
}"""


@pytest.fixture
def run(browser: Browser) -> Iterator[Run]:
    """Runs actions in a page with an empty store."""
    context = browser.new_context()
    page = context.new_page()
    page.route("http://store.test/", lambda route: route.fulfill(body="<title>store</title>"))
    page.goto("http://store.test/")
    yield lambda actions: page.evaluate(_LOAD, [_SCRIPT, actions])
    context.close()


def test_what_python_sends_is_kept_without_a_report(run: Run) -> None:
    actions = """draw({}); const before = kept();
      draw({ readings: "one" }); const after = kept();
      draw({ readings: "two" });
      return [before, after, kept(), sent];"""
    assert run(actions) == [None, "one", "two", []]


def test_a_new_session_is_told_what_is_kept_before_that_is_written_over(run: Run) -> None:
    actions = """sessionStorage.setItem(key, "earlier");
      draw({}); draw({ readings: "own" }); const before = kept(), told = [...sent];
      draw({ reported: true, readings: "both" });
      return [before, told, kept(), sent.length];"""
    assert run(actions) == ["earlier", [["stored", "earlier"]], "both", 1]


def test_a_tab_that_outlives_its_session_reports_to_the_next(run: Run) -> None:
    actions = """draw({ readings: "one" });
      draw({ session: "second" }); draw({ session: "second" });
      return [kept(), sent];"""
    assert run(actions) == ["one", [["stored", "one"]]]


def test_what_was_refused_is_removed(run: Run) -> None:
    actions = """sessionStorage.setItem(key, "nonsense");
      draw({}); draw({ reported: true });
      return [kept(), sent];"""
    assert run(actions) == [None, [["stored", "nonsense"]]]


def test_what_is_too_long_is_not_sent(run: Run) -> None:
    actions = """sessionStorage.setItem(key, "x".repeat(101));
      draw({ readings: "own" });
      return [kept(), sent];"""
    assert run(actions) == ["own", []]


def test_a_store_that_is_full_or_switched_off_raises_nothing(run: Run) -> None:
    actions = """Storage.prototype.setItem = () => { throw new Error("full"); };
      draw({ readings: "own" });
      Storage.prototype.getItem = () => { throw new Error("off"); };
      draw({ readings: "own" });
      return sent;"""
    assert run(actions) == []
