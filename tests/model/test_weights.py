"""Loading of weights: files that differ from their specification are refused in one sentence."""

from __future__ import annotations

import dataclasses
import json
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.conftest import BUILT_IN_LAYERS, TINY_LAYERS
from xai_core.errors import BadWeights, WeightsNotFound
from xai_core.model.spec import file_digest, read_spec
from xai_core.model.weights import load
from xai_core.settings import DEFAULT_WEIGHTS


@pytest.fixture
def weights(tiny_weights: Path, tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    shutil.copy(tiny_weights, path)
    shutil.copy(tiny_weights.with_suffix(".json"), path.with_suffix(".json"))
    return path


def rewrite(weights: Path, change: Callable[[dict[str, torch.Tensor]], None]) -> None:
    """Change the tensors and promise the new file's digest, so that only the change is wrong."""
    tensors = load_file(weights)
    change(tensors)
    save_file(tensors, weights)
    promise(weights, sha256=file_digest(weights))


def promise(weights: Path, **fields: object) -> None:
    path = weights.with_suffix(".json")
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def refused(weights: Path, *words: str, error: type[Exception] = BadWeights) -> None:
    with pytest.raises(error) as caught:
        load(weights)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert str(weights.parent) not in sentence, "a sentence names files, not folders"
    for word in words:
        assert word in sentence, sentence


def test_layers_of_another_network_are_refused_with_both_lists(weights: Path) -> None:
    promise(weights, layers=list(BUILT_IN_LAYERS))
    refused(weights, ", ".join(BUILT_IN_LAYERS), ", ".join(TINY_LAYERS))


def test_a_network_without_stages_is_refused(weights: Path) -> None:
    promise(weights, timm_name="resnet18")
    refused(weights, "convnextv2_")


def test_an_older_specification_has_the_second_class_as_positive(weights: Path) -> None:
    path = weights.with_suffix(".json")
    fields = json.loads(path.read_text())
    del fields["positive"]
    path.write_text(json.dumps(fields))
    assert load(weights)[0].positive == 1


def test_valid_weights_load(weights: Path) -> None:
    spec, network = load(weights)
    assert spec.class_names == ("benign", "malignant")
    assert not network.training
    assert all(p.dtype is torch.float32 for p in network.parameters())


def test_missing_weights_file_raises_weights_not_found(weights: Path) -> None:
    refused(weights.with_name("other.safetensors"), "other.safetensors", error=WeightsNotFound)


def test_missing_specification_raises_weights_not_found(weights: Path) -> None:
    weights.with_suffix(".json").unlink()
    refused(weights, "model.json", error=WeightsNotFound)


def test_wrong_digest_is_refused(weights: Path) -> None:
    with weights.open("ab") as stream:
        stream.write(b"x")
    refused(weights, "digest")


def test_truncated_file_is_refused(weights: Path) -> None:
    weights.write_bytes(weights.read_bytes()[:2000])
    promise(weights, sha256=file_digest(weights))
    refused(weights, "truncated")


def test_missing_and_unknown_keys_are_refused(weights: Path) -> None:
    def change(tensors: dict[str, torch.Tensor]) -> None:
        tensors["extra.weight"] = tensors.pop("head.fc.weight")

    rewrite(weights, change)
    refused(weights, "missing: head.fc.weight", "unknown: extra.weight")


def test_wrong_shape_is_refused_naming_both_shapes(weights: Path) -> None:
    rewrite(weights, lambda t: t.update({"head.fc.bias": torch.zeros(3)}))
    refused(weights, "head.fc.bias is (3,), must be (2,)")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused(weights: Path, value: float) -> None:
    rewrite(weights, lambda t: t["head.fc.bias"].fill_(value))
    refused(weights, "not finite", "head.fc.bias")


def test_pickle_is_not_executed(weights: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (pytest.fail, ("the pickle was executed",))

    weights.write_bytes(pickle.dumps(Bomb()))
    promise(weights, sha256=file_digest(weights))
    refused(weights)
    renamed = weights.rename(weights.with_suffix(".pth"))
    refused(renamed, ".safetensors")


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"class_names": ["malignant"]}, "class_names"),
        ({"class_names": ["malignant", "malignant"]}, "class_names"),
        ({"class_names": ["benign", " "]}, "class_names"),
        ({"class_names": ["benign", "a\nb"]}, "one line of printable characters"),
        ({"class_names": ["benign", "a\u202eb"]}, "one line of printable characters"),
        ({"class_names": "ab"}, "class_names"),
        ({"positive": 2}, "positive is 2"),
        ({"positive": True}, "positive is true"),
        ({"input_size": 7}, "input_size"),
        ({"input_size": 240}, "multiple of 32"),
        ({"std": [0, 1, 1]}, "std"),
        ({"threshold": 1.5}, "threshold"),
        ({"real_images": -1}, "real_images is -1"),
        ({"layers": ["stages.0"]}, "layers"),
        ({"format": 99}, "format"),
        ({"timm_name": "resnet_that_is_not"}, "resnet_that_is_not"),
        ({"surprise": 1}, "surprise"),
        ({"timm_name": 5}, "timm_name is 5"),
        ({"timm_name": "vit_giant_patch14_224"}, "allowed are convnextv2_atto"),
        ({"timm_name": "convnextv2_tiny" * 20}, "timm_name"),
        ({"sha256": None}, "sha256 is null"),
        ({"sha256": ["ab"]}, "sha256"),
        ({"threshold": True}, "threshold is true"),
        ({"threshold": "0.5"}, 'threshold is "0.5"'),
        ({"threshold": float("nan")}, "threshold is NaN: it must be a finite number"),
        ({"mean": [0.2, float("inf"), 0.2]}, "mean"),
        ({"mean": [0.2, "0.2", 0.2]}, "mean"),
        ({"layers": [7]}, "layers"),
        ({"licence": {"name": "x"}}, "licence"),
        ({"trained_on_phantoms": "yes"}, 'trained_on_phantoms is "yes": it must be true or false'),
        ({"metrics": [1]}, "metrics"),
        ({"training_data": "x" * 20_001}, "training_data"),
        ({"licence": "x" * 2**20}, "larger than a specification"),
    ],
)
def test_invalid_specification_is_refused(
    weights: Path, fields: dict[str, object], word: str
) -> None:
    promise(weights, **fields)
    refused(weights, word)


