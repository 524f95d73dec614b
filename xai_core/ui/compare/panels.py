"""Which panels are compared: their address, their rows, their jobs.  No Streamlit.

What the Compare page shows beside the request, and its address.  No Streamlit.

Which maps stand where: rows of requests.  No Streamlit.

The jobs of a comparison: every map first, and only then the curves.  No Streamlit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xai_core.cam import METHODS, PAPER_METHODS
from xai_core.explain.explanation import Explanation, JobSnapshot, Status
from xai_core.explain.request import CaseRequest, ExplainRequest, OptionValues
from xai_core.explain.service import ExplainService
from xai_core.model.layers import Layer
from xai_core.types import Heatmap, MapState
from xai_core.ui.address import write_address
from xai_core.ui.job_progress import pending

METHODS_VIEW, FIGURE_VIEW = "methods", "figure3"
VIEWS = (METHODS_VIEW, FIGURE_VIEW)
_SHARED = ("case", "target", "levels")  # of the request's address; the rest is every panel's own
_CASES = {"tp": "positive", "tn": "negative"}


@dataclass(frozen=True)
class Comparison:
    """``view``: one case under several methods at every layer, or the paper's Figure 3.
    ``methods``: those of the first view, at least one.  ``curves``: measure insertion and deletion
    too.  ``positive``, ``negative``: Figure 3's cases, None until
    chosen."""

    view: str = METHODS_VIEW
    methods: tuple[str, ...] = PAPER_METHODS
    curves: bool = False
    positive: str | None = None
    negative: str | None = None


def read_comparison(
    parameters: Mapping[str, str], case_ids: Sequence[str]
) -> tuple[Comparison, list[str]]:
    """The comparison an address names, and a sentence for each part of it that cannot be used.

    Args:
        parameters: of the address; unknown ones are ignored.
        case_ids: the cases there are.
    """
    chosen: dict[str, Any] = {}
    problems: list[str] = []
    view = parameters.get("view", METHODS_VIEW)
    if view in VIEWS:
        chosen["view"] = view
    else:
        problems.append(
            f"The address names the view “{view:.60}”, but only {', '.join(VIEWS)} exist; "
            f"showing {METHODS_VIEW}."
        )
    if "methods" in parameters:
        methods = in_order(parameters["methods"].split(","))
        if methods:
            chosen["methods"] = methods
        else:
            problems.append(
                f"The address names the methods “{parameters['methods']:.60}”, but only "
                f"{', '.join(METHODS)} exist; showing the paper's."
            )
    curves = parameters.get("curves-too", "off")
    if curves in ("on", "off"):
        chosen["curves"] = curves == "on"
    else:
        problems.append(
            f"The address says curves-too “{curves:.60}”, but only on and off exist; it is off."
        )
    for name, field in _CASES.items():
        case = parameters.get(name)
        if case in case_ids:
            chosen[field] = case
        elif case is not None:
            problems.append(
                f"The address names the {name.upper()} case “{case:.60}”, which is not among these "
                "cases; one was chosen instead."
            )
    return Comparison(**chosen), problems


def in_order(methods: Iterable[str]) -> tuple[str, ...]:
    """Those of ``methods`` that exist, in the order in which they are always listed."""
    wanted = set(methods)
    return tuple(name for name in METHODS if name in wanted)


def write_comparison(comparison: Comparison, shown: CaseRequest) -> dict[str, str]:
    """The parameters that lead back to a comparison; what is as usual is left out."""
    shared = write_address(shown)
    address = {"view": comparison.view}
    address |= {name: shared[name] for name in _SHARED if name in shared}
    if comparison.methods != PAPER_METHODS:
        address["methods"] = ",".join(comparison.methods)
    if comparison.curves:
        address["curves-too"] = "on"
    for name, field in _CASES.items():
        case = getattr(comparison, field)
        if case is not None:
            address[name] = case
    return address


@dataclass(frozen=True)
class PanelRow:
    """A row: maps of one case.  ``original``: its first place shows the case as it is, else it is
    left empty.  ``layer``: the layer of every map in it, None where they differ."""

    case_id: str
    requests: tuple[CaseRequest, ...]
    original: bool = True
    layer: Layer | None = None


def matrix(
    case_id: str,
    methods: tuple[str, ...],
    target: str,
    options: OptionValues,
    layers: Sequence[Layer],
) -> tuple[PanelRow, ...]:
    """The methods (columns) at every one of ``layers`` (rows) for one case."""
    return tuple(
        PanelRow(
            case_id,
            tuple(
                CaseRequest(case_id, ExplainRequest(method, layer.name, target, options, "none"))
                for method in methods
            ),
            original=layer == layers[0],
            layer=layer,
        )
        for layer in layers
    )


def figure_3(case_id: str, options: OptionValues, layers: Sequence[Layer]) -> PanelRow:
    """A case as the paper's Figure 3 shows it, for the class the model decides for.

    ``layers``: of the model, Stage 3's first and Stage 4's last.
    """
    finer, coarser = layers[0].name, layers[-1].name
    shown = (("score-cam", coarser), ("grad-cam", finer), ("hybrid-cam", finer))
    return PanelRow(
        case_id,
        tuple(
            CaseRequest(case_id, ExplainRequest(method, layer, options=options, curves="none"))
            for method, layer in shown
        ),
    )


_CURVES = "adaptive"
_MANY_CHANNELS = 500


@dataclass(frozen=True, eq=False)
class PanelAnswer:
    """What is known of one panel.  ``map``: of its map.  ``curves``: of its curves where they were
    asked for, or the finished ones where somebody measured them before; else None.  What was
    measured before has its map with it, so that none is asked for."""

    asked: CaseRequest
    map: JobSnapshot
    curves: JobSnapshot | None = None

    @property
    def request(self) -> ExplainRequest:
        """What was asked of the panel's case."""
        return self.asked.request

    @property
    def explanation(self) -> Explanation | None:
        """The answer about the map."""
        return self.map.explanation

    @property
    def heatmap(self) -> Heatmap | None:
        """The map as far as there is one to draw."""
        found = self.explanation
        if found is None or found.heatmap is None or found.heatmap.state is not MapState.OK:
            return None
        # What there is before the levels are scored is not yet the map.
        method = METHODS[self.request.method]
        return None if method.uses_levels and not found.levels else found.heatmap

    @property
    def at_work(self) -> JobSnapshot:
        """The view that says how far this panel is."""
        return (
            self.map if self.curves is None or self.map.status is not Status.DONE else self.curves
        )

    @property
    def pending(self) -> bool:
        """Whether more is to come by itself."""
        return pending(self.at_work)

    @property
    def done(self) -> bool:
        """Whether all that was asked for is there."""
        return self.at_work.status is Status.DONE


