"""The jobs of a comparison: every map first, and only then the curves.  No Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xai_core.cam import METHODS
from xai_core.explanation import Explanation, Status, View
from xai_core.request import CaseRequest, ExplainRequest
from xai_core.service import ExplainService
from xai_core.types import Heatmap, MapState
from xai_core.ui.progress import pending

_CURVES = "adaptive"
_MANY_CHANNELS = 500


@dataclass(frozen=True, eq=False)
class Answer:
    """What is known of one panel.  ``map``: of its map.  ``curves``: of its curves where they were
    asked for, or the finished ones where somebody measured them before; else None.  What was
    measured before has its map with it, so that none is asked for."""

    asked: CaseRequest
    map: View
    curves: View | None = None

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
    def at_work(self) -> View:
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


def ask(
    service: ExplainService, requests: Sequence[CaseRequest], curves: bool, who: str
) -> tuple[Answer, ...]:
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
    maps = {request: view for request, view in measured.items() if view is not None}
    maps |= dict(zip(missing, service.ask_all(missing, who), strict=True))
    if curves and not any(pending(view) for view in maps.values()):
        wanted = [request for request in missing if maps[request].status is Status.DONE]
        # The maps again: one that was stopped stays so only while it is asked for.
        views = service.ask_all([*missing, *map(_with_curves, wanted)], who)
        measured |= dict(zip(wanted, views[len(missing) :], strict=True))
    return tuple(Answer(request, maps[request], measured[request]) for request in requests)


def stop(service: ExplainService, answers: Sequence[Answer]) -> None:
    """Stop every job of these; what was computed is kept and shown."""
    for answer in answers:
        service.stop(answer.asked)
        service.stop(_with_curves(answer.asked))


def retry(service: ExplainService, answers: Sequence[Answer]) -> None:
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


def _measured(service: ExplainService, request: CaseRequest) -> View | None:
    """Curves measured before, here or on another page: those of every step where there are."""
    for mode in ("full", _CURVES):
        for reliability in (False, True):
            other = request.change(curves=mode, reliability=reliability)
            found = service.known(other)
            if found is not None:
                return View(Status.DONE, explanation=found)
    return None
