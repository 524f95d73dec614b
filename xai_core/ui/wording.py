"""Plain words for exact terms, and text from files made safe to show."""

from __future__ import annotations

import re
from collections.abc import Mapping

from xai_core.cam import METHODS
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
    MapState.NO_POSITIVE: (
        "No positive evidence: at this layer nothing in the image speaks for {name}. Try the other "
        "class or the other layer."
    ),
    MapState.NO_LEVEL: (
        "No level raises the score: keeping none of the chosen areas makes {name} likelier than "
        "the fully blurred image, so Hybrid-CAM has nothing to weigh. Try other levels or Grad-CAM."
    ),
}

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:^=@/])")


def plain(text: str, limit: int = 120) -> str:
    """Text from a file or an address, shown as it is: nothing in it is taken as markdown.

    Stricter than a document's :func:`xai_core.viz.text_tables.markdown_escaped`: Streamlit also
    knows colours, icons and formulas, and takes what looks like an address for a link.
    """
    flat = " ".join(text.split())
    if len(flat) > limit:
        flat = flat[: limit - 1] + "…"
    return _MARKDOWN.sub(r"\\\1", flat)


def facts_table(rows: Mapping[str, str], limit: int = 120) -> str:
    """Names and values, as :func:`plain` text, in a table without a head.

    ``limit``: the most characters of a value.
    """
    lines = [(plain(name), plain(value, limit)) for name, value in rows.items()]
    return "\n".join(markdown_table(("", ""), lines))


def layer_words(layer: Layer) -> str:
    """How fine a layer's maps are: "finer, 24 x 24"."""
    return f"{_GRAIN[layer.stage]}, {layer.side} x {layer.side}"


def truth_words(record: CaseRecord) -> str:
    """What is known of a case."""
    if record.pathology is None:
        return "not given"
    if record.class_index == BENIGN and record.pathology != CLASS_NAMES[BENIGN]:
        return f"{record.pathology} (counts as benign)"
    return str(record.pathology)


def descriptor_words(record: CaseRecord) -> str:
    """What was found, in the lexicon's terms; empty where nothing is given."""
    if record.findings:
        return "; ".join(dict.fromkeys(record.findings))
    return ", ".join(f"{term}: {value}" for term, value in record.descriptors.items())


def view_words(record: CaseRecord) -> str:
    """Side and view: "left CC"; empty where neither is given."""
    side = {"L": "left", "R": "right"}.get(record.laterality or "", "")
    return f"{side} {record.view or ''}".strip()


def asked_words(explanation: Explanation) -> str:
    """What a map or a curve is of: method, layer, class, options; for those who hear the page."""
    request = explanation.request
    options = METHODS[request.method].option_words(request.cam_options())
    return ", ".join(filter(None, (explanation.title, explanation.target_name, options)))


def state_words(state: MapState, class_name: str) -> str | None:
    """Why a map shows nothing; None where it shows something."""
    words = STATE_WORDS.get(state)
    return words.format(name=class_name) if words else None
