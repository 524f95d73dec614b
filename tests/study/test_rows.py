"""Rows on disk: the columns of the registered metrics, read back exactly."""

from __future__ import annotations

import math
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from xai_core.study.rows import METRIC_COLUMNS, SCHEMA, Row, read_rows, write_rows

# The columns written before the metrics had a registry: names and order must not change.
BEFORE = (
    "case_id", "patient_id", "pathology", "problem", "logit_benign", "logit_malignant",
    "probability_malignant", "predicted", "outcome", "method", "layer", "target", "map_state",
    "map_scale", "tie_fraction", "insertion_auc", "insertion_error", "deletion_auc",
    "deletion_error", "interpretable", "curve_images", "image_sha256", "weights_sha256",
    "forwards", "seconds",
)  # fmt: skip
AREA = math.nextafter(0.1, 1)
ROWS = [
    Row(case_id="a", patient_id="A", method="grad-cam", metrics={
        "insertion_auc": AREA, "interpretable": False, "curve_images": 64, "hit": True,
    }),
    Row(case_id="b", patient_id="B", problem="It cannot be read."),
]  # fmt: skip


def test_rows_are_read_back_to_the_last_bit(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.parquet", ROWS)
    assert read_rows(tmp_path / "rows.parquet") == ROWS
    assert ROWS[1].metrics == dict.fromkeys(METRIC_COLUMNS)


def test_earlier_columns_keep_their_order() -> None:
    assert [name for name in SCHEMA.names if name in BEFORE] == list(BEFORE)
    assert str(SCHEMA.field("interpretable").type) == "bool"
    assert str(SCHEMA.field("curve_images").type) == "int64"
    assert str(SCHEMA.field("insertion_error").type) == "double"


def test_another_order_of_the_same_columns_is_read_and_other_columns_are_not(
    tmp_path: Path,
) -> None:
    path = tmp_path / "rows.parquet"
    write_rows(path, ROWS)
    table = pq.read_table(path)
    pq.write_table(table.select(sorted(table.column_names)), path)
    assert read_rows(path) == ROWS
    pq.write_table(table.drop_columns(["hit"]), path)
    assert read_rows(path) is None


def test_a_column_that_no_measure_has_is_refused() -> None:
    with pytest.raises(ValueError, match="No registered metric has the column shiny"):
        Row(case_id="a", patient_id="A", metrics={"shiny": 1.0})
