"""A metric is one file: the how-to's example, put into a copy of the tree, is found everywhere."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.cases.builders import make_release
from tests.extension.conftest import HOW_TO, ROOT, copy_project, example
from xai_core.faithfulness.patches import relevance

PAGE = """
import sys
from pathlib import Path
from xai_core.cases.sources.open_source import open_source
from xai_core.explain.explainer import Explainer
from xai_core.model.classifier import Classifier
from xai_core.explain.request import ExplainRequest
from xai_core.settings import read_settings
from xai_core.ui.reliability_panel import lines
source = open_source(sys.argv[1], read_settings())
case = source.load(source.records()[0].id)
explainer = Explainer(Classifier.open(Path(sys.argv[2]), "cpu"))
print(*lines(explainer.explain(case, ExplainRequest(curves="none"))), sep="\\n")
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package with the how-to's file in the place that the how-to names."""
    root = copy_project(tmp_path_factory.mktemp("tree") / "project")
    text = (HOW_TO / "add_a_metric.md").read_text(encoding="utf-8")
    code = example("add_a_metric.md")
    place = re.search(r"`(xai_core/faithfulness/metrics/\w+\.py)`", text)
    assert place is not None
    assert not (ROOT / place[1]).exists()
    (root / place[1]).write_text(code, encoding="utf-8")
    return root


def run(tree: Path, *words: object) -> str:
    own = {
        "XAI_STORE": str(tree / "store"), "XAI_PRECOMPUTED": str(tree / "none"),
        "XAI_DEVICE": "cpu", "XAI_ENGINE": "torch", "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, *map(str, words)],
        cwd=tree, env={**os.environ, **own}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_file_is_all_there_is_to_do(tree: Path, tiny_weights: Path, tmp_path: Path) -> None:
    release = make_release(tmp_path / "release")
    weights = ("--weights", tiny_weights)

    out = tmp_path / "explained"
    image = next(release.rglob("P7_L_DM_CC.jpg"))
    run(tree, "-m", "xai_core", "explain", image, "--curves", "none", *weights, "--out", out)
    found = json.loads((out / "manifest.json").read_text())["metrics"]
    assert list(found)[-1] == "gini_index", "after those that are there"
    patches = relevance(np.load(out / "heatmap.npy"))
    apart = np.abs(patches[:, None] - patches[None, :]).mean()
    assert found["gini_index"]["value"] == pytest.approx(apart / 2 / patches.mean())
    assert found["gini_index"] | {"value": 0} == {
        "value": 0, "error": None, "unit": "of 1", "state": "",
    }  # fmt: skip

    out = tmp_path / "evaluated"
    run(
        tree, "-m", "xai_core", "evaluate", "--cases", release, "--methods", "grad-cam",
        "--layers", "stage 3", *weights, "--out", out,
    )  # fmt: skip
    rows = pq.read_table(out / "rows.parquet").to_pylist()
    ranked = [row for row in rows if row["map_state"] == "ok"]
    assert ranked
    assert all(0 <= row["gini_index"] <= 1 for row in ranked)
    text = (out / "tables.md").read_text()
    assert re.search(r"\n\| Gini index \(of 1\) \| all images \| 0\.\d{3} ", text)
    assert "- Gini index (gini_index, of 1): 0 where all patches matter alike" in text
    assert "Gini index" in (out / "tables.tex").read_text()
    assert ",gini_index,all images,0." in (out / "tables.csv").read_text()

    output = run(tree, "-c", PAGE, release, tiny_weights)
    assert re.search(r"(?m)^Gini index: 0\.\d{3} of 1\. 0 where all patches", output)


def test_a_name_that_exists_stops_the_start(tree: Path) -> None:
    double = tree / "xai_core" / "faithfulness" / "metrics" / "zz_double.py"
    shutil.copy(double.with_name("gini_index.py"), double)
    try:
        with pytest.raises(AssertionError, match="gini_index is in gini_index and in zz_double"):
            run(tree, "-c", "import xai_core.faithfulness.metrics")
    finally:
        double.unlink()
