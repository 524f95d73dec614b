"""Small sources of every kind with pictures of noise: the tests contain no real image."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    UID,
    DigitalMammographyXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
)

MAIN_HEAD = [
    "Image_name", "Patient_ID", "Side", "Type", "Age", "Breast density (ACR)", "BIRADS",
    "Findings", "View", "Tags", "Machine", "Pathology Classification/ Follow up",
]  # fmt: skip
DETAIL_HEAD = [
    "Image_name", "Patient_ID", "ACR", "Mass density/enhancement pattern", "Mass shape",
    "Mass margin", "Findings",
]  # fmt: skip
LOW, SUBTRACTED = "Low energy images of CDD-CESM", "Subtracted images of CDD-CESM"
WORKBOOK, REGIONS = (
    "Radiology manual annotations.xlsx",
    "Radiology_hand_drawn_segmentations_v2.csv",
)


def noise(height: int = 64, width: int = 48, top: int = 255, seed: int = 0) -> np.ndarray:
    """A grey picture, its first pixels 0 and ``top``."""
    dtype = np.uint8 if top < 256 else np.uint16
    picture = np.random.default_rng(seed).integers(0, top + 1, (height, width)).astype(dtype)
    picture[0, :2] = 0, top
    return picture


def encode(picture: np.ndarray, kind: str = "PNG", **options: Any) -> bytes:
    """The bytes of a picture file."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, kind, **options)
    return buffer.getvalue()


def main_row(name: str, pathology: Any = "Malignant", **cells: Any) -> list[Any]:
    """A row of the workbook's main sheet; ``density``, ``birads`` and ``findings`` may be given."""
    return [
        name, 1, "L", "DM", 50, cells.get("density", "B"), cells.get("birads", 4),
        cells.get("findings", "High density mass with speculated margin "), "CC", "", 1, pathology,
    ]  # fmt: skip


def region_row(file: str, /, **shape: Any) -> list[Any]:
    """A row of the VIA export."""
    return [file, 1, "{}", 1, 0, json.dumps(shape), "{}"]


def write_workbook(path: Path, rows: list[list[Any]], **details: list[list[Any]]) -> None:
    """The workbook; ``details``: sheet title with ``_`` for blanks -> rows under DETAIL_HEAD."""
    workbook = openpyxl.Workbook()
    workbook.active.title = "all"
    for row in [MAIN_HEAD, *rows]:
        workbook.active.append(row)
    for title, lines in details.items():
        sheet = workbook.create_sheet(title.replace("__", " "))
        for row in [DETAIL_HEAD, *lines]:
            sheet.append(row)
    workbook.save(path)


