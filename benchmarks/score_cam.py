"""Exact Score-CAM of one image, compared with pytorch-grad-cam and torch-cam in the same run."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from pytorch_grad_cam import ScoreCAM as GradCamScoreCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor
from torchcam.methods import ScoreCAM as TorchCamScoreCAM

from benchmarks.bench import LAYER, MODULE, TARGET, Bench, Took, beside_peers
from xai_core.cam.score_cam import Activations, MaskOrder, ScoreCam, ScoreCamOptions
from xai_core.types import Heatmap, no_report

HEAD = (
    "Score-CAM of one image", "channels", "ours, s", "peer, s", "peer / ours", "ours, MiB",
    "peer, MiB", "maps differ by",
)  # fmt: skip


def rows(bench: Bench, channels: int) -> Iterator[tuple[str, ...]]:
    """One row per peer; ours follows the peer's conventions, so that the maps can be compared."""
    context = bench.fresh()
    x = context.x

    def first(activation: Tensor) -> Tensor:
        return activation[:, :channels]

    def grad_cam() -> NDArray[np.float32]:
        layer = bench.network.get_submodule(MODULE)
        with GradCamScoreCAM(bench.network, [layer], first) as peer:
            peer.batch_size = bench.classifier.chunk
            found: NDArray[np.float32] = peer(x[None], [ClassifierOutputTarget(TARGET)])[0]
            return found

    def torch_cam() -> NDArray[np.float32]:
        with TorchCamScoreCAM(
            bench.network, MODULE, batch_size=bench.classifier.chunk, reshape_transform=first
        ) as peer:
            with torch.no_grad():
                bench.network(x[None])
            found: NDArray[np.float32] = peer(TARGET)[0][0].numpy()
            return found

    def ours(options: ScoreCamOptions) -> Heatmap:
        return (
            ScoreCam()
            .compute(bench.fresh().layer_inputs(LAYER), TARGET, options, no_report)
            .heatmap
        )

    def row(
        name: str,
        options: ScoreCamOptions,
        peer: Callable[[], NDArray[np.float32]],
        read: Callable[[Heatmap], NDArray[np.float32]],
    ) -> Iterator[tuple[str, ...]]:
        for _, mine, took, theirs, peer_took in beside_peers(lambda: ours(options), {name: peer}):
            apart = float(np.abs(read(mine) - theirs).max())
            yield _row(name, channels, took, peer_took, apart)

    yield from row(
        "pytorch-grad-cam",
        ScoreCamOptions(channels=channels, activations=Activations.SIGNED, mask_align_corners=True),
        grad_cam,
        lambda h: h.values,
    )
    yield from row(
        "torch-cam",
        ScoreCamOptions(
            channels=channels, activations=Activations.SIGNED, mask_order=MaskOrder.BEFORE
        ),
        torch_cam,
        _positive,
    )


def _positive(found: Heatmap) -> NDArray[np.float32]:
    """torch-cam answers at the layer's resolution: ReLU, then min-max."""
    positive = np.maximum(found.raw, 0)
    low, high = positive.min(), positive.max()
    return np.asarray((positive - low) / max(high - low, 1e-12), dtype=np.float32)


def _row(name: str, channels: int, took: Took, peer: Took, apart: float) -> tuple[str, ...]:
    memory = f"{took.memory:.0f}", f"{peer.memory:.0f}"
    return name, str(channels), str(took), str(peer), peer.times(took), *memory, f"{apart:.1e}"
