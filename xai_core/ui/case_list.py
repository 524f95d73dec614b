"""The list of cases: filters, counts, previous and next, a page of cases to choose from."""

from __future__ import annotations

import streamlit as st

from xai_core.service import ExplainService
from xai_core.types import CaseRecord, Outcome
from xai_core.ui import state
from xai_core.ui.case_filter import NOT_GIVEN, CaseFilter, counts, neighbour, page_of
from xai_core.ui.words import OUTCOME_WORDS, plain, view_words

_PAGE = 8
_POLL = 2.5  # seconds between looks at the predictions while they arrive
_CHANGED, _ENDED = "case changed", "predictions ended"


def show(service: ExplainService) -> None:
    """Draw the list; while predictions arrive it looks after itself."""
    done, total = service.prediction_progress()
    st.fragment(_body, run_every=_POLL if done < total else None)(service, done < total)


def _body(service: ExplainService, polled: bool) -> None:
    if st.session_state.pop(_CHANGED, False):
        st.rerun()
    outcomes = service.outcomes()
    shown = _filter(service, outcomes).apply(service.records, outcomes)
    _steps(service, shown)
    _choice(service, shown, outcomes)
    done, total = service.prediction_progress()
    if done < total:
        st.caption(f"{done} of {total} cases predicted; outcomes fill in as they arrive.")
    elif polled:
        st.rerun()


def _filter(service: ExplainService, outcomes: dict[str, Outcome]) -> CaseFilter:
    by_outcome = {o: sum(1 for found in outcomes.values() if found is o) for o in Outcome}
    chosen = {
        "outcomes": _pills(
            "Outcome", {str(o): n for o, n in by_outcome.items()},
            help="  \n".join(f"**{o}** {words}" for o, words in OUTCOME_WORDS.items()),
        ),
    }  # fmt: skip
    fields = (
        ("pathologies", "Truth", lambda r: str(r.pathology or NOT_GIVEN)),
        ("views", "View", lambda r: str(r.view or NOT_GIVEN)),
        ("sources", "Source", lambda r: r.source),
    )
    for name, label, value in fields:
        numbers = counts(service.records, value)
        chosen[name] = _pills(label, numbers) if len(numbers) > 1 else frozenset()
    return CaseFilter(**chosen)


def _pills(label: str, numbers: dict[str, int], help: str | None = None) -> frozenset[str]:
    picked = st.pills(
        label,
        list(numbers),
        selection_mode="multi",
        format_func=lambda value: f"{plain(value, 40)} {numbers.get(value, 0)}",
        key=f"filter {label}",
        help=help,
        persist_state="session",
    )
    return frozenset(picked)


def _go(case_id: str | None) -> None:
    if case_id is not None and case_id != state.show().case_id:
        state.change(case_id=case_id)
        st.session_state[_CHANGED] = True


def _steps(service: ExplainService, shown: tuple[str, ...]) -> None:
    def there(by: int) -> str | None:
        # Asked again at the click: a second one comes before this was redrawn.
        return neighbour(shown, state.show().case_id, tuple(service.records), by)

    with st.container(horizontal=True, key="steps"):
        st.button(
            "Previous", key="previous", on_click=lambda: _go(there(-1)), disabled=there(-1) is None,
            shortcut="P", width="stretch",
        )  # fmt: skip
        st.button(
            "Next", key="next", on_click=lambda: _go(there(+1)), disabled=there(+1) is None,
            shortcut="N", width="stretch",
        )  # fmt: skip


def _choice(service: ExplainService, shown: tuple[str, ...], outcomes: dict[str, Outcome]) -> None:
    current = state.show().case_id
    if not shown:
        st.info("No case matches these filters.")
        return
    begin, page = page_of(shown, current, _PAGE)
    place = f"{shown.index(current) + 1} of {len(shown)}" if current in shown else f"{len(shown)}"
    st.caption(
        f"Case {place} shown, {len(service.records)} in all"
        + ("" if current in shown else "; the one on show does not match the filters.")
    )
    shown_here = current if current in page else None
    with st.container(key="case-list"):
        st.radio(
            "Cases",
            page,
            format_func=lambda key: plain(key, 48),
            captions=[_caption(service.records[key], outcomes.get(key)) for key in page],
            index=None if shown_here is None else page.index(shown_here),
            key=state.key_showing("case list", shown_here),
            on_change=state.when_changed("case list", _go),
            label_visibility="collapsed",
        )
    if len(shown) > _PAGE:
        st.selectbox(
            f"Cases {begin + 1} to {begin + len(page)}; find another",
            shown,
            index=None,
            key=state.key_showing("find case", None),
            placeholder="Type a part of its name",
            on_change=state.when_changed("find case", _go),
        )


def _caption(record: CaseRecord, outcome: Outcome | None) -> str:
    parts = (view_words(record), record.pathology or "truth not given", outcome or "")
    return " · ".join(part for part in parts if part)