def write_csv(path: Path, rows: list[list[Any]], delimiter: str = ",") -> None:
    """Rows as a CSV file."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)


def write_regions(path: Path, rows: list[list[Any]]) -> None:
    """A VIA export."""
    head = [
        "#filename", "file_size", "file_attributes", "region_count", "region_id",
        "region_shape_attributes", "region_attributes",
    ]  # fmt: skip
    write_csv(path, [head, *rows])


def make_release(root: Path, inner: str = "") -> Path:
    """A small CDD-CESM release with the irregularities of the real one; returns ``root``."""
    folder = root / inner
    (folder / LOW).mkdir(parents=True)
    (folder / SUBTRACTED).mkdir()
    for seed, name in enumerate(["P7_L_DM_CC", "P7_R_DM_MLO", "P99_L_DM_MLO", "P99_L_DM_MLO_2"]):
        (folder / LOW / f"{name}.jpg").write_bytes(encode(noise(64, 48, seed=seed), "JPEG"))
    for name in ["P7_L_CM_CC", "P99_L_CM_MLO2", "P281_L_CM_MLO2"]:
        (folder / SUBTRACTED / f"{name}.jpg").write_bytes(encode(noise(66, 50), "JPEG"))
    (folder / LOW / "desktop.ini").write_text("[x]")
    (folder / "~$Radiology manual annotations.xlsx").write_bytes(b"lock")
    write_workbook(
        folder / WORKBOOK,
        [
            main_row("P7_L_DM_CC  ", birads="3$2", findings="Mass  with speculated margin$IMLN "),
            main_row("P7_L_CM_CC", "Benign", density="_"),
            main_row("P7_R_DM_MLO", "Normal", density="_", birads=1, findings=None),
            main_row("P99_L_DM_MLO_2", "Benign", birads=2),
            main_row("P5_L_DM_CC"),
            [None] * 12,
        ],
        mass_description=[["P7_L_DM_CC", 7, "B", "High ", "Irregular - Round", "Speculated", ""]],
        mass__enhancement_description=[["P7_L_CM_CC ", 7, "_", "Rim ", "Oval", "_", ""]],
    )
    write_regions(
        folder / REGIONS,
        [
            region_row("P7_L_DM_CC.jpg", name="circle", cx=20, cy=30, r=5),
            region_row(
                "P7_L_CM_CC.jpg",
                name="polygon",
                all_points_x=[-9, 20, 20, -9],
                all_points_y=[10, 10, 65, 65],
            ),
            ["P99_L_DM_MLO.jpg", 1, "{}", 0, 0, "{}", "{}"],
        ],
    )
    return root


def make_patients(root: Path, count: int) -> Path:
    """A release with one case of each of the patients 1, 2, ..., its breast a half disc of noise
    in both images; returns ``root``."""
    (root / LOW).mkdir(parents=True)
    (root / SUBTRACTED).mkdir()
    names, rows = [f"P{number}_L_{{}}_CC" for number in range(1, count + 1)], []
    y, x = np.mgrid[:128, :96]
    breast = np.hypot(x, y - 64) < 60
    for seed, name in enumerate(names):
        rng = np.random.default_rng(seed)
        for folder, kind in ((LOW, "DM"), (SUBTRACTED, "CM")):
            tissue = rng.uniform(0.7, 1.3) * rng.normal(100, rng.uniform(10, 30), breast.shape)
            picture = np.where(breast, tissue.clip(30, 255), 0).astype(np.uint8)
            (root / folder / f"{name.format(kind)}.jpg").write_bytes(encode(picture, "JPEG"))
            rows.append(main_row(name.format(kind)))
    write_workbook(root / WORKBOOK, rows)
    write_regions(root / REGIONS, [])
    return root


def make_library(root: Path, count: int = 2) -> Path:
    """A small phantom library; returns its folder."""
    root.mkdir(parents=True, exist_ok=True)
    cases = []
    for number in range(1, count + 1):
        key = f"PH-{number:04d}"
        mask = np.zeros((64, 48), np.uint8)
        mask[10:20, 10:20] = 255
        files = {
            "low_energy": (f"{key}.png", noise(64, 48, seed=number)),
            "lesion_mask": (f"{key}_mask.png", mask),
            "recombined": (f"{key}_cm.png", noise(66, 50, seed=number)),
            "recombined_mask": (f"{key}_cm_mask.png", np.full((66, 50), 255, np.uint8)),
        }
        if number > 1:
            del files["lesion_mask"], files["recombined"], files["recombined_mask"]
        entry: dict[str, Any] = {
            "id": key, "patient_id": f"PH-P{number:04d}", "pathology": "malignant",
            "laterality": "L", "view": "CC", "density": "B", "birads": 4, "findings": ["mass"],
            "descriptors": {"mass shape": "oval"}, "seed": number, "files": {},
        }  # fmt: skip
        for role, (file, picture) in files.items():
            data = encode(picture)
            (root / file).write_bytes(data)
            entry["files"][role] = {"file": file, "sha256": hashlib.sha256(data).hexdigest()}
        cases.append(entry)
    manifest = {"format": 1, "command": "x", "seed": 1, "generator": "test", "cases": cases}
    (root / "manifest.json").write_text(json.dumps(manifest))
    return root


def mammogram(stored: np.ndarray | None = None, syntax: UID = ExplicitVRLittleEndian) -> Dataset:
    """A DICOM mammogram of ``stored`` values, 12 bits of 16 where they are uint16."""
    pixels = noise(64, 48, top=4095) if stored is None else stored
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = syntax
    ds.file_meta.MediaStorageSOPClassUID = DigitalMammographyXRayImageStorageForPresentation
    ds.file_meta.MediaStorageSOPInstanceUID = UID("1.2.3.4")
    ds.SOPClassUID, ds.SOPInstanceUID = DigitalMammographyXRayImageStorageForPresentation, "1.2.3.4"
    ds.Modality, ds.PatientID, ds.PatientName = "MG", "SECRET-1", "Secret^Name"
    ds.ImageLaterality, ds.ViewPosition = "R", "MLO"
    ds.ImagerPixelSpacing = [0.07, 0.07]
    ds.PhotometricInterpretation, ds.SamplesPerPixel = "MONOCHROME2", 1
    ds.Rows, ds.Columns = pixels.shape
    ds.BitsAllocated = 8 * pixels.dtype.itemsize
    ds.BitsStored = 8 if ds.BitsAllocated == 8 else 12
    ds.HighBit, ds.PixelRepresentation = ds.BitsStored - 1, int(pixels.dtype.kind == "i")
    ds.PixelData = pixels.tobytes()
    ds["PixelData"].VR = "OB" if ds.BitsAllocated == 8 else "OW"
    return ds


def dicom_bytes(ds: Dataset) -> bytes:
    """The file of a dataset."""
    buffer = io.BytesIO()
    ds.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()
