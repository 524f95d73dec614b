"""Random weights: those that training starts from, and a network that has learned nothing.

A map that needs training to point at findings beats it (compare Adebayo et al., "Sanity Checks for
Saliency Maps", NeurIPS 2018, arXiv:1810.03292).
"""

from __future__ import annotations

import dataclasses

import torch
from torch import nn

from xai_core.model.classifier import Classifier
from xai_core.model.weights import build

SEED = 1  # not the seed that the built-in network was trained from


def fan_in_initialise(model: nn.Module) -> None:
    """Truncated normal, std 1/sqrt(fan-in): timm's 0.02 starts the residual branches near 0."""
    for module in model.modules():
        if isinstance(module, nn.Linear | nn.Conv2d):
            fan_in = module.weight[0].numel()
            nn.init.trunc_normal_(module.weight, std=min(0.3, fan_in**-0.5))


def untrained(classifier: Classifier, seed: int = SEED) -> Classifier:
    """A classifier like ``classifier`` with random weights: those training starts from.

    The same seed gives the same weights; the caller's random numbers are left as they were.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = build(classifier.spec)
        fan_in_initialise(network)
    # Its own digest: scores of one network must never be taken for the other's.
    spec = dataclasses.replace(classifier.spec, sha256=f"untrained, seed {seed}")
    return Classifier(spec, network, classifier.device, classifier.chunk)
