from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence

import pytest

from tests.conftest import BUILT_IN_LAYERS
from tests.study.evaluation_rows import row
from xai_core.study.rows import Row
from xai_core.study.tables import About, figures_of, latex, markdown
from xai_core.study.tables_csv import COLUMNS, csv_text

ABOUT = About("A_B & C | D", is_phantom=False, curves="adaptive", weights="ab" * 32)


def documents(rows: Sequence[Row], about: About = ABOUT) -> tuple[str, str, str]:
    """Markdown, LaTeX and CSV."""
    figures = figures_of(rows)
    return markdown(figures, about), latex(figures, about), csv_text(figures, about)


def cells(markdown_line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", markdown_line)[1:-1]]


def line_of(text: str, *begins: str) -> list[str]:
    """The cells of the first line of a Markdown table that begins so."""
    lines = [cells(line) for line in text.splitlines() if line.startswith("|")]
    return next(line for line in lines if line[: len(begins)] == list(begins))


def numbers(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def cohort() -> list[Row]:
    """Two methods on 24 true positives, of which 4 are not interpretable, and on 6 true negatives,
    of which none is."""
    out = []
    for i in range(30):
        outcome, able = ("TP", i >= 4) if i < 24 else ("TN", False)
        for method, gain in (("grad-cam", 0.0), ("hybrid-cam", 0.01 + i / 10_000)):
            out.append(
                row(
                    i, outcome, 0.5 + i / 100 + gain, method=method, interpretable=able,
                    random_insertion_auc=0.4, hit=i % 2 == 0,
                )
            )  # fmt: skip
    return out


def test_markdown_shows_measured_figures_and_the_papers() -> None:
    text = documents([row(0), row(2, "TN")])[0]
    assert line_of(text, "TP", "Grad-CAM", "all images")[3:] == [
        "1 (1)", "0.900 (-)", "0.958", "0.300 (-)", "0.361", "0.0020", "0", "0",
    ]  # fmt: skip
    assert line_of(text, "TP", "Grad-CAM", "interpretable")[3:] == [
        "1 (1)", "0.900 (-)", "", "0.300 (-)", "", "", "", "",
    ]  # fmt: skip
    assert r"A_B & C \| D" in text
    assert line_of(text, "images") == ["images", "2", "141 said, 147 implied"]
    assert line_of(text, "sensitivity (1 / 1)")[1:] == ["100.0 % (-)", "56.1 %"]
    assert "no interval, as there are fewer than 10 patients" in text


def test_every_table_has_equal_lines() -> None:
    text = documents(cohort())[0]
    tables = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert len(tables) == 6  # areas, differences twice, other metrics twice, decisions
    for table in tables:
        assert len({len(cells(line)) for line in table.splitlines()}) == 1


def test_marks_and_their_legend_are_in_all_three() -> None:
    text, tex, table = documents(cohort())
    for method in ("Grad-CAM", "Hybrid-CAM"):
        every = line_of(text, "TP", method, "all images")
        assert every[3] == "24 (12)"
        assert every[4].endswith(")†")
        assert every[6].endswith(")†")
        assert every[9:] == ["4", "0"]
        able = line_of(text, "TP", method, "interpretable")
        assert able[3] == "20 (10)"
        assert able[4].endswith(")")
        nothing = line_of(text, "TN", method, "all images")
        assert (nothing[4][-2:], nothing[9]) == (")‡", "6")
        assert line_of(text, "TN", method, "interpretable")[3:7] == ["0 (0)", "-", "", "-"]
        assert re.search(rf"TP & {method} & all images & .*\)\\dag\{{\}} & .* & 4 & 0 \\\\", tex)
        assert re.search(rf"TN & {method} & all images & .*\)\\ddag\{{\}} & .* & 6 & 0 \\\\", tex)
    assert "† some, ‡ all of the images behind the figure are not interpretable: blurring" in text
    assert r"\dag{} some, \ddag{} all of the images behind the figure are not" in tex
    marks = {
        (line["outcome"], line["mean_over"]): (line["mark"], line["remark"])
        for line in numbers(table)
        if line["table"] == "areas"
    }
    assert marks == {
        ("TP", "all images"): ("†", "some images not interpretable"),
        ("TP", "interpretable"): ("", ""),
        ("TN", "all images"): ("‡", "all images not interpretable"),
        ("TN", "interpretable"): ("", ""),
    }
    assert any("† some, ‡ all" in line["remark"] for line in numbers(table))


def test_paired_differences_stand_under_the_table() -> None:
    text, tex, table = documents(cohort())
    pair = "Hybrid-CAM minus Grad-CAM"
    found = line_of(text, "TP", "insertion", pair)
    assert found[3] == "24 (12)"
    assert re.fullmatch(r"\+0\.0112 \(\+0\.0107 to \+0\.0116\)†", found[4])
    assert found[5] == "+0.005"
    assert found[7:] == ["0.0014", ""]
    assert line_of(text, "TN", "insertion", pair)[3:] == [
        "6 (3)", "+0.0126 (-)‡", "+0.011", "-", "0.0014", "",
    ]  # fmt: skip
    assert line_of(text, "TP", "deletion", pair)[4:] == [
        "+0.0000 (+0.0000 to +0.0000)†", "-0.011", "1.000", "0.0028", "below the curves' own error",
    ]  # fmt: skip
    assert f"TP & insertion & {pair} & 24 (12) & +0.0112" in tex
    line = next(
        line
        for line in numbers(table)
        if line["table"] == "paired differences" and line["metric"] == "deletion_auc"
    )
    assert (line["method"], line["minus"]) == ("hybrid-cam", "grad-cam")
    assert line["remark"] == "some images not interpretable; below the curves' own error"
    # Over interpretable images, the tests of another table are adjusted for.
    able = text.split("### Paired differences over interpretable images: Stage 3 Block 9")[1]
    assert line_of(able, "TP", "insertion", pair)[3] == "20 (10)"
    assert line_of(able, "TN", "insertion", pair)[3:5] == ["0 (0)", "-"]
    assert "adjusted by Holm for the 2 tests of this table" in able


def test_the_sentence_on_the_ranking_and_its_rule_are_in_all_three() -> None:
    text, tex, table = documents(cohort())
    said = (
        "The ranking agrees with the paper's: cannot be told. Of the paper's 12 pairwise orders 4 "
        "were measured here: 1 shown as in the paper, 0 shown the other way, 3 not shown either "
        "way."
    )
    remarks = [line["remark"] for line in numbers(table)]
    assert said in text
    assert said in tex
    assert any(remark.startswith(said) for remark in remarks)
    for where in (text, tex, "\n".join(remarks)):
        assert "Rule for the ranking: " in where
        assert where.count("The ranking agrees") == 2  # over all, and over interpretable images


def test_a_source_whose_images_are_all_interpretable_has_one_table_of_differences() -> None:
    rows = [row(i, method=method) for i in range(4) for method in ("grad-cam", "hybrid-cam")]
    text = documents(rows)[0]
    assert text.count("### Paired differences") == 1
    assert "the same holds over interpretable images" in text
    assert "### Paired" not in documents(rows[::2])[0]  # one method


def test_every_figure_of_markdown_is_in_latex_and_in_csv() -> None:
    text, tex, table = documents(cohort())
    # Decimal places tell a figure from a count; intervals are several figures.
    shown = set(re.findall(r"[+-]?\d+\.\d{3,4}", text.split("## Notes")[0]))
    assert len(shown) > 30
    assert shown <= set(re.findall(r"[+-]?\d+\.\d{3,4}", tex))
    known: set[str] = set()
    for line in numbers(table):
        for name in ("value", "low", "high", "p_holm", "curve_error", "paper"):
            if line[name]:
                value = float(line[name])
                known |= {f"{value:{form}}" for form in (".3f", ".4f", "+.3f", "+.4f")}
    assert shown <= known


def test_csv_has_one_figure_a_row() -> None:
    lines = numbers(documents(cohort())[2])
    assert tuple(lines[0]) == COLUMNS
    assert {line["table"] for line in lines} == {
        "areas", "paired differences", "ranking", "other metrics", "decisions", "notes",
    }  # fmt: skip
    assert "nan" not in {value for line in lines for value in line.values()}
    areas = [line for line in lines if line["table"] == "areas"]
    assert len(areas) == 2 * 2 * 2 * 2
    assert areas[0]["paper"] == "0.958"
    measured = {line["metric"]: line["value"] for line in lines if line["table"] == "decisions"}
    assert (measured["TP"], measured["sensitivity"]) == ("24", "1.0")


def test_a_method_that_the_paper_does_not_have_is_shown_without_its_figures() -> None:
    rows = [row(0, method="their-cam"), row(0, method="score-cam"), row(0), row(2, "TN")]
    text, tex, table = documents(rows)
    assert line_of(text, "TP", "their-cam", "all images")[3:] == [
        "1 (1)", "0.900 (-)", "-", "0.300 (-)", "-", "0.0020", "0", "0",
    ]  # fmt: skip
    assert line_of(text, "TP", "insertion", "their-cam minus Grad-CAM")[5] == "-"
    assert "their-cam & all images & 1 (1) & 0.900 (-) & - &" in tex
    theirs = [line for line in numbers(table) if line["method"] == "their-cam"]
    assert {line["paper"] for line in theirs} == {""}


def test_other_measures_have_means_with_their_numbers_units_and_directions() -> None:
    rows = [
        row(0, hit=True, tie_fraction=0.25, distance=0.0, peak_row=7, random_insertion_auc=0.5),
        row(2, hit=False, tie_fraction=0.5, distance=20.0, peak_row=9, random_insertion_auc=0.9,
            interpretable=False),
        row(4, tie_fraction=0.75),
        row(6, "TN", tie_fraction=0.5),
    ]  # fmt: skip
    text, tex, table = documents(rows)
    tp, tn = text.split("### Other metrics: Stage 3 Block 9, true ")[1:]
    head = ["metric", "mean over", "Grad-CAM"]
    assert line_of(tp, "metric") == line_of(tn, "metric") == head
    assert line_of(tp, "Tie fraction (share of patches; lower is better)")[1:] == [
        "all images", "0.500 (-), 3 (3)",
    ]  # fmt: skip
    assert line_of(tp, "Pointing game (hit or miss; higher is better)")[2] == "0.500 (-), 2 (2)"
    assert line_of(tp, "Distance of the peak (px; lower is better)")[2] == "10.000 (-), 2 (2)"
    random = "Insertion AUC, random orders (mean probability)"
    assert line_of(tp, random, "all images")[2] == "0.700 (-)†, 2 (2)"
    assert line_of(tp, random, "interpretable")[2] == "0.500 (-), 1 (1)"
    assert "Pointing game" not in tn.split("## Decisions")[0]
    notes = [line for line in text.splitlines() if line.startswith("- Pointing game (hit, hit or")]
    assert len(notes) == 1
    assert "Higher is better. Reference: Zhang" in notes[0]
    assert r"random orders (mean probability) & all images & 0.700 (-)\dag{}, 2 (2) \\" in tex
    assert r"\label{tab:other-1-tp}" in tex
    assert "% Pointing game (hit, hit or miss)" in tex
    others = [line for line in numbers(table) if line["table"] == "other metrics"]
    hit = next(line for line in others if line["metric"] == "hit")
    assert (hit["value"], hit["images"], hit["mean_over"]) == ("0.5", "2", "all images")


def test_latex_is_balanced_and_escaped() -> None:
    text = documents([row(0), row(2, "TN", layer=BUILT_IN_LAYERS[1])])[1]
    body = [line for line in text.splitlines() if not line.startswith("%")]
    assert text.count(r"\begin{table}") == text.count(r"\end{table}") == 3
    assert r"A\_B \& C | D" in text
    lines = [line for line in body if " & " in line and not line.startswith((r"\cap", r"\par"))]
    assert all(line.endswith(r"\\") for line in lines)
    assert "".join(body).count("{") - "".join(body).count(r"\{") == (
        "".join(body).count("}") - "".join(body).count(r"\}")
    )
    assert "nan" not in text
    assert text.isascii()


@pytest.mark.parametrize("curves", ["adaptive", "fine"])
def test_the_curves_and_their_error_are_told(curves: str) -> None:
    about = About("x", is_phantom=True, curves=curves, weights="ab" * 32)
    text = documents([row(0)], about)[0]
    assert f"Curves are {curves}: the estimated error of one image's area is at most 0.0020" in text
    exact = [row(0, insertion_error=0.0, deletion_error=0.0)]
    assert "Curves are" not in documents(exact, about)[0]


def test_documents_without_rows() -> None:
    texts = documents([])
    assert "Table 1" not in texts[0]
    assert not any("nan" in text for text in texts)