@pytest.mark.parametrize(
    ("phantoms", "real", "words"),
    [(True, 0, "phantoms"), (True, 114, "phantoms and 114 real images"),
     (False, 9, "9 real images"), (False, 0, "")],
)  # fmt: skip
def test_what_the_model_was_trained_on_is_said_in_words(
    weights: Path, phantoms: bool, real: int, words: str
) -> None:
    promise(weights, trained_on_phantoms=phantoms, real_images=real)
    assert read_spec(weights).trained_on() == words


def test_the_built_in_model_names_its_real_images() -> None:
    """The card, the manifest and the notice on every page give the same number."""
    spec = read_spec(DEFAULT_WEIGHTS)
    assert spec.trained_on() == f"phantoms and {spec.real_images} real images"
    assert f"and {spec.real_images} low-energy images" in spec.training_data


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"class_names": ["benign", "malignant", "benign"]}, "class_names"),
        ({"positive": -1}, "positive is -1"),
        ({"input_size": 0}, "input_size is 0"),
        ({"input_size": 1056}, "input_size is 1056"),
        ({"input_size": 96.0}, "input_size is 96.0"),
        ({"std": [0.2, 0, 0.2]}, "std is [0.2, 0, 0.2]: it must be at least 0.001"),
        ({"std": [0, "x", 0.2]}, "at least 0.001"),
        ({"std": [0.2, 0.2, 1e-300]}, "at least 0.001"),
        ({"std": [0.2, 0.2, 10.1]}, "at most 10"),
        ({"mean": [0.2, 0.2, 1e300]}, "at most 1"),
        ({"mean": [0.2, 0.2, -0.01]}, "at least 0"),
        ({"class_names": ["a"]}, 'class_names is ["a"]: it must have at least 2 items'),
        ({"mean": None}, "mean is null: it must be a list"),
        ({"licence": 5}, "licence is 5: it must be a text"),
        ({"metrics": 5}, "metrics is 5: it must be an object"),
        ({"std": [0.2, 0.2]}, "at least 3 items"),
        ({"mean": [0.2, 0.2, 0.2, 0.2]}, "at most 3 items"),
        ({"threshold": 0}, "threshold is 0: "),
        ({"threshold": 1}, "threshold is 1: "),
        ({"real_images": True}, "real_images is true"),
        ({"format": 2}, "format is 2, this version reads 1"),
        ({"format": 2, "positive": 7}, "positive is 7, must be the index of one of the 2"),
        ({"class_names": ("malignant", "benign")}, "positive is 1, the class 'benign'; it must be"),
        ({"positive": 0}, "positive is 0, the class 'benign'; it must be the index of"),
        ({"class_names": ("Malignant", "other")}, "positive is 1, the class 'other'; it must be"),
        ({"threshold": 2, "positive": -1}, "positive is -1"),
        ({"timm_name": ["x" * 56]}, f'timm_name is ["{56 * "x"}"]: '),  # 60 characters
        ({"timm_name": ["x" * 57]}, f'timm_name is ["{57 * "x"}…: '),
    ],
)
def test_a_value_just_outside_what_is_allowed_is_refused(
    weights: Path, fields: dict[str, object], word: str
) -> None:
    promise(weights, **fields)
    refused(weights, word)


