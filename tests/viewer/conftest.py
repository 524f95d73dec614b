"""The viewer's model in a blank page, and arrays as Python sends them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser

from xai_core.ui.viewer import script

Js = Callable[..., Any]


@pytest.fixture(scope="module")
def js(browser: Browser) -> Iterator[Js]:
    """Runs the body of a function of ``given`` in a blank page that has loaded the model."""
    context = browser.new_context()
    page = context.new_page()
    page.set_content("<title>model</title>")
    page.add_script_tag(content=script("model"))
    yield lambda body, given=None: page.evaluate(f"(given) => {{ {body} }}", given)
    context.close()


def text_of(values: Any, dtype: Any = np.float32) -> str:
    """An array as base64, as Python sends it."""
    return base64.b64encode(np.asarray(values, dtype).tobytes()).decode("ascii")
