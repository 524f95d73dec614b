"""OpenVINO against eager PyTorch, its file in the store, and the reasons why it is not used."""

from __future__ import annotations

import shutil
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from xai_core.model.classifier import Classifier
from xai_core.model.engine import base, openvino_engine
from xai_core.model.engine.base import EngineStatus

READY = EngineStatus("OpenVINO")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, tiny_weights: Path) -> Path:
    """A store folder in which the tiny network is kept converted."""
    folder = tmp_path_factory.mktemp("store")
    assert opened(tiny_weights, folder).engine.status == READY
    return folder


@pytest.fixture
def copied(store: Path, tmp_path: Path) -> Path:
    """The same, for a test that changes it."""
    return Path(shutil.copytree(store, tmp_path / "store"))


def opened(weights: Path, folder: Path | None, wanted: str = "openvino") -> Classifier:
    classifier = Classifier.open(weights, "cpu")
    classifier.accelerate(wanted, folder)
    classifier.wait_for_engine()
    return classifier


def kept_file(folder: Path) -> Path:
    (path,) = (folder / "engine").iterdir()
    return path


def images(classifier: Classifier, n: int = 7) -> torch.Tensor:
    size = classifier.spec.input_size
    return torch.randn(n, 3, size, size, generator=torch.Generator().manual_seed(3))


@pytest.fixture
def never_converted(monkeypatch: pytest.MonkeyPatch) -> None:
    def convert(*_: object) -> None:
        raise AssertionError("converted although the file was there")

    monkeypatch.setattr(openvino_engine, "_convert", convert)


def assert_still_right(classifier: Classifier) -> None:
    """The scores equal PyTorch's, whichever engine is in use."""
    x = images(classifier, 3)
    wanted = classifier.engine.reference(x)
    torch.testing.assert_close(classifier.score(x), wanted, rtol=0, atol=base.TOLERANCE)


@pytest.mark.usefixtures("never_converted")
def test_oracle_7_logits_agree_whatever_the_batch(tiny_weights: Path, store: Path) -> None:
    classifier = opened(tiny_weights, store)
    assert classifier.engine.status == READY
    x = images(classifier)
    wanted = classifier.engine.reference(x)
    for size in (1, 2, 3, 7):
        found = torch.cat([classifier.score(part) for part in x.split(size)])
        torch.testing.assert_close(found, wanted, rtol=0, atol=base.TOLERANCE)


def test_openvino_computes_in_float32(tiny_weights: Path, store: Path) -> None:
    scorer = opened(tiny_weights, store).engine._scorer
    assert isinstance(scorer, openvino_engine.OpenVinoScorer)
    assert "f32" in str(scorer._compiled.get_property("INFERENCE_PRECISION_HINT")) or "float32" in (
        str(scorer._compiled.get_property("INFERENCE_PRECISION_HINT"))
    )


def test_images_that_are_not_contiguous_score_the_same(tiny_weights: Path, store: Path) -> None:
    classifier = opened(tiny_weights, store)
    x = images(classifier, 4)
    strided = x.to(memory_format=torch.channels_last)
    torch.testing.assert_close(classifier.score(strided), classifier.score(x))
    one = x[:1].expand(4, -1, -1, -1)
    torch.testing.assert_close(classifier.score(one), classifier.score(one.contiguous()))


def test_threads_do_not_mix_their_images(tiny_weights: Path, store: Path) -> None:
    classifier = opened(tiny_weights, store)
    x = images(classifier)
    alone = classifier.score(x)
    with ThreadPoolExecutor(4) as pool:
        rows = list(pool.map(lambda i: classifier.score(x[i : i + 1]), list(range(7)) * 3))
    torch.testing.assert_close(torch.cat(rows), alone.repeat(3, 1), rtol=0, atol=1e-4)


@pytest.mark.parametrize("harm", [b"", b"not a model", None], ids=["empty", "other", "cut"])
def test_damaged_file_is_converted_again_with_a_note(
    tiny_weights: Path, copied: Path, harm: bytes | None
) -> None:
    path = kept_file(copied)
    path.write_bytes(path.read_bytes()[:-4096] if harm is None else harm)
    status = opened(tiny_weights, copied).engine.status
    assert status.sentence == (
        "OpenVINO. The kept OpenVINO model was damaged, so it was converted anew."
    )
    assert opened(tiny_weights, copied).engine.status == READY


@pytest.mark.usefixtures("never_converted")
def test_intact_file_without_a_network_falls_back_to_pytorch(
    tiny_weights: Path, copied: Path
) -> None:
    openvino_engine.write(kept_file(copied), b"<net/>", b"")
    classifier = opened(tiny_weights, copied)
    assert classifier.engine.status.title == "PyTorch"
    assert len(classifier.engine.status.notes) == 2  # damaged; then not converted either
    assert_still_right(classifier)


