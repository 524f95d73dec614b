"""One row of an evaluation: an image, a method and a layer; and how rows are kept on disk."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from xai_core.files import whole_file, writing


@dataclass(frozen=True, kw_only=True)
class Row:
    """What was measured; None where it does not apply.

    A case that cannot be read has one row: ``problem``, the reason in a sentence, and no method.
    ``predicted`` and ``target`` are class names.  ``tie_fraction`` in [0, 1]; areas in [0, 1] with
    the estimate of their error; ``curve_images`` is what the curves rest on, remembered or not.
    The fields of :data:`COST` depend on what was in the cache, the others never do.
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
    tie_fraction: float | None = None
    insertion_auc: float | None = None
    insertion_error: float | None = None
    deletion_auc: float | None = None
    deletion_error: float | None = None
    interpretable: bool | None = None
    curve_images: int | None = None
    image_sha256: str | None = None
    weights_sha256: str | None = None
    forwards: int | None = None
    seconds: float | None = None


COST = ("forwards", "seconds")
"""Fields that say what a row cost this time."""

_TYPES = {"str": pa.string(), "float": pa.float64(), "int": pa.int64(), "bool": pa.bool_()}
SCHEMA = pa.schema(
    [
        (field.name, _TYPES[str(field.type).removesuffix(" | None")])
        for field in dataclasses.fields(Row)
    ]
)


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    """Write rows as Parquet, whole or not at all.

    Raises:
        BadRequest: the place cannot be written.
    """
    table = pa.Table.from_pylist([dataclasses.asdict(row) for row in rows], schema=SCHEMA)
    with writing(path), whole_file(path) as partial:
        pq.write_table(table, partial)


def read_rows(path: Path) -> list[Row] | None:
    """The rows of a file; None where there is none of this schema that can be read whole."""
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException):
        return None
    if table.schema.remove_metadata() != SCHEMA:
        return None
    return [Row(**fields) for fields in table.to_pylist()]
