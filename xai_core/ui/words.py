"""Plain words for exact terms, and text from files made safe to show."""

from __future__ import annotations

import re
from collections.abc import Mapping

from xai_core.request import ExplainRequest
from xai_core.types import BENIGN, CLASS_NAMES, CaseRecord, MapState, Outcome
from xai_core.viz.text_tables import markdown_table

NOTICE = (
    "For education only, not a medical device. A heatmap shows what moved this model, not where "
    "disease is."
)

LAYER_WORDS = {
    "stages.2.blocks.8": "finer, 24 x 24",
    "stages.3.blocks.2": "coarser, 12 x 12",
}

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

METHOD_WORDS = {
    "grad-cam": (
        "How much would the class's score rise if the network's features were a little stronger? "
        "Each feature map is weighted by that slope (the mean gradient) and summed."
    ),
    "score-cam": (
        "Each feature map in turn is used as a mask over the image; maps whose visible part scores "
        "high for the class weigh more. No gradients; one forward pass per feature."
    ),
    "hybrid-cam": (
        "Grad-CAM says where; then only the top 1, 2, 3 ... 90 % of its area is kept sharp, and "
        "what each area gains in score decides how strongly it is shown."
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


def asked_words(request: ExplainRequest, target: int) -> str:
    """What a map or a curve is of: method, layer, class, levels; for those who hear the page."""
    words = f"{request.title()}, {CLASS_NAMES[target]}"
    if request.method == "hybrid-cam":
        words += f", levels {', '.join(f'{level:g}' for level in request.levels)} %"
    return words


def state_words(state: MapState, class_name: str) -> str | None:
    """Why a map shows nothing; None where it shows something."""
    words = STATE_WORDS.get(state)
    return words.format(name=class_name) if words else None
