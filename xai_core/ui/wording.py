"""Texts that several pages share, and escaping of text that comes from files or addresses."""

from __future__ import annotations

import re
from collections.abc import Mapping

from xai_core.cam import METHODS
from xai_core.cases.base import printable
from xai_core.explain.explanation import Explanation
from xai_core.model.layers import Layer
from xai_core.types import BENIGN, CLASS_NAMES, CaseRecord, MapState, Outcome
from xai_core.viz.text_tables import markdown_table

NOTICE = (
    "For education only, not a medical device. A heatmap shows what moved this model, not where "
    "disease is."
)

_GRAIN = {2: "finer", 3: "coarser"}  # by a layer's stage, from 0

OUTCOME_WORDS = {
    Outcome.TP: "true positive: the model calls a malignant case malignant",
    Outcome.TN: "true negative: the model calls a case without cancer benign",
    Outcome.FP: "false positive: the model calls a case without cancer malignant",
    Outcome.FN: "false negative: the model misses a malignant case",
}

STATE_WORDS = {
    MapState.CONSTANT: (
        "The map is constant: at this layer no place differs from another, so there is nothing to "
        "show and nothing to rank."
    ),
    MapState.CONSTANT_IMAGE: (
        "The image is constant: all its pixels have the same grey value, so there is no place that "
        "a map could show."
    ),
    MapState.NEARLY_EMPTY: (
        "The map is nearly empty: only a few of its cells speak for {name}. Most patches tie at 0, "
        "so the curves mostly follow patches that the map does not rank."
    ),
    MapState.NO_POSITIVE: (
        "No positive evidence: at this layer nothing in the image speaks for {name}. Try the other "
        "class or the other layer."
    ),
    MapState.NO_LEVEL: (
        "No level raises the score: keeping none of the chosen areas makes {name} likelier than "
        "the fully blurred image, so Hybrid-CAM has nothing to weigh. Try other levels or Grad-CAM."
    ),
}

# Escaped by a backslash: ASCII punctuation that CommonMark, GFM, TeX, directives or references use.
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:^=@/&])")
# Where Streamlit looks for links, icons, emoji and arrows in what is left after escaping, node by
# node: "www.", "://", "x@", ":name:", and two of "-<>~=" beside each other.
_LIVE = re.compile(
    r"(?<=www)(?=\.)|(?<=:)(?=[\w+\-/])|(?<=[\w.+\-])(?=@)|(?<=[-<>~=])(?=[-<>~=])", re.IGNORECASE
)
_NOTHING = ":color[]"  # Streamlit's directive for a colour, of no colour and no text: an empty span


def plain(text: str, limit: int = 120) -> str:
    """``text`` escaped so that nothing in it is read as Markdown, on one line.

    For text from files, sheets, specifications and addresses, in any place where Streamlit reads
    Markdown.  What is shown is the text itself, character by character: no link, image, icon,
    emoji, colour, formula, arrow or entity is made of it.  A character that would not be seen, or
    that would turn the direction of what follows, is replaced, see
    :func:`xai_core.cases.base.printable`; line breaks and runs of blanks become one blank.

    Escapes more than :func:`xai_core.viz.text_tables.markdown_escaped`: Streamlit also knows
    colours, icons and formulas, and looks for addresses, shortcodes and arrows once more in the
    text that is left after escaping.  There an empty element stands inside each of them, which
    leaves no trace in the text, also where it is copied.

    ``limit``: the most characters kept.
    """
    flat = printable(" ".join(text.split()))
    if len(flat) > limit:
        flat = flat[: limit - 1] + "…"
    return _NOTHING.join(_MARKDOWN.sub(r"\\\1", part) for part in _LIVE.split(flat))


def facts_table(rows: Mapping[str, str], limit: int = 120) -> str:
    """Names and values, both escaped by :func:`plain`, as a Markdown table with an empty header.

    ``limit``: the most characters kept of a value.
    """
    escaped = [(plain(name), plain(value, limit)) for name, value in rows.items()]
    return "\n".join(markdown_table(("", ""), escaped))


def layer_words(layer: Layer) -> str:
    """The resolution of a layer's maps, such as "finer, 24 x 24"."""
    return f"{_GRAIN[layer.stage]}, {layer.side} x {layer.side}"


def truth_words(record: CaseRecord) -> str:
    """The pathology, with the class it counts as; "not given" if unknown."""
    if record.pathology is None:
        return "not given"
    if record.class_index == BENIGN and record.pathology != CLASS_NAMES[BENIGN]:
        return f"{record.pathology} (counts as benign)"
    return str(record.pathology)


def descriptor_words(record: CaseRecord) -> str:
    """The findings, else the descriptors, in terms of the lexicon; empty if there are none."""
    if record.findings:
        return "; ".join(dict.fromkeys(record.findings))
    return ", ".join(f"{term}: {value}" for term, value in record.descriptors.items())


def view_words(record: CaseRecord) -> str:
    """Side and view such as "left CC"; empty if neither is given."""
    side = {"L": "left", "R": "right"}.get(record.laterality or "", "")
    return f"{side} {record.view or ''}".strip()


def request_words(explanation: Explanation) -> str:
    """Method, layer, class and options of an explanation, for accessible names.

    Without the class where the map is the same for every class.
    """
    request = explanation.request
    method = METHODS[request.method]
    name = explanation.target_name if method.class_specific else ""
    options = method.option_words(request.cam_options())
    return ", ".join(filter(None, (explanation.title, name, options)))


def score_words(explanation: Explanation) -> str:
    """The score that the map explains: "malignant class score"; "the same for every class"."""
    if not METHODS[explanation.request.method].class_specific:
        return "the same for every class"
    return f"{explanation.target_name} class score"


def state_words(state: MapState, class_name: str) -> str | None:
    """Why a map has nothing, or little, to show; None if it has more."""
    words = STATE_WORDS.get(state)
    return words.format(name=class_name) if words else None
