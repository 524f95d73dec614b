"""Random weights: the start of training, and an untrained network as a baseline for maps.

If a map shows what the network has learned, it points at findings more often than the same method's
map of an untrained network (compare Adebayo et al., "Sanity Checks for Saliency Maps", NeurIPS
2018, arXiv:1810.03292).
"""

from __future__ import annotations

import dataclasses

import torch
from torch import nn

from xai_core.model.classifier import Classifier
from xai_core.model.weights import build

SEED = 1  # differs from the seed that the built-in network was trained with


def fan_in_initialise(model: nn.Module) -> None:
    """Truncated normal, std 1/sqrt(fan-in): with timm's 0.02 the residual branches start near 0."""
    for module in model.modules():
        if isinstance(module, nn.Linear | nn.Conv2d):
            fan_in = module.weight[0].numel()
            nn.init.trunc_normal_(module.weight, std=min(0.3, fan_in**-0.5))


def untrained(classifier: Classifier, seed: int = SEED) -> Classifier:
    """A classifier like ``classifier`` with random weights, initialised as for training.

    The same seed gives the same weights; the state of the caller's random numbers is unchanged.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = build(classifier.spec)
        fan_in_initialise(network)
    # A digest of its own, so that cached scores of the two networks are never confused.
    spec = dataclasses.replace(classifier.spec, sha256=f"untrained, seed {seed}")
    return Classifier(spec, network, classifier.device, classifier.chunk)
