"""Every write of the program fails in turn, at each of its operations on files.

Asserted of each: one sentence and no traceback, the old result whole or none, nothing partial left,
and the same command succeeds afterwards.
"""

from __future__ import annotations

import dataclasses
import io
import json
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import Result
from PIL import Image
from safetensors.numpy import load as load_tensors
from torch import nn
from typer.main import get_command
from typer.testing import CliRunner

from tests.conftest import make_case, random_weights
from tests.support.faults import ERRORS, REMOVALS, SENTENCES, Operations, faults, tree
from tests.support.networks import small_convnext
from tests.support.sources import MemorySource
from xai_core.cli import app
from xai_core.errors import BadRequest
from xai_core.explain.explainer import Explainer
from xai_core.explain.request import ExplainRequest
from xai_core.explain.result_files import NamedImage
from xai_core.features.blocks import Block
from xai_core.features.cue_pairs import Pair
from xai_core.features.cues import Cue
from xai_core.features.effects import Row as EffectRow
from xai_core.features.pairs import Subject
from xai_core.files import PART, whole_file, whole_files, whole_folder, write_bytes, writing
from xai_core.model.classifier import Classifier
from xai_core.model.engine import openvino_engine
from xai_core.phantom import library as phantom_library
from xai_core.phantom.tissue import Background, draw_background
from xai_core.scoring.cache_file import StoreKey
from xai_core.scoring.disk_store import DiskStore
from xai_core.study.out_of_distribution import IMAGE_KEYS, write_reference
from xai_core.study.realism import mosaic
from xai_core.study.rows import read_rows
from xai_core.training import data, loop, validate
from xai_core.types import Pathology

SOURCE = MemorySource(
    (
        make_case("one", pathology=Pathology.MALIGNANT),
        make_case("two", 1, pathology=Pathology.BENIGN),
    )
)


def partial_files(folder: Path) -> list[str]:
    return [name for name in tree(folder) if PART in name]


# --- Writes of the base -----------------------------------------------------------------------


def one_file(folder: Path, version: bytes) -> None:
    write_bytes(folder / "new" / "a", version * 100)


def two_files(folder: Path, version: bytes) -> None:
    with whole_files(folder / "a", folder / "new" / "b") as streams:
        for stream in streams:
            stream.write(version * 100)


def one_folder(folder: Path, version: bytes) -> None:
    with whole_folder(folder / "new" / "out") as partial:
        write_bytes(partial / "a", version)
        with whole_file(partial / "sub" / "b") as stream:
            stream.write(version)


def failure(write: Callable[[Path, bytes], None], place: Path) -> BaseException | None:
    """How a write fails: Ctrl-C, or a sentence with the reason; None where it does not."""
    try:
        with writing(place):
            write(place, b"2")
    except KeyboardInterrupt as stop:
        return stop
    except BadRequest as problem:
        if any(sentence in str(problem) for sentence in SENTENCES):
            return problem
        raise
    return None


@pytest.mark.parametrize("write", [one_file, two_files, one_folder])
@pytest.mark.parametrize("earlier", ["none", "an earlier one"])
def test_a_failed_write_leaves_the_old_content_whole_and_nothing_else(
    tmp_path: Path, write: Callable[[Path, bytes], None], earlier: str
) -> None:
    if earlier != "none":
        write(tmp_path / "old", b"1")
    (tmp_path / "old").mkdir(exist_ok=True)
    write(tmp_path / "reference", b"2")
    old, new = tree(tmp_path / "old"), tree(tmp_path / "reference")
    shutil.copytree(tmp_path / "old", tmp_path / "dry")
    with faults(tmp_path / "dry") as whole:
        write(tmp_path / "dry", b"2")
    assert tree(tmp_path / "dry") == new
    count = len(whole.names)
    assert {"open", "write", "fsync", "flock", "replace"} <= set(whole.names)
    for at in range(1, count + 1):
        for error in ERRORS:
            place = tmp_path / "place"
            shutil.copytree(tmp_path / "old", place)
            with faults(place, at, error) as operations:
                told = failure(write, place)
            found = {name: content for name, content in tree(place).items() if PART not in name}
            if error is KeyboardInterrupt:  # it may come when all is done
                assert isinstance(told, KeyboardInterrupt)
                assert found in (old, new)
            else:
                assert found == (new if told is None else old)
            if operations.failed not in REMOVALS:
                assert not partial_files(place), (at, operations.names)
            write(place, b"2")
            assert tree(place) == new
            shutil.rmtree(place)
    print(f"\n{write.__name__}, {earlier}: {count} operations, {count * len(ERRORS)} faults")


