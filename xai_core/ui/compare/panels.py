"""The panels of the Compare page: the comparison and its address, the rows, the jobs.

A panel is one map of one case; a row holds panels of one case.  All maps are computed first, then
the curves.  No Streamlit here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xai_core.cam import METHODS, PAPER_METHODS
from xai_core.explain.explanation import Explanation, JobSnapshot, Status
from xai_core.explain.request import CaseRequest, ExplainRequest, OptionValues
from xai_core.explain.service import PageService
from xai_core.model.layers import Layer
from xai_core.types import Heatmap
from xai_core.ui.address import write_address
from xai_core.ui.job_progress import pending

# --- the comparison and its address ---

METHODS_LAYOUT, FIGURE_LAYOUT = "methods", "figure3"
LAYOUTS = (METHODS_LAYOUT, FIGURE_LAYOUT)
_SHARED = ("case", "target", "levels")  # parameters of the request that apply to every panel
_CASES = {"tp": "positive", "tn": "negative"}  # field of Comparison by address parameter


@dataclass(frozen=True)
class Comparison:
    """What the Compare page shows.

    ``layout``: one case under several methods at every layer, or the paper's Figure 3.
    ``methods``: of the first layout, at least one.  ``curves``: whether insertion and deletion are
    measured too.  ``positive``, ``negative``: Figure 3's cases; None until chosen.
    """

    layout: str = METHODS_LAYOUT
    methods: tuple[str, ...] = PAPER_METHODS
    curves: bool = False
    positive: str | None = None
    negative: str | None = None


def read_comparison(
    parameters: Mapping[str, str], case_ids: Sequence[str]
) -> tuple[Comparison, list[str]]:
    """The comparison in an address, and one sentence for each parameter that cannot be used.

    Args:
        parameters: of the address; unknown ones are ignored.
        case_ids: the ids of all cases of the source.
    """
    chosen: dict[str, Any] = {}
    problems: list[str] = []
    layout = parameters.get("view", METHODS_LAYOUT)
    if layout in LAYOUTS:
        chosen["layout"] = layout
    else:
        problems.append(
            f"The address names the view “{layout:.60}”, but only {', '.join(LAYOUTS)} exist; "
            f"showing {METHODS_LAYOUT}."
        )
    if "methods" in parameters:
        named = parameters["methods"].split(",")
        methods = in_listed_order(named)
        if methods:
            chosen["methods"] = methods
        if unknown := [name for name in named if name not in METHODS]:
            shown = "leaving them out" if methods else "showing the paper's"
            problems.append(
                f"The address names the methods “{', '.join(unknown):.60}”, but only "
                f"{', '.join(METHODS)} exist; {shown}."
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


def in_listed_order(names: Iterable[str]) -> tuple[str, ...]:
    """Those of ``names`` that are methods, in the order of the registry."""
    chosen = set(names)
    return tuple(name for name in METHODS if name in chosen)


def write_comparison(comparison: Comparison, shown: CaseRequest) -> dict[str, str]:
    """The parameters that restore a comparison; default values are left out."""
    shared = write_address(shown)
    address = {"view": comparison.layout}
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


# --- rows ---


@dataclass(frozen=True)
class PanelRow:
    """Panels of one case.

    ``requests``: of the panels, from left to right.  ``original``: whether the first column shows
    the case without a heatmap; otherwise it stays empty.  ``layer``: of every map in the row; None
    if they differ.
    """

    case_id: str
    requests: tuple[CaseRequest, ...]
    original: bool = True
    layer: Layer | None = None


def method_rows(
    case_id: str,
    methods: tuple[str, ...],
    target: str,
    options: OptionValues,
    layers: Sequence[Layer],
) -> tuple[PanelRow, ...]:
    """Rows for one case: one row per layer, one column per method."""
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


def figure_3_row(case_id: str, options: OptionValues, layers: Sequence[Layer]) -> PanelRow:
    """A case as in the paper's Figure 3, explained for the predicted class.

    ``layers``: of the model; the first is in Stage 3, the last in Stage 4.
    """
    finer, coarser = layers[0].name, layers[-1].name
    maps = (("score-cam", coarser), ("grad-cam", finer), ("hybrid-cam", finer))
    return PanelRow(
        case_id,
        tuple(
            CaseRequest(case_id, ExplainRequest(method, layer, options=options, curves="none"))
            for method, layer in maps
        ),
    )


# --- jobs ---

_CURVES = "adaptive"
_TYPICAL_CHANNELS = 500  # of a layer


@dataclass(frozen=True, eq=False)
class PanelAnswer:
    """What is known of one panel.

    ``map_snapshot``: the job of its map.  ``curves_snapshot``: the job of its curves if they were
    asked for, or the finished curves if they were measured before; else None.  Curves that were
    measured before come with their map, so then ``map_snapshot`` is the same as
    ``curves_snapshot`` and no job is started.
    """

    case_request: CaseRequest
    map_snapshot: JobSnapshot
    curves_snapshot: JobSnapshot | None = None

    @property
    def request(self) -> ExplainRequest:
        """The request without the case's id."""
        return self.case_request.request

    @property
    def explanation(self) -> Explanation | None:
        """The explanation with the map."""
        return self.map_snapshot.explanation

    @property
    def heatmap(self) -> Heatmap | None:
        """The map; None if there is none to draw (yet)."""
        explanation = self.explanation
        if explanation is None or explanation.heatmap is None:
            return None
        if not explanation.heatmap.state.ranked:
            return None
        # Before the levels are scored, a method with levels only has its area map.
        if METHODS[self.request.method].uses_levels and not explanation.levels:
            return None
        return explanation.heatmap

    @property
    def active_snapshot(self) -> JobSnapshot:
        """The job that decides the panel's progress: the map's, then the curves'."""
        if self.curves_snapshot is None or self.map_snapshot.status is not Status.DONE:
            return self.map_snapshot
        return self.curves_snapshot

    @property
    def pending(self) -> bool:
        """Whether the panel's job is waiting or running."""
        return pending(self.active_snapshot)

    @property
    def done(self) -> bool:
        """Whether everything that was asked for is known."""
        return self.active_snapshot.status is Status.DONE


