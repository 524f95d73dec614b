"""Bad input ends with exit code 2 and one sentence, and nothing is written."""

from __future__ import annotations

import dataclasses
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from safetensors.numpy import load_file, save_file

from tests.cases.builders import dicom_bytes, encode, mammogram, noise
from xai_core.model.spec import file_digest, read_spec

from .conftest import Run


def one_sentence(result: Result, tmp_path: Path) -> str:
    """Check how a command ended after bad input; returns its sentence."""
    assert result.exit_code == 2, (result.output, result.stderr)
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    sentence = result.stderr.strip()
    assert sentence.endswith(".")
    assert "Traceback" not in sentence
    assert str(tmp_path) not in sentence
    return sentence


def _truncated() -> bytes:
    whole = encode(noise(120, 90), "JPEG")
    return whole[: len(whole) // 2]


def _without_pixels() -> bytes:
    ds = mammogram()
    del ds.PixelData
    return dicom_bytes(ds)


def _frames() -> bytes:
    ds = mammogram(noise(64, 48, top=4095))
    ds.NumberOfFrames, ds.Rows = 2, 32
    return dicom_bytes(ds)


FILES: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "empty": ("a.png", lambda: b"", "empty"),
    "text": ("a.png", lambda: b"not a picture\n" * 20, "a.png"),
    "truncated": ("a.jpg", _truncated, "a.jpg"),
    "10 x 10": ("a.png", lambda: encode(noise(10, 10)), "10 x 10"),
    "20000 x 10": ("a.png", lambda: encode(noise(10, 20000)), "20000 x 10"),
    "DICOM without pixels": ("a.dcm", _without_pixels, "pixel"),
    "frames": ("a.dcm", _frames, "2 frames"),
    "text as DICOM": ("a.dcm", lambda: b"hello", "a.dcm"),
    "pickle as picture": ("a.png", lambda: pickle.dumps({"a": 1}), "a.png"),
}


@pytest.mark.parametrize("name", FILES)
def test_files_that_are_not_images_are_refused(
    run: Run, tmp_path: Path, tiny_weights: Path, name: str
) -> None:
    file, make, word = FILES[name]
    path = tmp_path / file
    path.write_bytes(make())
    out = tmp_path / "deep" / "out"
    result = run("explain", path, "--weights", tiny_weights, "--out", out)
    assert word in one_sentence(result, tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == [file]


def test_sixteen_bits_and_colour_are_read(run: Run, tmp_path: Path, tiny_weights: Path) -> None:
    deep = tmp_path / "deep.png"
    deep.write_bytes(encode(noise(120, 90, top=65535)))
    words = ("--curves", "none", "--weights", tiny_weights, "--out")
    result = run("explain", deep, *words, tmp_path / "a")
    assert (result.exit_code, result.stderr) == (0, "")
    assert np.load(tmp_path / "a" / "input.npy").std() > 0.1  # not clipped to white

    photo = tmp_path / "photo.jpg"
    colours = np.random.default_rng(0).integers(0, 256, (120, 90, 3)).astype(np.uint8)
    photo.write_bytes(encode(colours, "JPEG"))
    result = run("explain", photo, *words, tmp_path / "b")
    assert result.exit_code == 0
    assert "colour" in result.stderr


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--method", "lime"), "grad-cam"),
        (("--layer", "stages.0"), "stages.2.blocks.8 (Stage 3 Block 9) and"),
        (("--target", "cat"), "malignant"),
        (("--curves", "some"), "The curves are 'some'; allowed are none, adaptive"),
        (("--levels", "1,two"), "--levels"),
        (("--levels", "0"), "above 0"),
        (("--levels", "nan"), "above 0"),
        (("--levels", ""), "are none; give 1 to 64"),
        (("--levels", "1,2,120"), "Area levels are 120; give"),
        (("--levels", ",".join(map(str, range(1, 70)))), "are 1, 2, 3 and 66 more; give 1 to 64"),
        (("--channels", "0"), "at least 1"),
        (("--channels", "many"), "--channels: “many” is not a number"),
        (("--option", "levels=1,two"), "--option levels: “1,two”"),
        (("--option", "levels"), "give NAME=VALUE"),
        (("--option", "colour=red"), "NAME is one of"),
        (("--levels", "1,2", "--option", "levels=3"), "“levels”; give it once"),
    ],
)
def test_invalid_parameters_are_refused(
    run: Run, picture: Path, tmp_path: Path, words: tuple[str, ...], expected: str
) -> None:
    result = run("explain", picture, *words, "--out", tmp_path / "out")
    assert expected in one_sentence(result, tmp_path)
    assert not (tmp_path / "out").exists()