# --- The disk store ---------------------------------------------------------------------------

KEY = StoreKey("1" * 64, "2" * 64, "logits", 2)


@pytest.fixture(scope="module")
def classifier(tiny_weights: Path) -> Classifier:
    return Classifier.open(tiny_weights, "cpu")


def test_a_failed_write_of_the_store_never_loses_or_changes_an_answer(
    classifier: Classifier, tmp_path: Path
) -> None:
    case, request = SOURCE.load("one"), ExplainRequest("grad-cam", curves="none")
    alone = Explainer(classifier).explain(case, request)
    assert alone.heatmap is not None
    folder = tmp_path / "store"
    limit = 1  # byte: each write removes the other files

    def explain(store: DiskStore) -> None:
        answer = Explainer(classifier, store).explain(case, request)
        assert answer.prediction == alone.prediction
        assert answer.heatmap is not None
        np.testing.assert_array_equal(answer.heatmap.values, alone.heatmap.values)

    with faults(folder) as whole:
        explain(DiskStore(folder, limit))
    assert {"mkdir", "open", "write", "fsync", "replace", "unlink"} <= set(whole.names)
    for at in range(1, len(whole.names) + 1):
        for error in ERRORS:
            shutil.rmtree(folder, ignore_errors=True)
            stopped = False
            with faults(folder, at, error) as operations:
                store = DiskStore(folder, limit)
                try:
                    explain(store)
                except KeyboardInterrupt:
                    stopped = True
            assert operations.failed is not None
            assert stopped == (error is KeyboardInterrupt)
            assert not partial_files(folder)
            told = [one for one in store.notices() if "cannot be kept" in one]
            harmless = operations.failed in ("flock", *REMOVALS)
            assert bool(told) == (not stopped and not harmless)
            explain(DiskStore(folder))  # from what was kept, and the rest anew
            again = DiskStore(folder)
            explain(again)
            assert again.notices() == ()
    print(f"\nstore: {len(whole.names)} operations, {len(whole.names) * len(ERRORS)} faults")


def test_a_failed_write_keeps_what_the_store_had(tmp_path: Path) -> None:
    items = {"image/intact": np.array([0.5, -1.25], np.float32)}
    more = {**items, "patches/24x24/0f": np.array([-7.0, 1.5], np.float32)}
    with faults(tmp_path / "dry") as whole:
        DiskStore(tmp_path / "dry").save(KEY, items)
        begun = len(whole.names)
        DiskStore(tmp_path / "dry").save(KEY, more)
    for at in range(1, len(whole.names) - begun + 1):
        for error in ERRORS:
            folder = tmp_path / "store"
            DiskStore(folder).save(KEY, items)
            kept = False
            with faults(folder, at, error), suppress(KeyboardInterrupt):
                kept = DiskStore(folder).save(KEY, more)
            store = DiskStore(folder)
            found = store.load(KEY)
            assert found.keys() in (items.keys(), more.keys())
            assert not kept or found.keys() == more.keys()
            assert all(np.array_equal(found[name], more[name]) for name in found)
            assert store.notices() == ()
            shutil.rmtree(folder)


# --- The verbs --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scene:
    """A verb and its destination.

    ``words``: the command without --out.  ``out``: the destination's name.  ``earlier``: words of
    a command whose result is there before; None for none.  ``together``: whether the destination is
    replaced as one; the others are runs that go on, of files that are whole each.
    """

    words: tuple[str, ...]
    out: str
    earlier: tuple[str, ...] | None = None
    together: bool = True
    option: str = "--out"