def test_folder_that_cannot_be_written_gives_a_note(tiny_weights: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "store"
    blocked.write_text("a file where the folder should be")
    classifier = opened(tiny_weights, blocked)
    assert classifier.engine.status.title == "OpenVINO"
    (note,) = classifier.engine.status.notes
    assert note.startswith("The OpenVINO model cannot be kept in the store folder (")
    assert_still_right(classifier)


def test_full_disk_gives_a_note(
    tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(openvino_engine, "write", full)
    status = opened(tiny_weights, tmp_path).engine.status
    assert status.title == "OpenVINO"
    assert "No space left on device" in status.notes[0]


def test_without_openvino_pytorch_scores_with_a_note(
    tiny_weights: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)  # type: ignore[arg-type]
    classifier = opened(tiny_weights, store, "auto")
    assert classifier.engine.status.sentence == (
        "PyTorch. OpenVINO is not used: it is not installed; PyTorch scores instead, "
        "which is slower."
    )
    assert_still_right(classifier)


def test_engine_that_fails_the_parity_check_is_not_used(
    tiny_weights: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = openvino_engine.OpenVinoScorer.__call__
    monkeypatch.setattr(
        openvino_engine.OpenVinoScorer, "__call__", lambda self, x: right(self, x) + 3e-4
    )
    classifier = opened(tiny_weights, store)
    (note,) = classifier.engine.status.notes
    assert "differ from PyTorch's by 3.0e-04" in note
    assert_still_right(classifier)


def test_exception_while_preparing_gives_a_note(
    tiny_weights: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def defect(*_: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr(base, "check", defect)
    classifier = opened(tiny_weights, store)
    assert "preparing it failed (KeyError)" in classifier.engine.status.sentence
    assert not classifier.engine.status.preparing


def test_failure_while_scoring_falls_back_to_pytorch(tiny_weights: Path, store: Path) -> None:
    classifier = opened(tiny_weights, store)
    scorer = classifier.engine._scorer
    assert isinstance(scorer, openvino_engine.OpenVinoScorer)
    scorer._requests = []  # as if the library had lost them
    assert_still_right(classifier)
    assert classifier.engine.status.title == "PyTorch"
    assert "took over" in classifier.engine.status.notes[0]


def test_a_failed_call_leaves_no_request_running() -> None:
    """A request that still runs reads memory that the call has given back."""

    class Request:
        waited = False

        def wait(self) -> None:
            self.waited = True

        def start_async(self, given: dict[int, object], share_inputs: bool) -> None:
            if self is second:
                raise RuntimeError("lost")

    first, second = Request(), Request()
    scorer = object.__new__(openvino_engine.OpenVinoScorer)
    scorer._requests, scorer._lock = [first, second], threading.Lock()
    with pytest.raises(RuntimeError, match="lost"):
        scorer(torch.zeros(2, 3, 4, 4))
    assert first.waited
    assert second.waited


def test_pytorch_scores_while_the_engine_is_prepared(
    tiny_weights: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scores are given while it is being prepared; it takes over between two calls."""
    gate, right = threading.Event(), openvino_engine.prepare

    def slow(*words: object) -> object:
        gate.wait(30)
        return right(*words)  # type: ignore[arg-type]

    monkeypatch.setattr(openvino_engine, "prepare", slow)
    classifier = Classifier.open(tiny_weights, "cpu")
    classifier.accelerate("auto", store)
    assert classifier.engine.status == EngineStatus("PyTorch", preparing=True)
    before = classifier.score(images(classifier))
    gate.set()
    classifier.wait_for_engine()
    assert classifier.engine.status == READY
    torch.testing.assert_close(classifier.score(images(classifier)), before, rtol=0, atol=1e-4)


def test_a_short_command_prepares_nothing(tiny_weights: Path, store: Path) -> None:
    classifier = Classifier.open(tiny_weights, "cpu")
    classifier.accelerate("auto", store, after=6)
    classifier.score(images(classifier, 5))
    classifier.wait_for_engine()
    assert classifier.engine.status == EngineStatus("PyTorch")
    classifier.score(images(classifier, 1))
    classifier.wait_for_engine()
    assert classifier.engine.status == READY


def test_torch_prepares_nothing(tiny_weights: Path, tmp_path: Path) -> None:
    classifier = opened(tiny_weights, tmp_path, "torch")
    assert classifier.engine.status == EngineStatus("PyTorch")
    assert not list(tmp_path.iterdir())


def test_without_a_store_nothing_is_kept(tiny_weights: Path, tmp_path: Path) -> None:
    assert opened(tiny_weights, None).engine.status == READY


def test_openvino_telemetry_is_not_imported() -> None:
    openvino_engine._openvino()
    assert sys.modules.get("openvino_telemetry") is None
    assert not [name for name in sys.modules if name.startswith("openvino_telemetry.")]


def test_other_weights_are_kept_in_another_file(tiny_weights: Path, copied: Path) -> None:
    classifier = Classifier.open(tiny_weights, "cpu")
    notes: list[str] = []
    openvino_engine.prepare(classifier._network, "other", 96, copied, notes.append)
    assert len(list((copied / "engine").iterdir())) == 2
    assert not notes
