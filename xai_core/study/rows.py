"""The rows of an evaluation, one per image, method and layer, and their Parquet files.

The columns of the metrics come from :data:`xai_core.faithfulness.metrics.METRICS`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from xai_core.faithfulness.metric import Measured, Value
from xai_core.faithfulness.metrics import METRICS
from xai_core.files import whole_file, writing

METRIC_COLUMNS: Mapping[str, type] = MappingProxyType(
    {column: kind for metric in METRICS.values() for column, kind in metric.columns.items()}
)
"""The columns of the metrics, in the registry's order, and the types of their values."""


def by_column(measured: Measured) -> dict[str, Value]:
    """The values and errors of ``measured`` by column."""
    found: dict[str, Value] = {}
    for name, measurement in measured.items():
        found[name] = measurement.value
        if METRICS[name].error_column:
            found[METRICS[name].error_column] = measurement.error
    return found


@dataclass(frozen=True, kw_only=True)
class Row:
    """The results of one image, method and layer; None where a field does not apply.

    A case that cannot be read has one row with ``problem``, the reason in a sentence, and no
    method.  ``predicted`` and ``target`` are class names.  ``metrics``: the metrics' values by
    column, with all columns of :data:`METRIC_COLUMNS`; those not given are None.  ``mask_sha256``:
    of the lesion mask, None where no pixel is marked.  ``model_sha256``: see
    :func:`xai_core.explain.identity.model_digest`.  ``threshold``: the operating point.  The fields
    of :data:`PROVENANCE` depend on the machine and the content of the cache, the others do not.
    """

    case_id: str
    patient_id: str
    pathology: str | None = None
    problem: str | None = None
    logit_benign: float | None = None
    logit_malignant: float | None = None
    probability_malignant: float | None = None
    predicted: str | None = None
    outcome: str | None = None
    method: str | None = None
    layer: str | None = None
    target: str | None = None
    map_state: str | None = None
    map_scale: float | None = None
    metrics: Mapping[str, Any] = field(default_factory=dict)
    image_sha256: str | None = None
    mask_sha256: str | None = None
    weights_sha256: str | None = None
    model_sha256: str | None = None
    threshold: float | None = None
    engine: str | None = None
    software: str | None = None
    forwards: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        unknown = self.metrics.keys() - METRIC_COLUMNS.keys()
        if unknown:
            raise ValueError(f"No registered metric has the column {min(unknown)}.")
        complete = {column: self.metrics.get(column) for column in METRIC_COLUMNS}
        object.__setattr__(self, "metrics", MappingProxyType(complete))


PROVENANCE = ("engine", "software", "forwards", "seconds")
"""Fields about the run that computed a row: software and computing effort."""

_TYPES = {"str": pa.string(), "float": pa.float64(), "int": pa.int64(), "bool": pa.bool_()}
_FIXED = {f.name: str(f.type).removesuffix(" | None") for f in dataclasses.fields(Row)}


def _schema() -> pa.Schema:
    taken = _FIXED.keys() & METRIC_COLUMNS.keys()
    if taken:
        raise ValueError(f"A metric's column is {min(taken)}, which rows have already; rename it.")
    columns: list[tuple[str, str]] = []
    for name, kind in _FIXED.items():
        if name == "metrics":
            columns += ((column, kind.__name__) for column, kind in METRIC_COLUMNS.items())
        else:
            columns.append((name, kind))
    return pa.schema([(name, _TYPES[kind]) for name, kind in columns])


SCHEMA = _schema()


def _flat(row: Row) -> dict[str, Any]:
    fixed = {name: getattr(row, name) for name in _FIXED if name != "metrics"}
    return {**fixed, **row.metrics}


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    """Write rows as Parquet, atomically.

    Raises:
        BadRequest: ``path`` cannot be written.
    """
    table = pa.Table.from_pylist([_flat(row) for row in rows], schema=SCHEMA)
    with writing(path), whole_file(path) as stream:
        pq.write_table(table, stream)


def read_rows(path: Path) -> list[Row] | None:
    """The rows of a file; None where it is missing, damaged or has other columns.

    The order of the columns does not matter.
    """
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException):
        return None
    if set(table.schema.remove_metadata()) != set(SCHEMA):
        return None
    return [
        Row(
            **{name: value for name, value in fields.items() if name not in METRIC_COLUMNS},
            metrics={name: fields[name] for name in METRIC_COLUMNS},
        )
        for fields in table.to_pylist()
    ]
