"""A page is a file, its folder and a line: the how-to's example is routed, linked and drawn."""

from __future__ import annotations

import pytest

from tests.extension.conftest import Project

pytestmark = pytest.mark.slow

_SEEN = """
from streamlit.testing.v1 import AppTest
from xai_core.ui.service_access import _cached_service
app = AppTest.from_file("xai_core/ui/router.py", default_timeout=120).run()
assert not app.exception, app.exception
app.switch_page("../../pages/sources.py").run()
assert not app.exception, app.exception
print([link.proto.label for link in app.get("page_link")])
print([one.value for one in app.markdown])
_cached_service.clear()
"""


def test_the_how_to_s_page_is_routed_linked_and_drawn(project: Project) -> None:
    (project.root / "xai_core" / "ui" / "sources").mkdir()
    (project.root / "xai_core" / "ui" / "sources" / "__init__.py").touch()
    project.follow("add_a_page.md", "pages/sources.py", "xai_core/ui/sources/page.py")
    links, drawn = project.python("-c", _SEEN).splitlines()[-2:]
    assert links == ("['Explore', 'Compare', 'Features', 'Your image', 'Demo', 'Sources', 'About']")
    assert "## The source of cases" in drawn
    assert "Phantom library" in drawn
    output = project.tests("tests/test_architecture.py", "-k", "page or sources")
    assert "test_every_page_file_is_listed PASSED" in output