STORING = ("explain", "precompute")  # the store is in the folder too; others have none
QUICK = ("--layers", "stage 4")
SCENES = {
    "explain, new": Scene(("explain", "one", "--curves", "none"), "result"),
    "explain, replaced": Scene(
        ("explain", "one", "--curves", "none", "--method", "layer-cam", "--force"),
        "result",
        ("explain", "two", "--curves", "none"),
    ),
    "evaluate": Scene(("evaluate", "--methods", "grad-cam", *QUICK), "run", together=False),
    "conventions": Scene(("conventions", "grad-cam", "--each", "1", *QUICK), "run", together=False),
    "predict": Scene(("predict", "library", "--limit", "1"), "t.csv", ("predict", "library")),
    "performance": Scene(
        ("performance", "library", "--limit", "1", "--force"), "result", ("performance", "library")
    ),
    "pointing": Scene(
        ("pointing", "library", "--method", "layer-cam", "--force"),
        "result",
        ("pointing", "library"),
    ),
    "features": Scene(
        ("features", "parts", "library", "--maps", "0", "--limit", "1", "--force"),
        "result",
        ("features", "parts", "library"),
    ),
    "features, cues": Scene(
        ("features", "cues", "--pairs", "1", "--only", "cyst:none"), "run", together=False
    ),
    "features, atlas": Scene(
        ("features", "atlas", "library", "--limit", "1", "--force"),
        "result",
        ("features", "atlas", "library"),
    ),
    "effects": Scene(("effects", "--pairs", "1", "--only", "cyst:none"), "run", together=False),
    "precompute": Scene(
        ("precompute", "library", "--methods", "grad-cam", "--limit", "1", *QUICK),
        "folder",
        together=False,
    ),
    "phantom": Scene(
        ("phantom", "--count", "2", "--force"), "library", ("phantom", "--count", "1")
    ),
    "realism": Scene(("realism", "library", "--real", "folder"), "result"),
    "realism, pictures": Scene(
        ("realism", "library", "--real", "folder", "--force"), "p.png", option="--pictures"
    ),
    "calibrate": Scene(
        ("calibrate", "--validation", "20", "--force"),
        "weights.safetensors",
        ("calibrate", "--validation", "21"),
    ),
    "train": Scene(
        (
            "train",
            "--network",
            "convnextv2_atto",
            "--size",
            "128",
            "--backgrounds",
            "20",
            "--validation",
            "20",
        ),
        "weights.safetensors",
    ),
}


class Serial:
    """A stand-in for a pool of processes, that works in this one."""

    def __init__(self, *_: Any, **__: Any) -> None: ...

    def __enter__(self) -> Serial:
        return self

    def __exit__(self, *_: object) -> None: ...

    def submit(self, work: Callable[..., Any], *arguments: Any) -> Future[Any]:
        job: Future[Any] = Future()
        try:
            job.set_result(work(*arguments))
        except OSError as problem:
            job.set_exception(problem)
        return job


class SmallNetwork(nn.Module):
    """A stand-in for the network that is trained."""

    def __init__(self, name: str) -> None:
        super().__init__()
        assert name == "convnextv2_atto"
        self.trunk = small_convnext((1, 1, 1, 1)).requires_grad_(True)


@pytest.fixture(scope="module")
def background() -> Background:
    """A corner of a background: what is drawn of it does not count here."""
    drawn, corner = draw_background(0, "CC", 160), np.s_[:8, :8]
    names = ("thickness", "skin", "uptake", "blood", "breast", "depth", "glands")
    parts = {name: getattr(drawn, name)[corner] for name in names}
    return dataclasses.replace(drawn, slabs=drawn.slabs[:, :8, :8], **parts)


