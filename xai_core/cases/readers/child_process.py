"""Decoding of a file in a child process with limited memory and time.

Decoders are written in C and set few limits: a file of some hundred bytes can demand gigabytes or
crash the process.  A child process contains that, and at most :data:`AT_ONCE` run at a time.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xai_core.cases.readers import fork_server
from xai_core.cases.readers.limits import check_file_size
from xai_core.errors import CaseError, UnreadableImage
from xai_core.files import MISSING, not_a_file
from xai_core.types import FloatArray, read_only

MEMORY = 2**30  # bytes of address space for the child
SECONDS = 10  # of processor time
WAIT_SECONDS = 90.0  # wall-clock time
AT_ONCE = 2  # children, so that several users do not fill the memory together

_ADVICE = "export it uncompressed, or in a smaller size"

_turn = threading.BoundedSemaphore(AT_ONCE)


# --- In this process --------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Answer:
    """What a child wrote: ``image`` float32 (H, W), read-only; ``facts`` as the program says."""

    image: FloatArray
    facts: dict[str, Any]


def run_child(
    program: str,
    content: Path | bytes,
    name: str,
    *,
    memory: int | None = None,
    wait: float | None = None,
) -> Answer:
    """The picture that ``program`` reads, see :func:`answered`.

    Raises:
        UnreadableImage: see :func:`answered`.
    """
    with answered(program, content, name, memory=memory, wait=wait) as folder:
        if not (folder / "facts.json").exists():
            raise UnreadableImage(_beyond_limits(name, _ADVICE))
        return Answer(
            image=read_only(np.load(folder / "image.npy", allow_pickle=False)),
            facts=json.loads((folder / "facts.json").read_text(encoding="utf-8")),
        )


@contextmanager
def answered(
    program: str,
    content: Path | bytes,
    name: str,
    *,
    memory: int | None = None,
    wait: float | None = None,
    advice: str = _ADVICE,
) -> Iterator[Path]:
    """Run ``program`` with FILE NAME FOLDER MEMORY; the folder with the files that it wrote.

    ``content``: a path, or the bytes of a file.  ``name``: the file's name in messages.
    ``advice``: what to do about a file that met the limits.

    Raises:
        UnreadableImage: the file is empty, missing or too large; the program says why it cannot be
            read; it met a limit of memory or time, or crashed.
    """
    memory = MEMORY if memory is None else memory
    wait = WAIT_SECONDS if wait is None else wait
    with ExitStack() as stack:
        try:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="xai-image-")))
        except OSError as problem:
            raise UnreadableImage(_no_space(name, problem)) from problem
        if isinstance(content, bytes):
            check_file_size(name, len(content))
            path = folder / "upload"
            try:
                path.write_bytes(content)
            except OSError as problem:
                raise UnreadableImage(_no_space(name, problem)) from problem
        else:
            path = content.absolute()
            fault = not_a_file(path)  # opening a pipe would block
            if fault == MISSING:
                raise UnreadableImage(f"{name} is no longer there; put it back, or reload.")
            if fault:
                raise UnreadableImage(f"{name} {fault}; give a file.")
            try:
                check_file_size(name, path.stat().st_size)
                path.open("rb").close()
            except OSError:
                raise UnreadableImage(
                    f"{name} cannot be opened; check that it is there and readable."
                ) from None
        with _turn:
            status = _run(program, path, name, folder, memory, wait)
        error = folder / "error.txt"
        if error.exists():
            raise UnreadableImage(error.read_text(encoding="utf-8"))
        if status:  # killed by its own limits, or the decoder crashed
            raise UnreadableImage(_beyond_limits(name, advice))
        yield folder


def _no_space(name: str, problem: OSError) -> str:
    return (
        f"{name} cannot be opened: the folder for temporary files cannot be written "
        f"({problem.strerror or type(problem).__name__}); free some space there."
    )


def _beyond_limits(name: str, advice: str) -> str:
    return f"{name} could not be opened within the limits of memory and time; {advice}."


def _run(program: str, path: Path, name: str, folder: Path, memory: int, wait: float) -> int:
    arguments = [str(path), name, str(folder), str(memory)]
    try:
        if fork_server.CAN_FORK:
            return fork_server.SERVERS.run([program, *arguments], wait)
        return subprocess.run(  # noqa: S603  a fixed command; the file's name is only an argument
            [*fork_server.command(program), *arguments],
            env=fork_server.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=wait,
            check=False,
        ).returncode
    except (TimeoutError, subprocess.TimeoutExpired):
        raise UnreadableImage(
            f"{name} took longer than {wait:.0f} seconds to open; it is refused."
        ) from None


# --- In the child -----------------------------------------------------------------------------


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


def run_program(read: Callable[[Path, str, Path], None], arguments: list[str]) -> int:
    """Run ``read`` with the arguments FILE NAME FOLDER MEMORY, and write its error, if any, to
    ``error.txt`` in FOLDER; returns the exit status."""
    path, name, folder = Path(arguments[0]), arguments[1], Path(arguments[2])
    try:
        read(path, name, folder)
    except CaseError as error:
        sentence = str(error)
    except MemoryError:
        allowed = f"{int(arguments[3]) / 2**30:.0f} GiB"
        sentence = f"{name} needs more than {allowed} of memory to be opened; it is refused."
    else:
        return 0
    (folder / "error.txt").write_text(sentence, encoding="utf-8")
    return 1


def write_answer(
    folder: Path, words: NDArray[Any], levels: FloatArray, facts: dict[str, Any]
) -> None:
    """Write ``image.npy``, the grey value in ``levels`` of every word, and ``facts.json``.

    Band by band: the whole picture in float32 is never in this process's memory.
    """
    with (folder / "image.npy").open("wb") as file:
        np.lib.format.write_array_header_1_0(
            file, {"descr": "<f4", "fortran_order": False, "shape": words.shape}
        )
        for band in bands(words):
            file.write(levels[band].astype("<f4", copy=False).tobytes())
    (folder / "facts.json").write_text(json.dumps(facts), encoding="utf-8")


def bands(picture: NDArray[Any], pixels: int = 2**22) -> list[NDArray[Any]]:
    """``picture`` in bands of whole rows, about ``pixels`` each: bounds what a step allocates."""
    rows = max(1, pixels // picture.shape[1])
    return [picture[start : start + rows] for start in range(0, picture.shape[0], rows)]
