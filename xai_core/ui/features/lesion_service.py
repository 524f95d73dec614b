"""The service that explains changed phantoms: the dashboard's model, a worker of its own."""

from __future__ import annotations

import streamlit as st

from xai_core.cases.sources.library import PhantomLibrary
from xai_core.explain.explainer import Explainer
from xai_core.explain.service import ExplainService, PageService
from xai_core.features.lesion import LesionCases


def lesion_cases(service: PageService) -> LesionCases | None:
    """The changed cases of the service's source; None where it is no phantom library."""
    found = _services(service)
    return None if found is None else found[0]


def lesion_service(service: PageService) -> ExplainService:
    """The service for changed cases.  Only where :func:`lesion_cases` is not None."""
    found = _services(service)
    if found is None:
        raise RuntimeError("a source without phantoms has no changed cases")
    return found[1]


def _close(found: tuple[LesionCases, ExplainService] | None) -> None:
    if found is not None:
        found[1].close()


@st.cache_resource(  # type: ignore[untyped-decorator]
    max_entries=2, show_spinner=False, on_release=_close
)
def _open(  # the key stands for the service, which Streamlit cannot hash
    key: int,  # noqa: ARG001
    _service: PageService,
) -> tuple[LesionCases, ExplainService] | None:
    source = _service.source
    if not isinstance(source, PhantomLibrary):
        return None
    cases = LesionCases(source)
    return cases, ExplainService(Explainer(_service.classifier, store=None), cases)


def _services(service: PageService) -> tuple[LesionCases, ExplainService] | None:
    found: tuple[LesionCases, ExplainService] | None = _open(id(service), service)
    return found