def ask_panels(
    service: ExplainService, requests: Sequence[CaseRequest], curves: bool, session_id: str
) -> tuple[PanelAnswer, ...]:
    """What is known of every panel; starts, joins or keeps alive what is missing.

    Args:
        requests: of the maps alone (``curves`` is "none").
        curves: measure the curves of every finished map, once no map is left to do.
        who: the browser session; all that it asked for before is let go of.
    """
    measured = {request: _measured(service, request) for request in requests}
    # Grad-CAM takes a pass or two, Score-CAM hundreds: what is quick is shown first.
    missing = sorted(
        (request for request in requests if measured[request] is None),
        key=_passes,
    )
    maps = {request: snapshot for request, snapshot in measured.items() if snapshot is not None}
    maps |= dict(zip(missing, service.ask_all(missing, session_id), strict=True))
    if curves and not any(pending(snapshot) for snapshot in maps.values()):
        wanted = [request for request in missing if maps[request].status is Status.DONE]
        # The maps again: one that was stopped stays so only while it is asked for.
        snapshots = service.ask_all([*missing, *map(_with_curves, wanted)], session_id)
        measured |= dict(zip(wanted, snapshots[len(missing) :], strict=True))
    return tuple(PanelAnswer(request, maps[request], measured[request]) for request in requests)


def stop_panels(service: ExplainService, answers: Sequence[PanelAnswer]) -> None:
    """Stop every job of these; what was computed is kept and shown."""
    for answer in answers:
        service.stop(answer.asked)
        service.stop(_with_curves(answer.asked))


def retry_panels(service: ExplainService, answers: Sequence[PanelAnswer]) -> None:
    """Let those that were stopped or failed run again."""
    for answer in answers:
        service.retry(answer.asked)
        service.retry(_with_curves(answer.asked))


def _with_curves(request: CaseRequest) -> CaseRequest:
    return request.change(curves=_CURVES)


def _passes(asked: CaseRequest) -> int:
    """How many images a map costs at most, for comparison alone: layers have as many channels."""
    method = METHODS[asked.request.method]
    return method.forward_passes(_MANY_CHANNELS, asked.request.cam_options())


def _measured(service: ExplainService, request: CaseRequest) -> JobSnapshot | None:
    """Curves measured before, here or on another page: those of every step where there are."""
    for mode in ("full", _CURVES):
        for reliability in (False, True):
            other = request.change(curves=mode, reliability=reliability)
            found = service.known(other)
            if found is not None:
                return JobSnapshot(Status.DONE, explanation=found)
    return None