def ask_panels(
    service: PageService, requests: Sequence[CaseRequest], curves: bool, session_id: str
) -> tuple[PanelAnswer, ...]:
    """The answers of all panels; starts or joins the jobs of missing ones, or keeps them alive.

    Args:
        service: answers the requests.
        requests: of the maps alone (their ``curves`` is "none").
        curves: whether to measure the curves of every finished map, once all maps are computed.
        session_id: of the browser session; its other jobs are abandoned.
    """
    with_curves = {request: _known_curves(service, request) for request in requests}
    # Grad-CAM needs one or two forward passes, Score-CAM hundreds: the quick maps come first.
    missing = sorted(
        (request for request in requests if with_curves[request] is None),
        key=_forward_passes,
    )
    maps = {request: snapshot for request, snapshot in with_curves.items() if snapshot is not None}
    maps |= dict(zip(missing, service.ask_all(missing, session_id), strict=True))
    if curves and not any(pending(snapshot) for snapshot in maps.values()):
        finished = [request for request in missing if maps[request].status is Status.DONE]
        # The maps are asked for again: a stopped job stays stopped only while it is asked for.
        snapshots = service.ask_all([*missing, *map(_with_curves, finished)], session_id)
        with_curves |= dict(zip(finished, snapshots[len(missing) :], strict=True))
    return tuple(PanelAnswer(request, maps[request], with_curves[request]) for request in requests)


def stop_panels(service: PageService, answers: Sequence[PanelAnswer]) -> None:
    """Stop the jobs of these panels; what was computed is kept and shown."""
    for answer in answers:
        service.stop(answer.case_request)
        service.stop(_with_curves(answer.case_request))


def retry_panels(service: PageService, answers: Sequence[PanelAnswer]) -> None:
    """Run the jobs again that were stopped or failed."""
    for answer in answers:
        service.retry(answer.case_request)
        service.retry(_with_curves(answer.case_request))


def _with_curves(request: CaseRequest) -> CaseRequest:
    return request.change(curves=_CURVES)


def _forward_passes(case_request: CaseRequest) -> int:
    """A rough count of a map's forward passes, only for sorting: all layers are taken as equal."""
    method = METHODS[case_request.request.method]
    return method.forward_passes(_TYPICAL_CHANNELS, case_request.request.cam_options())


def _known_curves(service: PageService, request: CaseRequest) -> JobSnapshot | None:
    """Curves that were measured before on any page, preferably at every step; None if none."""
    for mode in ("full", "fine", _CURVES):
        for reliability in (False, True):
            explanation = service.known(request.change(curves=mode, reliability=reliability))
            if explanation is not None:
                return JobSnapshot(Status.DONE, explanation=explanation)
    return None