@pytest.mark.parametrize(
    "fields",
    [
        {"input_size": 32}, {"input_size": 1024}, {"threshold": 0.001},
        {"positive": 0, "class_names": ("cancer", "cyst")},
        {"threshold": 0.999}, {"std": [0.001, 1, 10]}, {"mean": [0, 0.5, 1]}, {"real_images": 1},
        {"class_names": ["a", "b", "c"], "positive": 2}, {"metrics": {"note": "x" * 1_000_000}},
    ],
)  # fmt: skip
def test_a_value_at_the_end_of_what_is_allowed_is_read(
    weights: Path, fields: dict[str, object]
) -> None:
    promise(weights, **fields)
    spec = read_spec(weights)
    for name, value in fields.items():
        assert getattr(spec, name) == (tuple(value) if isinstance(value, list) else value)


def test_a_field_left_out_is_missing_or_has_its_default(weights: Path) -> None:
    path = weights.with_suffix(".json")
    fields = json.loads(path.read_text())
    for name in ("real_images", "positive", "metrics", "format"):
        del fields[name]
    path.write_text(json.dumps(fields))
    spec = read_spec(weights)
    assert (spec.real_images, spec.positive, spec.metrics, spec.format) == (0, 1, {}, 1)
    del fields["threshold"]
    path.write_text(json.dumps(fields))
    refused(weights, "threshold")


@pytest.mark.parametrize(("count", "end"), [(3, "x2"), (4, "x2 and 1 more"), (6, "x2 and 3 more")])
def test_of_many_faults_three_are_named(weights: Path, count: int, end: str) -> None:
    rewrite(weights, lambda t: t.update({f"x{i}": torch.zeros(1) for i in range(count)}))
    refused(weights, f"does not fit the network; unknown: x0, x1, {end}.")


def test_half_precision_is_read_as_float32(weights: Path) -> None:
    full = load(weights)[1].state_dict()
    rewrite(weights, lambda t: t.update({k: v.half() for k, v in t.items()}))
    for key, tensor in load(weights)[1].state_dict().items():
        assert tensor.dtype is torch.float32
        torch.testing.assert_close(tensor, full[key], rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("text", ["not json", "[]", "5", "null", "[" * 200_000, '{"a": ' * 90_000])
def test_specification_that_is_not_an_object_of_json_is_refused(weights: Path, text: str) -> None:
    weights.with_suffix(".json").write_text(text)
    refused(weights, "model.json is not a model specification")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "it is not JSON from line 1, column 1 on"),
        (b'{\n "a": 1,\n}', "it is not JSON from line 3, column 1 on"),
        (b"[]", "it is no object with named fields"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"licence": "\xe9"}', "not in UTF-8"),
        (b'{"positive": ' + b"9" * 5000 + b"}", "too many digits"),
        (b'{"positive": 0, "positive": 1}', "fields are given more than once (positive)"),
        (b'{"metrics": {"a": 1, "a": 2}}', "fields are given more than once (a)"),
        (b'{"a\\u001b[31m": 1}', "it has unknown fields ('a\\x1b[31m')"),
        (b'{"positive": 0}', "it lacks timm_name, input_size, mean"),
    ],
)
def test_why_a_file_is_no_specification_is_said_in_plain_words(
    weights: Path, data: bytes, says: str
) -> None:
    weights.with_suffix(".json").write_bytes(data)
    refused(weights, "model.json is not a model specification: ", says, "; restore it from")


