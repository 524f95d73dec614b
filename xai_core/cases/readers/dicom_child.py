"""The program that reads a DICOM file in a child process, to contain the effects of a hostile file.

pydicom sets no limits: parsing alone inflates a deflated file (PS3.5 A.5), and a run-length encoded
file of a few hundred bytes can demand gigabytes.  This program limits its own memory and time and
then reads the file.  :mod:`xai_core.cases.readers.dicom` starts it as

    python -m xai_core.cases.readers.dicom_child FILE NAME FOLDER MEMORY

It writes to FOLDER either ``error.txt`` (a sentence for the user) or ``facts.json`` and
``image.npy`` (float32, no pickle).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from xai_core.errors import UnreadableImage

SECONDS = 60  # of processor time; 30 megapixels took 3, 100 took 8


def limit_resources(memory: int) -> None:
    """Limit this process to ``memory`` bytes of address space, and limit its time and file size.

    Where the system has no such limits (Windows) only the parent's time limit applies.
    """
    try:
        import resource
    except ImportError:
        return
    for what, limit in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, 2**30),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(what)
        ceiling = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(what, (ceiling, ceiling))


def read(path: Path, name: str, folder: Path) -> None:
    """Read ``path`` and write ``facts.json`` and ``image.npy`` to ``folder``.

    Raises:
        UnreadableImage: see :func:`xai_core.cases.readers.dicom.read_dicom`.
    """
    import numpy as np
    from pydicom import dcmread
    from pydicom.errors import InvalidDicomError

    from xai_core.cases.readers.dicom_decoding import (
        check_header,
        decode,
        describe,
        shown_header,
        to_grey,
    )

    try:
        ds = dcmread(path)
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
        stored = decode(ds, str(path))
        if stored.shape != (ds.Rows, ds.Columns):
            raise ValueError("the decoder gave another size than the header")
        values, notes, facts["windowed"] = to_grey(ds, stored)
    except MemoryError:
        raise
    except Exception:  # so can decoding them
        reason = "it is damaged or incomplete"
        if not syntax.is_transfer_syntax or syntax.is_compressed:
            reason += (
                f", or its compression ({syntax.name[:60]}) is not one this software reads (JPEG, "
                "JPEG-LS, JPEG 2000, RLE)"
            )
        raise UnreadableImage(
            f"{name} cannot be decoded: {reason}; export it again, uncompressed."
        ) from None
    facts["warnings"] += notes
    np.save(folder / "image.npy", values, allow_pickle=False)
    (folder / "facts.json").write_text(json.dumps(facts), encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Run with the arguments listed at the head of this file; returns the exit status."""
    path, name, folder = Path(arguments[0]), arguments[1], Path(arguments[2])
    memory = int(arguments[3])
    limit_resources(memory)
    try:
        read(path, name, folder)
    except UnreadableImage as error:
        sentence = str(error)
    except MemoryError:
        allowed = f"{memory / 2**30:.0f} GiB"
        sentence = f"{name} needs more than {allowed} of memory to be opened; it is refused."
    else:
        return 0
    (folder / "error.txt").write_text(sentence, encoding="utf-8")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
