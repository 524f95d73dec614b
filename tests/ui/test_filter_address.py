"""The filter of the list of cases in an address."""

from __future__ import annotations

import pytest

from tests.ui.test_case_filter import RECORDS
from xai_core.cam.options import RESERVED
from xai_core.types import CaseRecord
from xai_core.ui.address import VIEWPORT_NAMES
from xai_core.ui.case_filter import MOST_SEARCHED, CaseFilter
from xai_core.ui.filter_address import FILTER_NAMES, read_filter, write_filter

WHOLE = CaseFilter(
    outcomes=frozenset({"TP", "FN"}),
    pathologies=frozenset({"benign", "not given"}),
    views=frozenset({"MLO"}),
    densities=frozenset({"C"}),
    assessments=frozenset({"5"}),
    search="spiculated left",
)


def test_an_address_restores_the_filter() -> None:
    address = write_filter(WHOLE)
    assert address == {
        "outcome": "FN,TP",
        "truth": "benign,not given",
        "projection": "MLO",
        "density": "C",
        "category": "5",
        "find": "spiculated left",
    }
    assert read_filter(address, RECORDS, CaseFilter()) == (WHOLE, [])


def test_what_accepts_everything_is_left_out() -> None:
    assert write_filter(CaseFilter()) == {}
    assert write_filter(CaseFilter(search="  ")) == {}
    assert read_filter({}, RECORDS, WHOLE) == (WHOLE, [])
    assert read_filter({"outcome": "", "find": ""}, RECORDS, CaseFilter()) == (CaseFilter(), [])


def test_a_value_with_a_comma_is_one_value() -> None:
    records = {
        key: CaseRecord(id=key, source=source, patient_id="P")
        for key, source in (("A", "a, 50 %2C of it"), ("B", "b"))
    }
    chosen = CaseFilter(sources=frozenset({"a, 50 %2C of it", "b"}))
    assert read_filter(write_filter(chosen), records, CaseFilter()) == (chosen, [])


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        (
            {"outcome": "TP,XX"},
            "outcome names “XX”, but of these cases it is one of TP, TN, FP, FN",
        ),
        (
            {"density": "C,E,<b>"},
            "density names “E, <b>”, but of these cases it is one of B, C, no",
        ),
        ({"source": "elsewhere"}, "source names “elsewhere”, but these cases do not differ in it"),
        ({"truth": "x" * 500}, "truth names “" + "x" * 60 + "”, but"),
        ({"find": "x" * (MOST_SEARCHED + 1)}, "find has 201 characters, but 200 are the most"),
    ],
)
def test_unusable_values_get_one_sentence_and_are_left_out(
    parameters: dict[str, str], sentence: str
) -> None:
    chosen, problems = read_filter(parameters, RECORDS, CaseFilter())
    assert len(problems) == 1
    assert sentence in problems[0]
    assert problems[0].endswith("left out.")
    usable = {"outcome": {"outcomes": frozenset({"TP"})}, "density": {"densities": frozenset("C")}}
    assert chosen == CaseFilter(**usable.get(next(iter(parameters)), {}))  # type: ignore[arg-type]


def test_what_is_not_seen_in_a_search_is_replaced() -> None:
    chosen, _ = read_filter({"find": " a\u202eb \n c "}, RECORDS, CaseFilter())
    assert chosen.search == "a\N{REPLACEMENT CHARACTER}b c"


def test_no_other_parameter_of_an_address_has_the_same_name() -> None:
    assert set(FILTER_NAMES) <= RESERVED, "no option of a method may have such a name"
    others = {*VIEWPORT_NAMES, "case", "method", "layer", "target", "curves", "ties", "beside",
              "blind", "tab", "stop", "view", "methods", "curves-too", "tp", "tn"}  # fmt: skip
    assert others.isdisjoint(FILTER_NAMES)