def test_what_a_specification_promises_is_shown_without_control_characters(weights: Path) -> None:
    promise(weights, sha256="\x1b[31mab")
    refused(weights, "promises '\\x1b[31mab'...")
    promise(weights, sha256=file_digest(weights).upper(), layers=["x"] * 100)
    refused(weights, "names as layers x, x, x and 97 more; ")


def test_a_byte_order_mark_is_read_over(weights: Path) -> None:
    path = weights.with_suffix(".json")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read_spec(weights).positive == 1


def test_a_specification_without_layers_is_told_so(weights: Path) -> None:
    promise(weights, layers=[])
    refused(weights, "names as layers none; ")


def test_what_is_no_regular_file_is_told(weights: Path, tmp_path: Path) -> None:
    spec = weights.with_suffix(".json")
    content = spec.read_bytes()
    spec.unlink()
    spec.mkdir()
    refused(weights, "model.json is a folder; it belongs beside", error=WeightsNotFound)
    spec.rmdir()
    spec.write_bytes(content)
    folder, pipe, link = (tmp_path / f"{name}.safetensors" for name in ("folder", "pipe", "link"))
    folder.mkdir()
    os.mkfifo(pipe)
    link.symlink_to("nothing")
    refused(folder, "folder.safetensors", "is a folder", error=WeightsNotFound)
    refused(pipe, "is not a regular file (it is a pipe", error=WeightsNotFound)
    refused(link, "is a link that leads nowhere", error=WeightsNotFound)
    for path in (pipe, link):
        path.unlink()


@pytest.mark.parametrize("dtype", [torch.float64, torch.int8, torch.bool])
def test_other_number_types_are_refused(weights: Path, dtype: torch.dtype) -> None:
    rewrite(weights, lambda t: t.update({"head.fc.bias": t["head.fc.bias"].to(dtype)}))
    refused(weights, f"{str(dtype).removeprefix('torch.')} in head.fc.bias", "bfloat16")


def test_bfloat16_is_read(weights: Path) -> None:
    rewrite(weights, lambda t: t.update({k: v.bfloat16() for k, v in t.items()}))
    assert all(t.dtype is torch.float32 for t in load(weights)[1].state_dict().values())


def test_a_matrix_of_zeros_is_refused(weights: Path) -> None:
    rewrite(weights, lambda t: t["head.fc.weight"].zero_())
    refused(weights, "nothing but zeros in head.fc.weight")


def test_biases_of_zero_are_read(weights: Path) -> None:
    rewrite(weights, lambda t: t["head.fc.bias"].zero_())
    load(weights)


def test_a_network_that_does_not_fit_takes_no_memory(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small file that claims the largest network is refused before the network is made."""
    made: list[torch.device] = []
    plain = torch.nn.Linear.__init__

    def watched(self: torch.nn.Linear, *args: object, **more: object) -> None:
        plain(self, *args, **more)  # type: ignore[arg-type]
        made.append(self.weight.device)

    monkeypatch.setattr(torch.nn.Linear, "__init__", watched)
    promise(
        weights, timm_name="convnextv2_huge", layers=["stages.2.blocks.26", "stages.3.blocks.2"]
    )
    refused(weights, "does not fit the network")
    assert {device.type for device in made} == {"meta"}


def test_a_positive_class_of_another_name_is_told(tiny_weights: Path) -> None:
    spec = read_spec(tiny_weights)
    assert spec.positive_note() == ""
    other = dataclasses.replace(spec, class_names=("cyst", "cancer"))
    assert other.positive_note() == (
        "This model has no class malignant; its class “cancer” stands for it."
    )
