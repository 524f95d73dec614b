"""No identifier in a file comes into what ``explain`` writes of it."""

from __future__ import annotations

from pathlib import Path

from tests.support.canaries import Canaries, found_in, planted

from .conftest import Run


def test_no_identifier_in_a_file_is_in_the_output(
    run: Run, tiny_weights: Path, tmp_path: Path
) -> None:
    """The file's own name is the result's case id: whoever runs the command gave it, and it tells
    results apart.  So these files get other names."""
    canaries = Canaries(seed=3)
    every = planted(canaries)
    read = [file for file in every if not file.refused]
    # The reader is the upload's, whose test reads all of them: here one of each kind will do.
    files = [*read[:2], read[-1], next(file for file in every if file.refused)]
    for number, file in enumerate(files):
        path = (tmp_path / f"file {number}").with_suffix(Path(file.name).suffix)
        path.write_bytes(file.data)
        out = tmp_path / f"out {number}"
        result = run(
            "explain", path, "--weights", tiny_weights, "--out", out, "--method", "grad-cam"
        )
        assert result.exit_code == (2 if file.refused else 0), result.output
        assert not found_in(result.output.encode(), canaries), file.name
        written = list(out.rglob("*"))
        assert bool(written) is not file.refused
        for one in written:
            assert not found_in(one.read_bytes(), canaries), one