@pytest.fixture
def run(
    classifier: Classifier, background: Background, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[Scene, tuple[str, ...], Path], Result]]:
    """Runs a verb in a folder.  The work between reading and writing is remembered or stands in for
    the real one, so that a verb can be run hundreds of times."""
    weights = random_weights(tmp_path_factory.mktemp("weights") / "start.safetensors")
    cues = tmp_path_factory.mktemp("cues") / SCENES["features, cues"].out
    explainer = Explainer(classifier)
    drawn: dict[Any, Any] = {}
    generate = phantom_library.generate
    with pytest.MonkeyPatch.context() as patch:

        def remember(*arguments: Any, **named: Any) -> Any:
            key = repr((arguments, named))
            if key not in drawn:
                drawn[key] = generate(*arguments, **named)
            return drawn[key]

        def opened(verb: str, folder: Path) -> Callable[..., Explainer]:
            def open_explainer(*_: Any, into: Path | None = None, **__: Any) -> Explainer:
                place = into or (folder / "store" if verb in STORING else None)
                explainer.store = DiskStore(place) if place else None
                for context in explainer._contexts.values():
                    context._store = explainer.store
                return explainer

            return open_explainer

        def measured(_: Any, subject: Subject, cues: Sequence[Cue], *__: Any) -> list[EffectRow]:
            return [EffectRow(c.id, subject.seed, 1.0, -1.0, True, False, None, True) for c in cues]

        def paired(
            _: Any, blocks: Sequence[Block], subject: Subject, cues: Sequence[Cue], *__: Any
        ) -> list[Pair]:
            channels = sum(block.channels for block in blocks)
            two, one = np.ones((2, channels), np.float32), np.ones(channels, np.float32)
            logits = np.zeros((2, 2))
            return [Pair(c.id, subject.seed, ("a", "b"), two, two, one, logits) for c in cues]

        def logits(_: Any, backgrounds: list[Any], *__: Any) -> tuple[Any, Any]:
            truth = np.arange(len(backgrounds)) % 2
            value = np.where(truth, 1.0, -1.0) * np.linspace(-0.5, 1, len(truth))
            return np.stack([-value, value], 1), truth.astype(np.float64)

        def train(self: loop.Run, *_: Any, **__: Any) -> None:
            self.save()

        patch.setenv("XAI_ENGINE", "torch")
        patch.setattr(phantom_library, "generate", remember)
        patch.setattr("xai_core.features.effects.measure", measured)
        patch.setattr("xai_core.features.cue_pairs.measure", paired)
        patch.setattr("xai_core.features.atlas.CANDIDATES", 0)
        patch.setattr(data, "_SHARD", 20)
        patch.setattr(data, "ProcessPoolExecutor", Serial)
        patch.setattr(data, "draw_background", lambda *_: background)
        patch.setattr(validate, "validation_logits", logits)
        patch.setattr(loop.Run, "train", train)
        patch.setattr(loop, "TrainingNetwork", SmallNetwork)
        patch.setattr(mosaic, "mosaic", lambda *_: np.zeros((4, 4), np.uint8))
        patch.setattr("xai_core.study.realism.compare.compare_kind", lambda *_, **__: None)
        patch.setattr("xai_core.study.realism.mosaic.markdown", lambda *_: "table\n")
        patch.setattr(sys.modules["xai_core.cli.realism"], "_measured", lambda *_: [])
        patch.setattr(sys.modules["xai_core.cli.realism"], "_print_tables", lambda _: None)
        patch.setattr(
            "xai_core.explain.result_files.open_image",
            lambda name: NamedImage(SOURCE.load(name), "0" * 64),
        )

        def invoke(scene: Scene, words: tuple[str, ...], folder: Path) -> Result:
            stand_ins = {
                "open_cases": lambda *_: SOURCE, "open_explainer": opened(words[0], folder),
            }  # fmt: skip
            for what, value in stand_ins.items():
                patch.setattr(sys.modules[f"xai_core.cli.{words[0]}"], what, value, raising=False)
            extra: tuple[str, ...] = ()
            if words[0] in ("calibrate", "train"):
                extra = ("--work", str(folder / "work"))
            if words[1] == "atlas":
                if not (cues / "study.safetensors").exists():
                    invoke(SCENES["features, cues"], SCENES["features, cues"].words, cues.parent)
                extra = ("--cues", str(cues))
            if words[0] == "calibrate":
                extra += ("--weights", str(weights))
            command = [*words, scene.option, str(folder / scene.out), *extra]
            return CliRunner().invoke(app, command)

        yield invoke


def sound(name: str, content: bytes, path: Path) -> bool:
    """Whether a file is whole, by its format."""
    if name.endswith("/"):
        return False  # an empty folder is left
    kind = name.rpartition(".")[2]
    if kind == "json":
        return isinstance(json.loads(content), dict)
    if kind == "parquet":
        return read_rows(path) is not None
    if kind == "npy":
        return bool(np.load(path).size)
    if kind == "safetensors":
        return bool(load_tensors(content))
    if kind == "png":
        return Image.open(io.BytesIO(content)).load() is not None
    if kind == "npz":
        return bool(np.load(path).files)
    if kind == "pt":
        return bool(torch.load(path, weights_only=True))
    return content.endswith(b"\n")


AT_MOST = 6
"""Operations of a verb that fail, spread over all of them: what verbs write with has each of its
operations fail in the tests above."""


def test_every_verb_that_writes_is_here() -> None:
    """Verbs that do not write have no option for a place."""
    places = {
        name
        for name, verb in get_command(app).commands.items()  # type: ignore[attr-defined]
        if not verb.hidden and any(option.name in ("out", "pictures") for option in verb.params)
    }
    assert places == {scene.words[0] for scene in SCENES.values()}