def test_an_option_of_another_method_is_named_in_a_warning(
    run: Run, picture: Path, tmp_path: Path, tiny_weights: Path
) -> None:
    words = ("--method", "layer-cam", "--levels", "5", "--curves", "none")
    result = run("explain", picture, *words, "--weights", tiny_weights, "--out", tmp_path / "out")
    assert result.exit_code == 0
    assert "Warning: layer-cam does not read the option “levels”." in result.stderr


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("library:PH-9999", "PH-9999"),
        ("library:../../secret", "secret"),
        ("no/such/file.png", "file.png"),
        ("tests", "folder"),
        ("nul\0byte.png", "byte.png"),
        ("x" * 5000, "x" * 20),
    ],
)
def test_missing_images_are_refused(run: Run, tmp_path: Path, image: str, expected: str) -> None:
    assert expected in one_sentence(run("explain", image, "--out", tmp_path / "out"), tmp_path)


@pytest.mark.parametrize("verb", ["explain", "predict", "cases"])
def test_a_pipe_is_named_and_not_opened(run: Run, tmp_path: Path, verb: str) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "link.png").symlink_to("nothing")
    out = () if verb == "cases" else ("--out", tmp_path / "out.csv")
    for name, says in (("pipe.png", "is not a regular file"), ("link.png", "leads nowhere")):
        assert says in one_sentence(run(verb, tmp_path / name, *out), tmp_path)


def _with_digest(folder: Path, tiny: Path, data: bytes) -> Path:
    """A weights file of ``data`` with a specification that has its digest."""
    path = folder / "bad.safetensors"
    path.write_bytes(data)
    dataclasses.replace(read_spec(tiny), sha256=file_digest(path)).write(path.with_suffix(".json"))
    return path


def _nan(folder: Path, tiny: Path) -> Path:
    tensors = load_file(tiny)
    tensors["head.fc.weight"] = np.full_like(tensors["head.fc.weight"], np.nan)
    save_file(tensors, folder / "nan.part")
    return _with_digest(folder, tiny, (folder / "nan.part").read_bytes())


def _pickled(folder: Path, tiny: Path) -> Path:
    path = folder / "bad.pt"
    path.write_bytes(pickle.dumps({"a": 1}))
    return path


