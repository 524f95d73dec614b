"""The built-in library of phantoms: synthetic mammograms with known truth, listed in a manifest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xai_core.cases.base import find_entry, printable, with_pixels
from xai_core.cases.readers.limits import check_file_size
from xai_core.cases.readers.raster import decode_picture
from xai_core.cases.readers.single_file import plain_name
from xai_core.errors import BadAnnotation, CaseError, SourceNotFound, UnreadableImage
from xai_core.files import MISSING, not_a_file
from xai_core.settings import LIBRARY
from xai_core.types import BoolArray, Case, CaseRecord, FloatArray, MarkedFinding, Pathology

MANIFEST = "manifest.json"
FORMAT = 1
_MAX_MANIFEST = 16 * 2**20
_ROLES = ("low_energy", "lesion_mask", "recombined", "recombined_mask")
_Entry = tuple[str, str]  # a file's name and its SHA-256


@dataclass(frozen=True, eq=False)
class TrueLesion:
    """One lesion of a phantom, exactly.  ``descriptors``: lexicon term -> value.  ``mask``, and
    ``thin`` of its spicules and strands: bool (H, W) on the low-energy grid; ``thin`` is None where
    it has none."""

    kind: str
    descriptors: Mapping[str, str]
    mask: BoolArray
    thin: BoolArray | None


class PhantomLibrary:
    """The phantoms of a folder with ``manifest.json`` (format 1) and 8-bit grey PNG files.

    The manifest holds every file's SHA-256, which is compared when the file is read, so that a
    picture always matches its description.

    Raises:
        SourceNotFound: the folder has no manifest.
        BadAnnotation: the manifest is damaged or of another format.
    """

    is_phantom = True
    warnings: tuple[str, ...] = ()
    allowed = "'library' (the built-in phantoms)"

    @classmethod
    def accepts(cls, path: Path) -> bool:
        """Whether ``path`` is a folder that holds a manifest of this kind, or what is left of one:
        the pictures of a library are no cases without it, and its masks never are."""
        manifest = path / MANIFEST
        if not path.is_dir() or not_a_file(manifest):
            return False
        with manifest.open("rb") as file:
            return f'"{_ROLES[0]}"'.encode() in file.read(_MAX_MANIFEST)

    def __init__(self, folder: Path = LIBRARY) -> None:
        self._folder = folder
        self.name = "Phantom library"
        if folder != LIBRARY:
            self.name += f" {plain_name(folder.resolve().name)}"
        self._records: dict[str, CaseRecord] = {}
        self._files: dict[str, dict[str, _Entry]] = {}
        self._seeds: dict[str, int] = {}
        self._lesions: dict[str, Any] = {}  # as in the manifest, read when they are asked for
        self._marked: dict[str, tuple[tuple[str, _Entry], ...]] = {}
        for number, entry in enumerate(_read_manifest(folder), start=1):
            try:
                record, files = _record(entry, self.name), _files(entry)
                marked = _marked(entry, files.get("lesion_mask"))
                if "texture_seed" in entry:
                    self._seeds[record.id] = int(entry["texture_seed"])
            except (KeyError, TypeError, ValueError, AttributeError, CaseError) as error:
                fault = "a field has a value of another kind"
                if isinstance(error, KeyError):
                    fault = f"it lacks “{error.args[0]!s:.40}”"
                elif isinstance(error, CaseError):
                    fault = f"{error!s:.120}".rstrip(".")
                raise BadAnnotation(
                    f"Case {number} of the phantom library's {MANIFEST} cannot be understood "
                    f"({fault}); generate the library again."
                ) from None
            if record.id in self._records:
                raise BadAnnotation(
                    f"The phantom library's {MANIFEST} lists {record.id!r} twice; generate the "
                    "library again."
                )
            self._records[record.id] = record
            self._lesions[record.id] = entry.get("lesions", [])
            self._files[record.id] = files
            self._marked[record.id] = marked
        for record in self._records.values():
            _check_other_view(record, self._records)

    def records(self) -> tuple[CaseRecord, ...]:
        """One record per phantom, in the manifest's order; no image is decoded."""
        return tuple(self._records.values())

    def load(self, case_id: str) -> Case:
        """Read a phantom's pictures and masks.

        Raises:
            CaseNotFound: no case has this id.
            UnreadableImage: a file is missing or differs from the manifest.
        """
        record = find_entry(self._records, case_id, self.name)
        files = self._files[case_id]
        pictures = {role: self._read(*entry) for role, entry in files.items()}
        masks = {files["lesion_mask"]: pictures["lesion_mask"]} if "lesion_mask" in files else {}
        masks |= {e: self._read(*e) for _, e in self._marked[case_id] if e not in masks}
        return with_pixels(
            record,
            image=pictures["low_energy"],
            recombined=pictures.get("recombined"),
            lesion_mask=_mask(pictures.get("lesion_mask")),
            recombined_mask=_mask(pictures.get("recombined_mask")),
            lesions=tuple(
                MarkedFinding(masks[entry] > _WHITE, kind) for kind, entry in self._marked[case_id]
            ),
        )

    def file_digest(self, case_id: str) -> str:
        """SHA-256, in hex, of a phantom's low-energy picture file.

        Raises:
            CaseNotFound: no case has this id.
        """
        find_entry(self._records, case_id, self.name)
        return self._files[case_id]["low_energy"][1]

    def texture_seed(self, case_id: str) -> int | None:
        """The seed that a phantom was drawn from, None where the manifest does not name it.

        Raises:
            CaseNotFound: no case has this id.
        """
        find_entry(self._records, case_id, self.name)
        return self._seeds.get(case_id)

    def lesions(self, case_id: str) -> tuple[TrueLesion, ...]:
        """Every lesion of a phantom with its own masks, in the manifest's order.

        Raises:
            CaseNotFound: no case has this id.
            BadAnnotation: the manifest's description of them cannot be understood.
            UnreadableImage: a file is missing or differs from the manifest.
        """
        find_entry(self._records, case_id, self.name)
        try:
            described = [
                (
                    printable(str(one["kind"])),
                    {printable(str(k)): printable(str(v)) for k, v in one["descriptors"].items()},
                    # Of a single lesion the mask is that of all.
                    _file(one["mask"]) if "mask" in one else self._files[case_id]["lesion_mask"],
                    _file(one["thin_mask"]) if "thin_mask" in one else None,
                )
                for one in self._lesions[case_id]
            ]
        except (KeyError, TypeError, AttributeError, CaseError):
            raise BadAnnotation(
                f"The phantom library's {MANIFEST} describes a lesion of {case_id} in a way that "
                "cannot be understood; generate the library again."
            ) from None
        return tuple(
            TrueLesion(
                kind, descriptors, self._read(*mask) > _WHITE,
                None if thin is None else self._read(*thin) > _WHITE,
            )
            for kind, descriptors, mask, thin in described
        )  # fmt: skip

    def _read(self, file: str, digest: str) -> FloatArray:
        path = self._folder / file
        fault = not_a_file(path)
        if fault:
            fault = "is not there" if fault == MISSING else fault
            raise UnreadableImage(
                f"{file} of the phantom library {fault}; restore the library's folder."
            )
        try:
            check_file_size(file, path.stat().st_size)
            data = path.read_bytes()
        except OSError:
            raise UnreadableImage(
                f"{file} of the phantom library cannot be read; restore the library's folder."
            ) from None
        if hashlib.sha256(data).hexdigest() != digest:
            raise UnreadableImage(
                f"{file} of the phantom library differs from its manifest (SHA-256); restore or "
                "generate the library again."
            )
        # In this process: the files are this software's own, as their digests say.
        return decode_picture(data, file).image()


