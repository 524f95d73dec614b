"""The command line as users run it, and its documentation."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from xai_core.cli import app

from .conftest import ROOT

Program = Callable[..., subprocess.CompletedProcess[str]]
VERBS = sorted(  # hidden ones are older names
    name
    for name, command in get_command(app).commands.items()  # type: ignore[attr-defined]
    if not command.hidden
)


def documents() -> dict[str, str]:
    """The documents that describe commands."""
    paths = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    return {path.name: path.read_text(encoding="utf-8") for path in paths if path.is_file()}


def test_verbs_that_scripts_name_are_there() -> None:
    """Scripts name them; a new one needs no line here, the tests below run over it."""
    assert set(VERBS) >= {
        "cases", "evaluate", "explain", "performance", "phantom", "pointing", "precompute",
        "predict", "realism", "train",
    }  # fmt: skip


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_a_file_of_its_name(verb: str) -> None:
    callback = get_command(app).commands[verb].callback  # type: ignore[attr-defined]
    assert callback.__module__ == f"xai_core.cli.{verb}"


@pytest.mark.parametrize("verb", VERBS)
def test_help_has_an_example_that_can_be_run(verb: str) -> None:
    result = CliRunner().invoke(app, [verb, "--help"])
    assert result.exit_code == 0
    text = " ".join(result.stdout.split())
    assert f"Example: python -m xai_core {verb} " in text


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_documented(verb: str) -> None:
    text = documents()["cli.md"]
    assert f"python -m xai_core {verb}" in text
    assert f"## {verb}" in text


def test_documented_commands_have_verbs_and_options_that_exist() -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]
    found = 0
    for name, text in documents().items():
        joined = text.replace("\\\n", " ")
        for verb, rest in re.findall(r"python -m xai_core ([a-z]+)([^\n`]*)", joined):
            assert verb in commands, f"{name}: {verb}"
            known = {
                option for p in commands[verb].params for option in (*p.opts, *p.secondary_opts)
            }
            for option in re.findall(r"(?<!\S)--[a-z-]+", rest):
                assert option in known | {"--help"}, f"{name}: {verb} {option}"
            found += 1
    assert found >= len(VERBS)


def test_every_option_is_in_the_how_to_of_its_verb() -> None:
    sections = re.split(r"^## ", documents()["cli.md"], flags=re.MULTILINE)
    by_verb = {section.split("\n", 1)[0].strip(): section for section in sections}
    commands = get_command(app).commands  # type: ignore[attr-defined]
    common = documents()["cli.md"].split("## ")[0]
    for verb in VERBS:
        for parameter in commands[verb].params:
            option = parameter.opts[0]
            if option.startswith("--") and option != "--help":
                assert option in by_verb[verb] + common, f"{verb} {option}"


def test_help_imports_nothing_heavy() -> None:
    """Importing the command line imports every verb's file."""
    code = "import sys, xai_core.cli; print([n for n in sys.argv[1:] if n in sys.modules])"
    heavy = ("torch", "pandas", "scipy", "sklearn", "streamlit", "timm", "plotly")
    command = [sys.executable, "-c", code, *heavy]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert output.strip() == "[]"


def test_exit_codes_of_help_and_bad_usage(program: Program) -> None:
    assert program("--help").returncode == 0
    nothing = program("explain")
    assert nothing.returncode == 2
    assert "Missing argument 'IMAGE'" in nothing.stderr
    assert program("explain", "a.png", "--out", "x", "--no-such-option").returncode == 2


def test_bad_input_is_one_line(program: Program, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("text")
    result = program("explain", tmp_path / "a.png", "--out", tmp_path / "out")
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_name_that_is_not_utf_8_is_printed(program: Program, tmp_path: Path) -> None:
    out = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")
    result = program("phantom", "--count", "1", "--height", "512", "--out", out)
    assert (result.returncode, result.stderr) == (0, "")
    assert "caf\\udce9: 1 phantom, " in result.stdout


@pytest.mark.slow
def test_explain_runs(program: Program, picture: Path, tiny_weights: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ("--curves", "none", "--weights", tiny_weights, "--out", out)
    result = program("explain", picture, *words)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.count("\n") == 1
    assert (out / "manifest.json").is_file()


def test_ctrl_c_ends_with_130_and_leaves_nothing(
    environment: dict[str, str], tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "xai_core", "phantom", "--count", "500", "--out"]
    running = subprocess.Popen(
        [*command, str(tmp_path / "lib")], cwd=ROOT, env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # Processes started by a shell's background job inherit that Ctrl-C is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob(".lib.*.part/*.png")):
        assert running.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, stderr = running.communicate(timeout=60)
    assert running.returncode == 130
    assert stderr == "Stopped; nothing was written to --out.\n"
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_ends_early_is_a_defect_and_not_an_abort(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Typer turns an EOFError into the one word "Aborted!"."""

    def end(*_: object, **__: object) -> None:
        raise EOFError

    monkeypatch.setattr(sys.modules["xai_core.cli.cases"], "open_cases", end)
    result = CliRunner().invoke(app, ["cases", str(tmp_path)])
    assert isinstance(result.exception, RuntimeError)
    assert "Aborted" not in result.output
