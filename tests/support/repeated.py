"""A pytest plugin: a browser test that fails is run once more and named at the end of the run.

A browser, a server and a network that share two cores can be late.  A test that passes when it is
repeated shows no defect, but it should not go unseen either.  pytest-rerunfailures repeats;
``-p no:rerunfailures`` (``make test-strict``) switches it off.
"""

from __future__ import annotations

import pytest

REPEATS = 1
TITLE = "browser tests that failed once and passed when repeated"


def _repeating(config: pytest.Config) -> bool:
    return config.pluginmanager.hasplugin("rerunfailures")


def pytest_report_header(config: pytest.Config) -> str:
    how = "repeated once" if _repeating(config) else "not repeated"
    return f"browser tests that fail are {how}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark everything under tests/e2e to be repeated."""
    if not _repeating(config):
        return
    folder = config.rootpath / "tests" / "e2e"
    for item in items:
        if folder in item.path.parents:
            item.add_marker(pytest.mark.flaky(reruns=REPEATS))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What went wrong the first time, and then the names alone."""
    stats = terminalreporter.stats
    failed = {report.nodeid for kind in ("failed", "error") for report in stats.get(kind, ())}
    first = [report for report in stats.get("rerun", ()) if report.nodeid not in failed]
    if not first:
        return
    terminalreporter.write_sep("=", TITLE, yellow=True)
    for report in first:
        terminalreporter.write_sep("_", report.nodeid)
        terminalreporter.write_line(report.longreprtext)
    terminalreporter.write_line("")
    terminalreporter.write_line(f"{TITLE}:", yellow=True)
    for name in sorted({report.nodeid for report in first}):
        terminalreporter.write_line(f"  {name}", yellow=True)