def _read_manifest(folder: Path) -> list[Any]:
    path = folder / MANIFEST
    if not path.is_file():
        raise SourceNotFound(
            f"The phantom library has no {MANIFEST}; restore the folder 'assets/cases', or name a "
            "folder of your own cases."
        )
    try:
        if path.stat().st_size > _MAX_MANIFEST:
            raise ValueError("too large")
        manifest = json.loads(path.read_text(encoding="utf-8"))
        if manifest["format"] != FORMAT:
            raise BadAnnotation(
                f"The phantom library's {MANIFEST} has format {manifest['format']!r:.40}; this "
                f"software reads format {FORMAT}."
            )
        cases = manifest["cases"]
        if not isinstance(cases, list) or not cases:
            raise ValueError("no cases")
        return cases
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise BadAnnotation(
            f"The phantom library's {MANIFEST} is damaged or lists no case; generate it again."
        ) from None


def _record(entry: Mapping[str, Any], source: str) -> CaseRecord:
    birads, other = entry.get("birads"), entry.get("other_view")
    pathology = entry["pathology"]
    if pathology not in list(Pathology):
        raise CaseError(f"pathology is {pathology!r:.40}; allowed are {', '.join(Pathology)}")
    return CaseRecord(
        id=printable(str(entry["id"])),
        source=source,
        patient_id=printable(str(entry["patient_id"])),
        pathology=Pathology(pathology),
        laterality=entry.get("laterality"),
        view=entry.get("view"),
        density=entry.get("density"),
        birads=None if birads is None else int(birads),
        findings=tuple(printable(str(f)) for f in entry.get("findings", ())),
        descriptors={
            printable(str(k)): printable(str(v)) for k, v in entry.get("descriptors", {}).items()
        },
        note=printable(" ".join(str(entry.get("note", "")).split())),
        is_phantom=True,
        other_view=None if other is None else printable(str(other)),
    )