WEIGHTS: dict[str, tuple[Callable[[Path, Path], Path], str]] = {
    "missing": (lambda f, t: f / "none.safetensors", "does not exist"),
    "NaN": (_nan, "not finite"),
    "truncated": (lambda f, t: _with_digest(f, t, t.read_bytes()[:-1000]), "truncated"),
    "pickle": (_pickled, "code"),
    "pickle by another name": (
        lambda f, t: _with_digest(f, t, pickle.dumps({"a": 1})), "bad.safetensors",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WEIGHTS)
@pytest.mark.parametrize("verb", ["explain", "predict", "evaluate"])
def test_unusable_weights_are_refused(
    run: Run, picture: Path, tmp_path: Path, tiny_weights: Path, name: str, verb: str
) -> None:
    make, expected = WEIGHTS[name]
    out = tmp_path / ("out.csv" if verb == "predict" else "out")
    what = ("--cases", picture.parent) if verb == "evaluate" else (picture,)
    result = run(verb, *what, "--weights", make(tmp_path, tiny_weights), "--out", out)
    assert expected in one_sentence(result, tmp_path)
    assert not out.exists()


@pytest.mark.parametrize(
    "words",
    [
        ("cases", "{}/none"),
        ("cases", "{}/empty"),
        ("predict", "{}/empty", "--out", "{}/out.csv"),
        ("predict", "{}/in", "--out", "{}/out.txt"),
        ("predict", "{}/in", "--out", "{}/out.csv", "--limit", "0"),
        ("evaluate", "--cases", "{}/empty", "--out", "{}/out"),
        ("evaluate", "--cases", "{}/in", "--out", "{}/out", "--methods", "lime"),
        ("evaluate", "--cases", "{}/in", "--out", "{}/out", "--methods", ""),
        ("evaluate", "--cases", "{}/in", "--out", "{}/out", "--layers", "x"),
        ("evaluate", "--cases", "{}/in", "--out", "{}/out", "--curves", "none"),
        ("evaluate", "--cases", "{}/in", "--out", "{}/out", "--limit", "-3"),
        ("phantom", "--count", "0", "--out", "{}/out"),
        ("phantom", "--height", "100", "--out", "{}/out"),
        ("phantom", "--malignant", "0.9", "--out", "{}/out"),
    ],
    ids=lambda words: " ".join(words[:5]),
)
def test_bad_sources_and_numbers_are_refused(
    run: Run, picture: Path, tmp_path: Path, tiny_weights: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "empty").mkdir()
    before = sorted(p.name for p in tmp_path.iterdir())
    more = ("--weights", tiny_weights) if words[0] in ("predict", "evaluate") else ()
    one_sentence(run(*(word.format(tmp_path) for word in words), *more), tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == before


@pytest.mark.parametrize("verb", ["explain", "predict", "evaluate", "phantom"])
def test_an_unwritable_output_path_is_refused(
    run: Run, picture: Path, tmp_path: Path, tiny_weights: Path, verb: str
) -> None:
    (tmp_path / "file").write_text("mine")
    out = tmp_path / "file" / "out.csv"
    words = {
        "explain": (picture, "--curves", "none", "--weights", tiny_weights),
        "predict": (picture, "--weights", tiny_weights),
        "evaluate": ("--cases", picture, "--weights", tiny_weights),
        "phantom": ("--count", 1),
    }[verb]
    sentence = one_sentence(run(verb, *words, "--out", out), tmp_path)
    assert "out.csv cannot be written: file is a file, not a folder" in sentence
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_an_output_folder_without_a_name_is_named(
    run: Run, picture: Path, tmp_path: Path, tiny_weights: Path,
    monkeypatch: pytest.MonkeyPatch, name: str,
) -> None:  # fmt: skip
    here = tmp_path / "theirs"
    (here / "deep").mkdir(parents=True)
    monkeypatch.chdir(here / "deep" if name == ".." else here)
    result = run("explain", picture, "--weights", tiny_weights, "--out", name)
    assert "The folder theirs holds other files" in one_sentence(result, tmp_path)


OUTPUTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "pipe": (os.mkfifo, "which is not a regular file (it is a pipe"),
    "link to nothing": (lambda out: out.symlink_to("nothing"), "which is a link"),
    "link to itself": (lambda out: out.symlink_to(out.name), "which is a link"),
}


@pytest.mark.parametrize("kind", OUTPUTS)
@pytest.mark.parametrize("verb", ["explain", "predict", "evaluate", "calibrate"])
def test_what_is_no_file_and_no_folder_is_never_replaced(
    run: Run, picture: Path, tmp_path: Path, tiny_weights: Path, verb: str, kind: str
) -> None:
    suffix = {"predict": ".csv", "calibrate": ".safetensors"}.get(verb, "")
    out = tmp_path / f"out{suffix}"
    make, says = OUTPUTS[kind]
    make(out)
    before = out.lstat()
    words = {"evaluate": ("--cases", picture), "calibrate": ()}.get(verb, (picture,))
    result = run(verb, *words, "--weights", tiny_weights, "--out", out)
    assert says in one_sentence(result, tmp_path)
    assert out.lstat().st_ino == before.st_ino
    out.unlink()


def test_a_link_to_a_table_stays(
    run: Run, picture: Path, tmp_path: Path, tiny_weights: Path
) -> None:
    table, link = tmp_path / "table.csv", tmp_path / "link.csv"
    words = ("predict", picture, "--weights", tiny_weights, "--out")
    assert run(*words, table).exit_code == 0
    link.symlink_to(table)
    assert "link.csv, which is a link; give the file" in one_sentence(run(*words, link), tmp_path)
    assert link.is_symlink()
    assert run(*words, link, "--force").exit_code == 0
    assert not link.is_symlink()
    assert link.read_bytes() == table.read_bytes()


@pytest.mark.parametrize("verb", ["explain", "predict", "evaluate", "phantom"])
def test_foreign_files_are_never_replaced(
    run: Run, picture: Path, tmp_path: Path, tiny_weights: Path, verb: str
) -> None:
    out = tmp_path / ("theirs.csv" if verb == "predict" else "theirs")
    if verb == "predict":
        kept = out
    else:
        out.mkdir()
        kept = out / "thesis.txt"
    kept.write_text("mine")
    words = {
        "explain": (picture, "--weights", tiny_weights, "--force"),
        "predict": (picture, "--weights", tiny_weights),
        "evaluate": ("--cases", picture, "--weights", tiny_weights),
        "phantom": ("--count", 1, "--force"),
    }[verb]
    one_sentence(run(verb, *words, "--out", out), tmp_path)
    assert kept.read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("explain", "a.png", "--out", "a\0b"), "--out is 'a\\x00b'; give a name without a NUL"),
        (
            ("explain", "a.png", "--out", "a", "--weights", "\0"),
            "--weights is '\\x00'; give a name",
        ),
        (("predict", "library", "--out", "a.csv", "--limit", "x"), "--limit is 'x'; give a whole"),
        (
            ("predict", "library", "--out", "a.csv", "--limit", "1.5"),
            "--limit is '1.5'; give a whole",
        ),
        (("predict", "library", "--out", "a.csv", "--threshold", "x"), "is 'x'; give a number"),
        (
            ("train", "--out", "a.safetensors", "--minutes", "-1"),
            "--minutes is '-1'; give at least",
        ),
        (("predict", "library"), "Missing option '--out'; see "),
        (("predict",), "Missing argument 'SOURCE'; see "),
        (
            ("predict", "library", "--outt", "a"),
            "No such option: --outt (Possible options: --out); ",
        ),
        (("explain", "a.png", "--out"), "Option '--out' requires an argument"),
        (("forecast",), "No such command 'forecast'; see "),
    ],
)
def test_words_that_a_command_does_not_know_are_refused(
    run: Run, tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    sentence = one_sentence(run(*words), tmp_path)
    assert says in sentence
    assert "Usage:" not in sentence


@pytest.mark.parametrize(("name", "value"), [("XAI_BATCH", "many"), ("XAI_ENGINE", "tensorrt")])
def test_a_bad_setting_is_refused(
    run: Run, picture: Path, tmp_path: Path, monkeypatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    result = run("explain", picture, "--out", tmp_path / "out")
    assert name in one_sentence(result, tmp_path)
