"""Texts that a page could take for markup, for tests of every place that shows text from files."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

from xai_core.model.spec import ModelSpec, read_spec

LIVE_TEXTS = (
    "www.evil.example", "WWW.EVIL.EXAMPLE/path", "see https://evil.example/x?y=1", "http://a",
    "a.b+c@evil.example", "mailto:a@evil.example", "xmpp:a@evil.example/x",
    ":smile:", ":+1:", "a::smile::b", ":material/home:", ":material_home:", ":streamlit:",
    ":red[x]", ":red-background[x]", ":blue-badge[x]", ":small[x]", ":shimmer[x]", ":help[x]",
    ":color[x]{foreground=red}", ":color[]", "::: note", "::leaf[x]{a=b}",
    "a -> b", "->", "a <- b", "<->", "a -- b", "---", "a >= b", "a <= b", "~=", "a === b",
    "&amp; &lt;b&gt; &#65; &copy;", "$x^2$", "$$x^2$$", "$5 and $6",
    "<b>x</b>", "<a href='http://evil.example'>x</a>", "<img src=x onerror=alert(1)>",
    "<!-- x -->", "<https://evil.example>", "`code`", "``a`b``", "**b** __b__ *i* _i_ ~~s~~",
    "# head", "###### head", "1. one", "1) one", "- one", "* one", "+ one", "> quoted", "| a | b |",
    "[x](http://evil.example)", "![x](http://evil.example/p.png)", "[x]: http://evil.example",
    "[^1]", "[x][y]", "[ ] task", "\\www.evil.example", "\\: \\* \\\\", "=1+1", "@SUM(A1)",
)  # fmt: skip
"""Printable texts of one line: each is to be shown as it is, character by character."""

UNSEEN = (
    "\0\x01\x07\x08\x1b\x7f\x80\x9b"  # control characters
    "\u200b\u200c\u200d\u200e\u200f\u061c\u2060\ufeff\u00ad"  # zero width, direction marks
    "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # overrides, embeddings, isolates
    "\u034f\u115f\u3164\ufe0f\U000e0100\U000e0041\ud800\ue000"  # fillers, selectors, tags, others
)
"""Characters that are not to be shown as they are."""

HOSTILE_ID = "www.evil.example :red[id] <b>1</b>"
TURNED_ID = "P\u202e1\u200b2"
HOSTILE_CLASSES = ("www.evil.example", ":material_home: <b>$x^2$</b> -> [c](http://evil.example)")


def make_hostile(manifest: Path) -> None:
    """Put texts that look like markup into every text of a phantom library's manifest."""
    library: dict[str, Any] = json.loads(manifest.read_text(encoding="utf-8"))
    for number, entry in enumerate(library["cases"]):
        entry["id"] = (HOSTILE_ID, TURNED_ID)[number] if number < 2 else f"id {number}"
        entry["patient_id"] = f"a{number}@evil.example"
        entry["findings"] = [LIVE_TEXTS[0], ":smile: -> :material_home:", "<img src=x>"]
        entry["descriptors"] = {"www.evil.example": ":blue-badge[x] $x^2$ &amp;"}
        entry["note"] = " \n".join(LIVE_TEXTS)[:590]
    manifest.write_text(json.dumps(library), encoding="utf-8")


def hostile_weights(weights: Path, folder: Path) -> Path:
    """A copy of ``weights`` in ``folder`` whose specification's texts look like markup."""
    copy = folder / weights.name
    shutil.copyfile(weights, copy)
    spec: ModelSpec = dataclasses.replace(
        read_spec(weights),
        class_names=HOSTILE_CLASSES,
        threshold=0.4,
        training_data="https://evil.example :smile: &amp;",
        training_command="python -- <b>train</b> -> :red[x]",
        licence="[licence](http://evil.example) $$x$$ a@evil.example",
        metrics={"www.evil.example": ":streamlit: <= `x`"},
        calibration={"temperature": 1.0, "bias": 0.0, "command": ":+1: www.evil.example"},
    )
    spec.write(copy.with_suffix(".json"))
    return copy