def _check_other_view(record: CaseRecord, records: Mapping[str, CaseRecord]) -> None:
    """Raises:
    BadAnnotation: the other view that a case names is none of the same breast.
    """
    if record.other_view is None:
        return
    other = records.get(record.other_view)
    known = other is not None and other.other_view == record.id
    if not known or (other and other.patient_id) != record.patient_id:
        raise BadAnnotation(
            f"The phantom library's {MANIFEST} names {record.other_view!r:.40} as the other view "
            f"of {record.id!r:.40}, but it is of another breast; generate the library again."
        )


def _files(entry: Mapping[str, Any]) -> dict[str, _Entry]:
    """Role -> file name and SHA-256.

    Raises:
        CaseError: a name that points outside the library's folder.
        KeyError: the low-energy picture is missing.
    """
    found = {}
    for role in _ROLES:
        described = entry["files"].get(role)
        if described is None:
            continue
        found[role] = _file(described)
    if "low_energy" not in found:
        raise KeyError("low_energy")
    return found


def _file(described: Mapping[str, Any]) -> _Entry:
    """File name and SHA-256.

    Raises:
        CaseError: a name that points outside the library's folder.
    """
    file = str(described["file"])
    if file != plain_name(file) or file.startswith("."):
        raise CaseError(f"{file!r:.60} is not a plain file name")
    return file, str(described["sha256"]).lower()


def _marked(entry: Mapping[str, Any], mask: _Entry | None) -> tuple[tuple[str, _Entry], ...]:
    """Kind and mask of each lesion; none unless every lesion has one.

    ``mask``: of all lesions, which is that of the only one.
    """
    described = list(entry.get("lesions", ()))
    if mask is not None and len(described) == 1:
        return ((printable(str(described[0].get("kind", ""))), mask),)
    if not all("mask" in lesion for lesion in described):
        return ()
    return tuple(
        (printable(str(lesion.get("kind", ""))), _file(lesion["mask"])) for lesion in described
    )


_WHITE = 0.5  # masks are pictures of 0 and 255


def _mask(picture: FloatArray | None) -> BoolArray | None:
    """A picture of 0 and 255 as a mask."""
    return None if picture is None else picture > _WHITE
