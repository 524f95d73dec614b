"""Options that several verbs share, and functions that open what they name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xai_core.cam import PAPER_METHODS, summaries

if TYPE_CHECKING:  # importing these would load torch, also for --help
    from xai_core.cases.base import CaseSource
    from xai_core.explain.explainer import Explainer

_ACCELERATE_AFTER = 16  # scored images before a faster engine is prepared

Source = Annotated[
    str,
    typer.Argument(
        help="'library' (the built-in phantoms) or a folder of cases.", metavar="SOURCE"
    ),
]
Weights = Annotated[
    Path | None,
    typer.Option(help="Weights file (.safetensors); default: XAI_WEIGHTS, or the built-in model."),
]
Threshold = Annotated[
    float | None,
    typer.Option(
        help="Call a case malignant from this P(malignant) on, between 0 and 1; default: "
        "XAI_THRESHOLD, or the weights' own operating point.",
    ),
]
NoStore = Annotated[
    bool,
    typer.Option(
        "--no-store",
        help="Neither read nor keep scores in the cache folder, nor precomputed results.",
    ),
]
_METHOD_NAMES = ", ".join(method.name for method in summaries())
Method = Annotated[str, typer.Option(help=f"{_METHOD_NAMES}.")]
Methods = Annotated[str, typer.Option(help=f"Any of {_METHOD_NAMES}, with commas.")]
PAPER = ",".join(PAPER_METHODS)
Layer = Annotated[
    str,
    typer.Option(
        help="'stage 3', 'stage 4' (the stage's last block), or the block's name or title, such as "
        "stages.2.blocks.8 or 'Stage 3 Block 9'; default: Stage 3's.",
    ),
]
Layers = Annotated[
    str,
    typer.Option(help="Layers, named as for explain, with commas; default: all of the model's."),
]
CurveMode = Annotated[str, typer.Option(help="Insertion and deletion: adaptive, fine or full.")]
Ties = Annotated[
    str,
    typer.Option(
        help="Patches of equal relevance: expected (the curves' expectation over their orders) or "
        "by-index (the lower index first)."
    ),
]
Limit = Annotated[int | None, typer.Option(help="Only the first N cases.", metavar="N")]
EvenPatients = Annotated[
    bool,
    typer.Option(
        "--even-patients",
        help="Only patients with an even number: never seen in training with real images.",
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Replace the result of another request.")]


def open_cases(source: str, limit: int | None = None) -> CaseSource:
    """The source of cases named on the command line.

    Raises:
        SourceNotFound, BadAnnotation: see :func:`xai_core.cases.sources.open_source`.
        BadRequest: ``limit`` is below 1.
    """
    from xai_core.cases import open_source
    from xai_core.errors import BadRequest
    from xai_core.settings import read_settings

    if limit is not None and limit < 1:
        raise BadRequest(f"--limit is {limit}; give at least 1 case, or leave it out for all.")
    return open_source(source, read_settings())


def open_explainer(
    weights: Path | None, no_store: bool = False, into: Path | None = None,
    threshold: float | None = None,
) -> Explainer:  # fmt: skip
    """An explainer with the classifier of ``--weights`` and its disk store.

    Args:
        weights: None takes the weights of the settings.
        no_store: whether to use neither the cache folder nor precomputed results.
        into: a folder to use instead of both, without a size limit.
        threshold: of ``--threshold``; None takes that of the settings.

    Raises:
        ModelError: the weights are missing or unusable.
        BadRequest: the threshold is not above 0 and below 1.
        BadSetting: a setting in the environment is not allowed.
    """
    from xai_core.explain.explainer import Explainer
    from xai_core.explain.identity import model_digest
    from xai_core.model.classifier import Classifier
    from xai_core.scoring.disk_store import DiskStore, open_disk_store
    from xai_core.settings import read_settings

    settings = read_settings()
    operating_point = (
        (settings.threshold, "XAI_THRESHOLD") if threshold is None else (threshold, "--threshold")
    )
    classifier = Classifier.open(
        weights or settings.weights, settings.device, settings.batch, *operating_point
    )
    store = None if no_store else settings.store
    classifier.accelerate(settings.engine, store, after=_ACCELERATE_AFTER)
    if no_store:
        return Explainer(classifier)
    return Explainer(
        classifier,
        DiskStore(into) if into else open_disk_store(settings, model_digest(classifier.spec)),
    )


def read_options(texts: Sequence[str], switches: Mapping[str, str | None]) -> dict[str, Any]:
    """The values of a method's options, by name.

    Args:
        texts: values of ``--option``, of the form NAME=VALUE.
        switches: value of each option that has a switch of its own; None where it is not given.

    Raises:
        BadRequest: an unknown option, one given twice, or a value that is not allowed; the
            sentence names the switch as the user typed it.
    """
    from xai_core.errors import BadRequest
    from xai_core.explain.request import known_options

    known = known_options()
    given = [(name, f"--{name}", value) for name, value in switches.items() if value is not None]
    for text in texts:
        name, equals, value = text.partition("=")
        name = name.strip().replace("-", "_")
        if not equals or name not in known:
            raise BadRequest(
                f"--option is {text!r}; give NAME=VALUE, where NAME is one of {', '.join(known)}."
            )
        given.append((name, f"--option {name}", value))
    values: dict[str, Any] = {}
    for name, switch, value in given:
        if name in values:
            raise BadRequest(f"{switch} is a second value of “{name}”; give it once.")
        try:
            values[name] = known[name].parse(value)
        except BadRequest as problem:
            raise BadRequest(f"{switch}: {problem}") from None
    return values
