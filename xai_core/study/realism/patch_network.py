"""A small convolutional network that separates phantoms from real images by crops of their pixels.

It sees texture that no quantity of :mod:`xai_core.study.realism.measure` describes, and perhaps
traces of compression and resizing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from torch import Tensor, nn

_MIDDLE, _SCALE = 90.0, 60.0  # grey levels; brings the input to about mean 0 and SD 1
_IMAGES = 16  # in a training batch


class PatchNetwork(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Three strided convolutions, the mean over positions, and a linear layer; the logit of an
    image is the mean over its crops.

    A scikit-learn classifier of two classes, False and True.  The same ``seed`` and number of
    threads give the same network.

    Args:
        epochs: passes over the training images.
        seed: sets weights, order of the images, crops and flips.
    """

    def __init__(self, epochs: int = 8, seed: int = 0) -> None:
        self.epochs = epochs
        self.seed = seed

    def fit(self, X: NDArray[np.uint8], y: ArrayLike) -> PatchNetwork:
        """Fit to crops, uint8 (images, crops, side, side), and their labels, (images,)."""
        label = torch.as_tensor(np.asarray(y, dtype=np.float32))
        self.classes_ = np.array([False, True])
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            self.network_ = _network()
            steps = self.epochs * -(-len(X) // _IMAGES)
            optimiser = torch.optim.AdamW(self.network_.parameters(), lr=4e-3, weight_decay=1e-2)
            schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=steps)
            for _ in range(self.epochs):
                for part in torch.randperm(len(X)).split(_IMAGES):
                    # Half of the crops, others each time: takes half as long.
                    drawn = torch.randperm(X.shape[1])[: -(-X.shape[1] // 2)]
                    crops = _input(X[part.numpy()][:, drawn.numpy()])
                    flips = [axis for axis in (2, 3) if torch.rand(()) < 0.5]
                    logit = _logits(self.network_, crops.flip(flips))
                    loss = nn.functional.binary_cross_entropy_with_logits(logit, label[part])
                    optimiser.zero_grad()
                    loss.backward()
                    optimiser.step()
                    schedule.step()
        return self

    def decision_function(self, X: NDArray[np.uint8]) -> NDArray[np.float64]:
        """The logit of True for each image, (images,)."""
        self.network_.eval()
        with torch.no_grad():
            parts = [_logits(self.network_, _input(X[i : i + 64])) for i in range(0, len(X), 64)]
        return np.asarray(torch.cat(parts).numpy(), dtype=np.float64)

    def predict(self, X: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Whether each image is more likely True."""
        return np.asarray(self.decision_function(X) > 0)


def _network() -> nn.Sequential:
    layers: list[nn.Module] = []
    for n_in, n_out, side in ((1, 8, 5), (8, 16, 3), (16, 32, 3)):
        layers += [
            nn.Conv2d(n_in, n_out, side, stride=2, padding=side // 2, bias=False),
            nn.BatchNorm2d(n_out),
            nn.ReLU(),
        ]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 1))


def _input(crops: NDArray[np.uint8]) -> Tensor:
    return (torch.as_tensor(crops).float() - _MIDDLE) / _SCALE


def _logits(network: nn.Module, crops: Tensor) -> Tensor:
    """The mean logit over the crops, (images,), of ``crops`` (images, crops, side, side)."""
    n, each, h, w = crops.shape
    logit: Any = network(crops.reshape(n * each, 1, h, w))
    return torch.as_tensor(logit.reshape(n, each).mean(1))
