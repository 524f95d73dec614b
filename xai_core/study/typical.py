"""The built-in phantoms' measurements: from a file where it is of this very library, else measured.

    python -m xai_core.study.typical

writes that file anew, after the library was drawn anew: some seconds.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from xai_core.cases.base import CaseSource
from xai_core.cases.library import MANIFEST, PhantomLibrary
from xai_core.files import write_text
from xai_core.settings import ASSETS, LIBRARY
from xai_core.study.realism.measure import LOW_ENERGY, measurable, measure_source
from xai_core.study.realism.quantities import IMAGE_KEYS
from xai_core.study.unlike import Values

KEPT = ASSETS / "pages" / "phantoms.json"
_FORMAT = 1
_DIGITS = 6  # significant


def library_digest(folder: Path = LIBRARY) -> str:
    """SHA-256, in hex, of the library's manifest, which names the digest of every picture."""
    return hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()


def measured(source: CaseSource) -> list[Values]:
    """What every low-energy image measures, on all cores; what cannot be read is left out."""
    found = measure_source(source, measurable(source), (LOW_ENERGY,))
    return [
        {key: m.values[key] for key in IMAGE_KEYS}
        for one in found
        if isinstance(one, list)
        for m in one
    ]


def write(path: Path, pictures: list[Values], digest: str) -> None:
    """Keep measurements of the library whose manifest has ``digest``."""
    rows = [[float(f"{one[key]:.{_DIGITS}g}") for key in IMAGE_KEYS] for one in pictures]
    whole = {
        "format": _FORMAT,
        "command": "python -m xai_core.study.typical",
        "library": digest,
        "keys": IMAGE_KEYS,
        "pictures": rows,
    }
    text = json.dumps(whole, allow_nan=True)
    write_text(path, text.replace("], [", "],\n[") + "\n")


def read(path: Path, digest: str) -> list[Values] | None:
    """Measurements kept of the library whose manifest has ``digest``; None where there are none."""
    try:
        whole = json.loads(path.read_text(encoding="utf-8"))
        fits = (whole["format"], whole["library"], tuple(whole["keys"])) == (
            _FORMAT, digest, IMAGE_KEYS,
        )  # fmt: skip
        if not fits:
            return None
        return [dict(zip(IMAGE_KEYS, map(float, row), strict=True)) for row in whole["pictures"]]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def typical() -> list[Values]:
    """What the built-in phantoms measure.

    Raises:
        CaseError: the library cannot be read.
    """
    source = PhantomLibrary()  # raises where there is no manifest
    return read(KEPT, library_digest()) or measured(source)


if __name__ == "__main__":
    write(KEPT, measured(PhantomLibrary()), library_digest())
