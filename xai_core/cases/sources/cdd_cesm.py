"""A folder of the CDD-CESM release as a source of cases.

Khaled R. et al., The Cancer Imaging Archive (2021), doi:10.7937/29kw-ae92.  A case is one
low-energy image with its own label, together with the recombined ("subtracted") image of the same
exposure.  The two images are not registered: each has its own pixel grid.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from xai_core.cases.annotations.cdd_cesm import (
    LOW_ENERGY,
    ImageName,
    ImageNotes,
    is_annotation_file,
    parse_file_name,
    parse_name,
    read_annotations,
)
from xai_core.cases.annotations.via_regions import (
    Shape,
    draw_regions,
    is_region_file,
    read_regions,
    regions_of_picture,
)
from xai_core.cases.base import find_entry, first_few, printable, with_pixels
from xai_core.cases.readers.limits import DICOM_SUFFIXES, PICTURE_SUFFIXES, kind_of_file
from xai_core.cases.readers.raster import read_picture
from xai_core.cases.readers.single_file import plain_name
from xai_core.cases.sources.walk import walk
from xai_core.errors import SourceNotFound, UnreadableImage
from xai_core.list_text import counted
from xai_core.types import BoolArray, Case, CaseRecord, FloatArray

_DEPTH = 4  # PKG - CDD-CESM / CDD-CESM / Low energy images of CDD-CESM / (doubled by unpacking)
_IMAGE_FOLDER = re.compile(r"(low[\W_]*energy|subtracted)[\W_]*images", re.IGNORECASE)
_OTHER_PICTURES = (*DICOM_SUFFIXES, ".bmp", ".gif", ".webp", ".jp2", ".heic", ".xlsx", ".xls")
MAX_FILES = 20_000  # files examined at most; the release has 2,010


@dataclass
class _Found:
    """The files of the release that were found, by kind."""

    images: dict[ImageName, Path] = field(default_factory=dict)
    annotations: list[Path] = field(default_factory=list)
    regions: list[Path] = field(default_factory=list)
    image_folders: int = 0
    warnings: list[str] = field(default_factory=list)
    unopened: str = ""


class CddCesm:
    """The low-energy images of a CDD-CESM folder with their labels, regions and recombined images.

    The constructor reads only file names and tables; :meth:`load` decodes the images of a case.

    Raises:
        SourceNotFound: the folder holds no low-energy image of the release.
        BadAnnotation: a table exists but cannot be read.
    """

    name = "CDD-CESM"
    is_phantom = False
    allowed = "a CDD-CESM folder"

    @classmethod
    def accepts(cls, path: Path) -> bool:
        """Whether ``path`` is a folder with images named as in the release, in its folders or by
        its tables."""
        if not path.is_dir():
            return False
        found = _search(path)
        return bool(found.images and (found.image_folders or found.annotations or found.regions))

    def __init__(self, folder: Path) -> None:
        found = _search(folder)
        low_energy = sorted(name for name in found.images if name.kind == LOW_ENERGY)
        if not low_energy:
            raise SourceNotFound(
                f"{printable(folder.name)} holds no low-energy image of CDD-CESM (such as "
                "P7_L_DM_MLO.jpg); name the folder that holds 'Low energy images of CDD-CESM'."
                + (f" {found.unopened}" if found.unopened else "")
            )
        self._images = found.images
        warnings = list(found.warnings)
        notes: dict[ImageName, ImageNotes] = {}
        self._regions: dict[ImageName, tuple[Shape, ...]] = {}
        # The workbook is preferred to its main sheet as CSV: it has the detail sheets as well.
        for path in sorted(found.annotations, key=lambda p: (p.suffix.lower() != ".xlsx", p))[:1]:
            notes, more = read_annotations(path)
            warnings += more
        for path in found.regions[:1]:
            self._regions, more = read_regions(path)
            warnings += more
        warnings += _gaps(found, notes, self._regions)
        self.warnings = tuple(warnings)
        self._names = {_id(name, found.images[name]): name for name in low_energy}
        self._records = {
            key: self._record(key, name, notes.get(name), notes.get(name.partner))
            for key, name in self._names.items()
        }

    def records(self) -> tuple[CaseRecord, ...]:
        """One record per low-energy image, ordered by patient, side and view; no image is
        decoded."""
        return tuple(self._records.values())

    def load(self, case_id: str) -> Case:
        """Decode the low-energy image and its recombined image and draw the regions of each.

        Raises:
            CaseNotFound: no case has this id.
            UnreadableImage: an image is damaged or missing.
        """
        name = find_entry(self._names, case_id, self.name)
        image, image_mask, warnings = self._read(name)
        recombined = recombined_mask = None
        if name.partner in self._images:
            recombined, recombined_mask, more = self._read(name.partner)
            warnings += more
        return with_pixels(
            self._records[case_id],
            image=image,
            lesion_mask=image_mask,
            recombined=recombined,
            recombined_mask=recombined_mask,
            more_warnings=warnings,
        )

    def _read(self, name: ImageName) -> tuple[FloatArray, BoolArray | None, tuple[str, ...]]:
        path = self._images[name]
        file = plain_name(path.name)
        image, warnings = read_picture(path, file)
        shapes = self._regions.get(name)
        if not shapes:
            return image, None, warnings
        height, width = image.shape
        try:
            size = path.stat().st_size
        except OSError:
            raise UnreadableImage(f"{file} is no longer there; put it back, or reload.") from None
        shapes, sentences = regions_of_picture(shapes, height, width, size)
        warnings += tuple(f"{file}: {sentence}" for sentence in sentences)
        if not shapes:
            return image, None, warnings
        mask = draw_regions(shapes, height, width)
        if not mask.any():
            return image, None, (*warnings, f"{file}: its regions lie outside the picture.")
        return image, mask, warnings

    def _record(
        self, key: str, name: ImageName, own: ImageNotes | None, partner: ImageNotes | None
    ) -> CaseRecord:
        known = own or ImageNotes(warnings=["The annotation table has no row for this image."])
        warnings = list(known.warnings)
        if name.partner not in self._images:
            warnings.append("There is no recombined image of this view.")
        if partner and known.pathology and partner.pathology not in (None, known.pathology):
            warnings.append(
                f"The recombined image of this view is labelled {partner.pathology}, the "
                f"low-energy image {known.pathology}; the label belongs to the image."
            )
        descriptors = dict(known.descriptors)
        for term, value in (partner.descriptors if partner else {}).items():
            of_shape = term in ("mass shape", "mass margin")  # may differ between the two images
            descriptors.setdefault(f"{term} (recombined)" if of_shape else term, value)
        return CaseRecord(
            id=key,
            source=self.name,
            patient_id=f"P{name.patient}",
            pathology=known.pathology,
            laterality=name.side,
            view=name.view,
            density=known.density,
            birads=known.birads,
            findings=known.findings,
            descriptors=descriptors,
            warnings=tuple(warnings),
        )


def _search(folder: Path) -> _Found:
    listed = walk(folder, max_files=MAX_FILES, max_depth=_DEPTH)
    found = _Found(warnings=listed.notes, unopened=listed.unopened)
    found.image_folders = sum(bool(_IMAGE_FOLDER.match(name)) for name in listed.folders)
    repeated, renamed, left_out = [], [], []
    likely: list[tuple[ImageName, Path]] = []
    for path in listed.files:
        file = path.name
        if not path.is_file():
            left_out.append(file)  # opening a named pipe would block
        elif is_annotation_file(file):
            found.annotations.append(path)
        elif path.suffix.lower() == ".csv":
            if is_region_file(path):
                found.regions.append(path)
            else:
                left_out.append(file)
        elif path.suffix.lower() in PICTURE_SUFFIXES or kind_of_file(path) == "picture":
            name = parse_name(file)
            if name is None:
                other = parse_file_name(path.stem)
                if other is None:
                    left_out.append(file)
                else:
                    likely.append((other, path))
            elif name in found.images:
                repeated.append(file)
            else:
                found.images[name] = path
        elif path.suffix.lower() in _OTHER_PICTURES or parse_file_name(path.stem):
            left_out.append(file)
    for name, path in likely:  # after all the others: the release's own names come first
        if name in found.images:
            repeated.append(path.name)
        else:
            found.images[name] = path
            renamed.append(f"{printable(path.name)} as {_title(name)}")
    if listed.cut:
        found.warnings.append(
            f"The folder holds more than {MAX_FILES:,} files; the rest was left out."
        )
    if repeated:
        names = [printable(file) for file in repeated]
        found.warnings.append(f"Images found twice, the first one counts: {first_few(names)}.")
    if renamed:
        found.warnings.append(
            counted(len(renamed), "image has another name", "images have other names")
            + f" than in the release; used: {first_few(renamed)}."
        )
    if left_out:
        names = [printable(file) for file in left_out]
        found.warnings.append(
            counted(len(names), "file is no picture or table", "files are no pictures or tables")
            + " of the release that can be read and "
            + f"{'was' if len(names) == 1 else 'were'} left out: {first_few(names)}."
        )
    return found


def _gaps(
    found: _Found, notes: dict[ImageName, ImageNotes], regions: Iterable[ImageName]
) -> list[str]:
    """Warnings about missing tables, rows without an image and images without a partner."""
    warnings = []
    if not found.annotations:
        warnings.append(
            "There is no annotation table (Radiology manual annotations.xlsx): no labels."
        )
    if not found.regions:
        warnings.append("There is no table of hand-drawn regions: no masks.")
    for kind, paths in (("annotation", found.annotations), ("region", found.regions)):
        if len(paths) > 1:
            names = [printable(path.name) for path in paths]
            warnings.append(f"Several {kind} files; only one is used: {first_few(names)}.")
    drawn = [_title(name) for name in sorted(regions) if name not in found.images]
    if drawn:
        words = counted(len(drawn), "image with drawn regions is", "images with drawn regions are")
        warnings.append(f"{words} not in the folder: {first_few(drawn)}.")
    absent = [_title(name) for name in sorted(notes) if name not in found.images]
    if absent:
        rows = counted(len(absent), "row of the table has", "rows of the table have")
        warnings.append(f"{rows} no image: {first_few(absent)}.")
    alone = [
        printable(found.images[name].name)
        for name in sorted(found.images)
        if name.kind != LOW_ENERGY and name.partner not in found.images
    ]
    if alone:
        warnings.append(
            counted(len(alone), "recombined image has", "recombined images have")
            + f" no low-energy image: {first_few(alone)}."
        )
    return warnings


def _id(name: ImageName, path: Path) -> str:
    """The case's id: the file's name as in the release, whatever was added to it."""
    return path.stem.strip() if parse_name(path.name) else _title(name)


def _title(name: ImageName) -> str:
    number = "" if name.number == 1 else f"_{name.number}"
    return f"P{name.patient}_{name.side}_{name.kind}_{name.view}{number}"
