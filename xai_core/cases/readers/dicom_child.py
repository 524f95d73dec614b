"""The program that reads a DICOM file in a child process, to contain the effects of a hostile file.

pydicom sets no limits: parsing alone inflates a deflated file (PS3.5 A.5), and a run-length encoded
file of a few hundred bytes can demand gigabytes.  This program limits its own memory and time and
then reads the file.  :mod:`xai_core.cases.readers.dicom` runs :func:`main` with the
arguments FILE NAME FOLDER MEMORY in a fork (:mod:`xai_core.cases.readers.fork_server`), or as a
program where the system cannot fork.

It writes to FOLDER either ``error.txt`` (a sentence for the user) or ``facts.json`` and
``image.npy`` (float32, no pickle).
"""

from __future__ import annotations

import sys
from pathlib import Path

from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.filereader import read_partial

from xai_core.cases.readers.child_process import limit_resources, run_program, write_answer
from xai_core.cases.readers.dicom_decoding import check_header, decode, grey_levels
from xai_core.cases.readers.dicom_elements import complete_header
from xai_core.cases.readers.dicom_header import describe, shown_header, syntax_name
from xai_core.errors import UnreadableImage


def read(path: Path, name: str, folder: Path) -> None:
    """Read ``path`` and write ``facts.json`` and ``image.npy`` to ``folder``.

    Raises:
        UnreadableImage: see :func:`xai_core.cases.readers.dicom.read_dicom`.
    """
    try:
        ds, surplus = read_to_pixels(path)
        completed = [*surplus, *complete_header(ds)]
        check_header(ds, name)
        # Inside the try block: pydicom parses an element when it is first accessed.
        facts = {**describe(ds), "header": shown_header(ds)}
        syntax = ds.file_meta.get("TransferSyntaxUID")
    except UnreadableImage:
        raise
    except MemoryError:
        raise
    except InvalidDicomError:
        raise UnreadableImage(
            f"{name} is not a DICOM file (no DICM mark at byte 128); give a DICOM file, or a PNG, "
            "JPEG or TIFF picture."
        ) from None
    except Exception:  # parsing damaged bytes can raise any exception
        raise UnreadableImage(
            f"{name} is damaged or incomplete and its header cannot be read; export it again."
        ) from None
    if syntax is None:
        raise UnreadableImage(f"{name} does not say how its pixels are stored; export it again.")
    try:
        pixels = decode(ds, str(path))
        if pixels.words.shape != (ds.Rows, ds.Columns):
            raise ValueError("the decoder gave another size than the header")
        levels, notes, facts["windowed"] = grey_levels(ds, pixels)
    except MemoryError:
        raise
    except Exception:  # so can decoding them
        reason = "it is damaged or incomplete"
        if not syntax.is_transfer_syntax or syntax.is_compressed:
            reason += (
                f", or its compression ({syntax_name(ds) or 'of no known kind'}) is not one this "
                "software reads (JPEG, JPEG-LS, JPEG 2000, RLE)"
            )
        raise UnreadableImage(
            f"{name} cannot be decoded: {reason}; export it again, uncompressed."
        ) from None
    facts["warnings"] += [*completed, *notes]
    write_answer(folder, pixels.words, levels, facts)


_PIXELS = (0x7FE00008, 0x7FE00009, 0x7FE00010)
_MAY_FOLLOW = (0x0000, 0xFFFA, 0xFFFC)  # groups: zeros, signatures, trailing padding (PS3.10, 7.2)


def read_to_pixels(path: Path) -> tuple[Dataset, list[str]]:
    """The data set up to its pixels, and a sentence where something else follows them: whatever
    was appended to a file is neither an element of it nor damage to its picture.

    Raises:
        InvalidDicomError: not a DICOM file.
        Exception: damaged bytes can raise any.
    """
    last, notes = 0, []

    def is_past_pixels(tag: int, vr: str | None, length: int) -> bool:  # noqa: ARG001
        nonlocal last
        if last not in _PIXELS:
            last = int(tag)
            return False
        if int(tag) >> 16 not in _MAY_FOLLOW:
            notes.append("Bytes after the end of the file's picture are left out.")
        return True

    with path.open("rb") as file:
        return read_partial(file, is_past_pixels), notes


def main(arguments: list[str]) -> int:
    """Run with the arguments named at the head of this file; returns the exit status."""
    limit_resources(int(arguments[3]))
    return run_program(read, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
