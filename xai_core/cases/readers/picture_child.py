"""The program that reads a PNG, JPEG or TIFF picture in a child process, to contain the effects of
a hostile file.  :mod:`xai_core.cases.readers.raster` runs :func:`main` with the
arguments FILE NAME FOLDER MEMORY in a fork (:mod:`xai_core.cases.readers.fork_server`), or as a
program where the system cannot fork.

It writes to FOLDER either ``error.txt`` (a sentence for the user) or ``facts.json`` (warnings,
header, windowed) and ``image.npy`` (float32, no pickle).
"""

from __future__ import annotations

import sys
from pathlib import Path

from xai_core.cases.readers.child_process import limit_resources, run_program, write_answer
from xai_core.cases.readers.raster import decode_picture


def read(path: Path, name: str, folder: Path) -> None:
    """Read ``path`` and write ``facts.json`` and ``image.npy`` to ``folder``.

    Raises:
        UnreadableImage: see :func:`xai_core.cases.readers.raster.read_raster`.
    """
    found = decode_picture(path, name)
    facts = {
        "warnings": list(found.warnings),
        "header": dict(found.header),
        "windowed": found.windowed,
    }
    write_answer(folder, found.words, found.levels, facts)


def main(arguments: list[str]) -> int:
    """Run with the arguments named at the head of this file; returns the exit status."""
    limit_resources(int(arguments[3]))
    return run_program(read, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