@pytest.mark.slow
@pytest.mark.parametrize("name", SCENES)
def test_a_failed_write_of_a_verb_is_told_in_a_sentence_and_leaves_nothing_partial(
    name: str, run: Callable[..., Result], tmp_path: Path
) -> None:
    scene = SCENES[name]
    begin, reference = tmp_path / "begin", tmp_path / "reference"
    begin.mkdir()
    if scene.earlier is not None:
        assert run(scene, scene.earlier, begin).exit_code == 0
    shutil.rmtree(begin / "store", ignore_errors=True)
    shutil.copytree(begin, reference)
    assert run(scene, scene.words, tmp_path / "warm").exit_code == 0  # all is remembered now
    with faults(reference) as whole:
        result = run(scene, scene.words, reference)
    assert result.exit_code == 0, result.output
    old, new = result_of(scene, begin), result_of(scene, reference)
    assert old != new
    assert {"open", "write", "replace"} <= set(whole.names)
    last = len(whole.names)
    chosen = sorted({round(float(at)) for at in np.linspace(1, last, min(last, AT_MOST))})
    for at in chosen:
        place = tmp_path / "place"
        shutil.copytree(begin, place)
        error = ERRORS[at % len(ERRORS)]
        with faults(place, at, error) as operations:
            result = run(scene, scene.words, place)
        check_told(result, operations, error is KeyboardInterrupt)
        left = partial_files(place)
        assert not left or operations.failed in REMOVALS, (at, operations.names, left)
        found = result_of(scene, place)
        if scene.together:
            replaced = found.keys() == new.keys() and all(
                found[one] != old.get(one) for one in found if new[one] != old.get(one)
            )
            assert found == old or replaced, (at, operations.names)
            assert replaced or result.exit_code != 0
        for one, content in tree(place).items():
            assert PART in one or sound(one, content, place / one), one
        result = run(scene, scene.words, place)
        assert result.exit_code == 0, result.output
        assert result_of(scene, place).keys() == new.keys()
        assert not partial_files(place)
        shutil.rmtree(place)
    print(f"\n{name}: {len(chosen)} of {last} operations fail")


def result_of(scene: Scene, folder: Path) -> dict[str, bytes]:
    """The files of the destination; with weights, their specification beside them."""
    stem, files = Path(scene.out).stem, tree(folder)
    return {one: files[one] for one in files if one.split("/")[0].startswith(stem)}


def check_told(result: Result, operations: Operations, interrupted: bool) -> None:
    """One sentence on standard error and the exit code for it; or nothing, and a result."""
    assert operations.failed is not None
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    lines = [line for line in result.stderr.splitlines() if line and not line.endswith(" ...")]
    if interrupted:
        assert result.exit_code == 130
        assert len(lines) == 1
    elif result.exit_code:
        assert result.exit_code == 2
        assert len(lines) == 1, lines
        assert any(sentence in lines[0] for sentence in SENTENCES)
        assert "Traceback" not in result.stderr


# --- Other writes -----------------------------------------------------------------------------


def engine(folder: Path, version: int) -> None:
    openvino_engine.write(folder / "engine" / "a.ir", b"graph %d" % version, b"constants")


def reference(folder: Path, version: int) -> None:
    write_reference(folder / "a.json", [dict.fromkeys(IMAGE_KEYS, float(version))], "digest")


@pytest.mark.parametrize("write", [engine, reference])
def test_other_files_are_whole_or_as_before(
    tmp_path: Path, write: Callable[[Path, int], None]
) -> None:
    write(tmp_path / "old", 1)
    write(tmp_path / "new", 2)
    old, new = tree(tmp_path / "old"), tree(tmp_path / "new")
    shutil.copytree(tmp_path / "old", tmp_path / "dry")
    with faults(tmp_path / "dry") as whole:
        write(tmp_path / "dry", 2)
    for at in range(1, len(whole.names) + 1):
        for error in ERRORS:
            place = tmp_path / "place"
            shutil.copytree(tmp_path / "old", place)
            with faults(place, at, error):
                try:
                    write(place, 2)
                except (OSError, KeyboardInterrupt):
                    pass
                else:
                    assert tree(place) == new
            assert tree(place) in (old, new)
            shutil.rmtree(place)
    print(f"\n{write.__name__}: {len(whole.names)} operations, {len(whole.names) * 4} faults")
